//! Reads the pickles that torch.save writes, and runs nothing that they name.
//!
//! A pickle is a program for a small stack machine that may call any Python function. This machine knows the
//! instructions that torch.save emits and a list of names, each with a meaning of its own; any
//! other name is an error. Objects lie in one table and refer to each other by number, so nothing here is
//! recursive, and no instruction makes more than it is long.
//!
//! Python's `pickletools` has the instruction set.

use super::globals::{Global, global};
use std::collections::HashMap;
use tch::Kind;

/// The number of an object in [`Pickle::objects`].
pub type Id = usize;

/// An object that a pickle made.
#[derive(Debug)]
pub enum Object {
    Int(i64),
    Text(String),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global),
    /// Where a tensor's numbers are.
    Storage {
        kind: Kind,
        key: String,
        /// How many numbers it holds.
        numel: i64,
    },
    /// The arguments of `torch._utils._rebuild_tensor_v2`.
    Tensor(Id),
    /// Of no use to a state dict.
    Other,
}

#[derive(Debug)]
pub struct Pickle {
    pub objects: Vec<Object>,
    pub root: Id,
    /// How many bytes it takes.
    pub length: usize,
}

/// No state dict comes near it.
const MOST_OBJECTS: usize = 4_000_000;

/// Reads one pickle from the front of the bytes.
pub fn read(bytes: &[u8]) -> Result<Pickle, String> {
    let mut machine = Machine {
        bytes,
        at: 0,
        objects: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        let code = machine.byte()?;
        if code == b'.' {
            let root = machine.pop()?;
            return Ok(Pickle {
                objects: machine.objects,
                root,
                length: machine.at,
            });
        }
        machine.step(code)?;
    }
}

struct Machine<'b> {
    bytes: &'b [u8],
    at: usize,
    objects: Vec<Object>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

impl<'b> Machine<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8], String> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or("it ends in the middle")?;
        self.at += count;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    /// An unsigned number of so many bytes, the lowest first.
    fn number(&mut self, bytes: usize) -> Result<u64, String> {
        let bytes = self.take(bytes)?.iter().rev();
        Ok(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn length(&mut self, bytes: usize) -> Result<usize, String> {
        usize::try_from(self.number(bytes)?).map_err(|_| "a length is out of range".into())
    }

    fn line(&mut self) -> Result<&'b str, String> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|byte| *byte == b'\n');
        let line = self.take(end.ok_or("it ends in the middle")? + 1)?;
        text(&line[..line.len() - 1])
    }

    fn push(&mut self, object: Object) -> Result<(), String> {
        if self.objects.len() == MOST_OBJECTS {
            return Err(format!("it holds more than {MOST_OBJECTS} objects"));
        }
        self.stack.push(self.objects.len());
        self.objects.push(object);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len() > floor {
            true => self.stack.pop().ok_or_else(empty_stack),
            false => Err(empty_stack()),
        }
    }

    fn top(&self) -> Result<Id, String> {
        self.stack.last().copied().ok_or_else(empty_stack)
    }

    /// What lies above the last mark.
    fn pop_mark(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.marks.pop().ok_or("a mark is missing")?;
        Ok(self.stack.split_off(mark))
    }

    fn step(&mut self, code: u8) -> Result<(), String> {
        match code {
            // protocol, frame: say nothing that is needed
            0x80 => self.take(1).map(drop),
            0x95 => self.take(8).map(drop),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(drop),
            b'1' => self.pop_mark().map(drop),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
                Ok(())
            }
            b'q' | b'r' | 0x94 => self.remember(code),
            b'h' | b'j' => self.recall(code),
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Object::Global(global(module, name)?))
            }
            0x93 => self.stack_global(),
            b'Q' => self.storage(),
            b'R' | 0x81 => self.call(),
            // a state given to an object: none here takes one
            b'b' => self.pop().map(drop),
            b'a' | b'e' | 0x90 | b's' | b'u' => self.fill(code),
            _ => {
                let object = self.value(code)?;
                self.push(object)
            }
        }
    }

    /// Instructions that make a value of what follows them or of what lies on the stack.
    fn value(&mut self, code: u8) -> Result<Object, String> {
        Ok(match code {
            // None, True, False
            b'N' | 0x88 | 0x89 => Object::Other,
            b'K' => Object::Int(self.number(1)? as i64),
            b'M' => Object::Int(self.number(2)? as i64),
            b'J' => Object::Int(i64::from(self.number(4)? as u32 as i32)),
            0x8a => {
                let length = self.length(1)?;
                self.long(length)?
            }
            0x8b => {
                let length = self.length(4)?;
                self.long(length)?
            }
            b'G' => {
                self.take(8)?;
                Object::Other
            }
            b'X' => self.text(4)?,
            0x8c => self.text(1)?,
            0x8d => self.text(8)?,
            // strings of bytes: Python 2 wrote text so
            b'U' => self.text(1)?,
            b'T' => self.text(4)?,
            b'C' => self.skipped(1)?,
            b'B' => self.skipped(4)?,
            0x8e | 0x96 => self.skipped(8)?,
            b'}' => Object::Dict(Vec::new()),
            b']' => Object::List(Vec::new()),
            0x8f => Object::List(Vec::new()),
            b')' => Object::Tuple(Vec::new()),
            b't' => Object::Tuple(self.pop_mark()?),
            0x91 => Object::List(self.pop_mark()?),
            0x85..=0x87 => {
                let mut parts = Vec::new();
                for _ in 0x84..code {
                    parts.insert(0, self.pop()?);
                }
                Object::Tuple(parts)
            }
            _ => {
                return Err(format!(
                    "it has the instruction {code:#04x}, which torch.save does not write"
                ));
            }
        })
    }

    /// A whole number of any length. One that does not fit 64 bits is of no use.
    fn long(&mut self, length: usize) -> Result<Object, String> {
        let bytes = self.take(length)?;
        if length > 8 {
            return Ok(Object::Other);
        }
        let negative = bytes.last().is_some_and(|high| high & 0x80 != 0);
        let mut all = [if negative { 0xff } else { 0 }; 8];
        all[..length].copy_from_slice(bytes);
        Ok(Object::Int(i64::from_le_bytes(all)))
    }

    fn text(&mut self, bytes: usize) -> Result<Object, String> {
        let length = self.length(bytes)?;
        Ok(Object::Text(text(self.take(length)?)?.to_string()))
    }

    fn skipped(&mut self, bytes: usize) -> Result<Object, String> {
        let length = self.length(bytes)?;
        self.take(length)?;
        Ok(Object::Other)
    }

    fn remember(&mut self, code: u8) -> Result<(), String> {
        let key = match code {
            b'q' => self.number(1)?,
            b'r' => self.number(4)?,
            _ => self.memo.len() as u64,
        };
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, code: u8) -> Result<(), String> {
        let key = self.number(if code == b'h' { 1 } else { 4 })?;
        let id = self
            .memo
            .get(&key)
            .ok_or("it uses an object that it never made")?;
        self.stack.push(*id);
        Ok(())
    }

    fn stack_global(&mut self) -> Result<(), String> {
        let (name, module) = (self.pop()?, self.pop()?);
        match (&self.objects[module], &self.objects[name]) {
            (Object::Text(module), Object::Text(name)) => {
                let global = global(module, name)?;
                self.push(Object::Global(global))
            }
            _ => Err("a name is no text".into()),
        }
    }

    /// `("storage", torch.FloatStorage, key, location, numel)`
    fn storage(&mut self) -> Result<(), String> {
        let wrong = || "a storage is described in an unknown way".to_string();
        let id = self.pop()?;
        let Object::Tuple(parts) = &self.objects[id] else {
            return Err(wrong());
        };
        let parts: Vec<&Object> = parts.iter().map(|id| &self.objects[*id]).collect();
        let [
            Object::Text(what),
            Object::Global(Global::Storage(kind)),
            Object::Text(key),
            _,
            Object::Int(numel),
            ..,
        ] = parts.as_slice()
        else {
            return Err(wrong());
        };
        // The sixth part makes it a view of another storage, as PyTorch wrote before 0.4.
        if what != "storage" || matches!(parts.get(5), Some(Object::Tuple(_))) {
            return Err(wrong());
        }
        let storage = Object::Storage {
            kind: *kind,
            key: key.clone(),
            numel: *numel,
        };
        self.push(storage)
    }

    /// What stands for a call of one of the known names.
    fn call(&mut self) -> Result<(), String> {
        let (arguments, callee) = (self.pop()?, self.pop()?);
        let (Object::Global(callee), Object::Tuple(parts)) =
            (&self.objects[callee], &self.objects[arguments])
        else {
            return Err("it calls something that is no function".into());
        };
        let object = match callee {
            Global::OrderedDict => Object::Dict(match parts.first() {
                Some(pairs) => self.pairs(*pairs)?,
                None => Vec::new(),
            }),
            Global::Tensor => Object::Tensor(arguments),
            Global::Parameter => {
                let tensor = *parts.first().ok_or("a parameter has no tensor")?;
                self.stack.push(tensor);
                return Ok(());
            }
            Global::Inert => Object::Other,
            Global::Storage(_) => return Err("it calls the name of a storage".into()),
        };
        self.push(object)
    }

    /// Of a list of pairs, or of a dict.
    fn pairs(&self, id: Id) -> Result<Vec<(Id, Id)>, String> {
        let pair = |id: &Id| match &self.objects[*id] {
            Object::List(pair) | Object::Tuple(pair) if pair.len() == 2 => Some((pair[0], pair[1])),
            _ => None,
        };
        let pairs = match &self.objects[id] {
            Object::List(pairs) | Object::Tuple(pairs) => pairs.iter().map(pair).collect(),
            Object::Dict(pairs) => Some(pairs.clone()),
            _ => None,
        };
        pairs.ok_or_else(|| "a dict is made of something else than pairs".into())
    }

    /// Adds to a list or a dict.
    fn fill(&mut self, code: u8) -> Result<(), String> {
        let values = match code {
            b'a' => vec![self.pop()?],
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            _ => self.pop_mark()?,
        };
        let target = self.top()?;
        match (&mut self.objects[target], code) {
            (Object::List(list), b'a' | b'e' | 0x90) => list.extend(values),
            (Object::Dict(dict), b's' | b'u') if values.len() % 2 == 0 => {
                dict.extend(values.chunks(2).map(|pair| (pair[0], pair[1])));
            }
            (Object::Other, _) => {}
            _ => return Err("it fills something that is neither a list nor a dict".into()),
        }
        Ok(())
    }
}

fn empty_stack() -> String {
    "its stack runs empty".into()
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "a name is no text".into())
}
