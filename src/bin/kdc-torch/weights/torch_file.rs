//! The tensors of a file that torch.save wrote: a zip archive, or, before PyTorch 1.6, a row of pickles.

use super::pickle::{self, Id, Object, Pickle};
use super::state_dict::{state_dict, tensors_of};
use crate::parameters::NamedTensors;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use tch::{Kind, Tensor};
use zip::{CompressionMethod, ZipArchive};

/// What the first bytes of a zip archive are.
pub const ZIP: &[u8] = b"PK\x03\x04";
/// How a file starts that PyTorch wrote before 1.6: with a pickle of this number.
pub const LEGACY: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// No state dict's pickle comes near it: the numbers lie elsewhere.
const MOST_PICKLE_BYTES: u64 = 32 << 20;
/// As in PyTorch.
const MOST_DIMENSIONS: usize = 64;

/// The parameters of the state dict that the file holds, at its top or under a key.
pub fn read_zip(path: &Path, key: Option<&str>) -> Result<NamedTensors, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    let archive = ZipArchive::new(BufReader::new(file))
        .map_err(|e| format!("it is cut short, or broken otherwise: {e}"))?;
    let mut archive = Archive::new(archive, length)?;
    let bytes = archive.entry("data.pkl", MOST_PICKLE_BYTES)?;
    let pickle = pickle::read(&bytes)?;
    named_tensors(&pickle, key, &mut |key| {
        archive.entry(&format!("data/{key}"), u64::MAX)
    })
}

/// The same from a file of the older form.
pub fn read_legacy(path: &Path, key: Option<&str>) -> Result<NamedTensors, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let mut rest = bytes.strip_prefix(LEGACY).ok_or("it has another start")?;
    let mut next = || -> Result<Pickle, String> {
        let limit = rest.len().min(MOST_PICKLE_BYTES as usize);
        let pickle = pickle::read(&rest[..limit])?;
        rest = &rest[pickle.length..];
        Ok(pickle)
    };
    let _protocol = next()?;
    let _system = next()?;
    let pickle = next()?;
    let keys = next()?;
    let mut storages = Storages { rest };
    let storages = storages.table(&pickle, &keys)?;
    named_tensors(&pickle, key, &mut |key| {
        let bytes = storages.get(key).ok_or_else(|| missing_storage(key))?;
        Ok(bytes.to_vec())
    })
}

/// What follows the pickles of the older form: for each storage its number of elements and the elements.
struct Storages<'b> {
    rest: &'b [u8],
}

impl<'b> Storages<'b> {
    fn table(
        &mut self,
        pickle: &Pickle,
        keys: &Pickle,
    ) -> Result<HashMap<String, &'b [u8]>, String> {
        let kinds: HashMap<&str, Kind> = pickle
            .objects
            .iter()
            .filter_map(|object| match object {
                Object::Storage { kind, key, .. } => Some((key.as_str(), *kind)),
                _ => None,
            })
            .collect();
        let Object::List(list) = &keys.objects[keys.root] else {
            return Err("its list of storages is no list".into());
        };
        let mut table = HashMap::new();
        for id in list {
            let Object::Text(key) = &keys.objects[*id] else {
                return Err("the key of a storage is no text".into());
            };
            let kind = kinds
                .get(key.as_str())
                .ok_or_else(|| missing_storage(key))?;
            table.insert(key.clone(), self.next(*kind)?);
        }
        Ok(table)
    }

    fn next(&mut self, kind: Kind) -> Result<&'b [u8], String> {
        let end = || "it ends in the middle of its numbers".to_string();
        let (count, rest) = self.rest.split_first_chunk().ok_or_else(end)?;
        let count = usize::try_from(i64::from_le_bytes(*count)).map_err(|_| end())?;
        let bytes = count
            .checked_mul(kind.elt_size_in_bytes())
            .ok_or_else(end)?;
        let (numbers, rest) = rest.split_at_checked(bytes).ok_or_else(end)?;
        self.rest = rest;
        Ok(numbers)
    }
}

struct Archive {
    zip: ZipArchive<BufReader<File>>,
    /// How many bytes entries may still have: together they are not longer than the file.
    left: u64,
    /// The folder that holds everything, with a slash.
    folder: String,
}

impl Archive {
    fn new(zip: ZipArchive<BufReader<File>>, length: u64) -> Result<Archive, String> {
        let names = zip.file_names();
        let folder = names.filter_map(|name| name.strip_suffix("data.pkl")).min();
        let folder = folder
            .ok_or("it is a zip archive without a `data.pkl`")?
            .to_string();
        let mut archive = Archive {
            zip,
            left: length,
            folder,
        };
        if archive
            .zip
            .by_name(&format!("{}byteorder", archive.folder))
            .is_ok()
            && archive.entry("byteorder", 16)? != b"little"
        {
            return Err("its numbers have the byte order of another kind of processor".into());
        }
        Ok(archive)
    }

    fn entry(&mut self, name: &str, most: u64) -> Result<Vec<u8>, String> {
        let name = format!("{}{name}", self.folder);
        let mut entry = self
            .zip
            .by_name(&name)
            .map_err(|e| format!("`{name}`: {e}"))?;
        if entry.compression() != CompressionMethod::Stored
            || entry.size() != entry.compressed_size()
        {
            return Err(format!(
                "`{name}` is compressed, which torch.save does not do"
            ));
        }
        if entry.size() > most {
            return Err(format!("`{name}` is {} bytes long", entry.size()));
        }
        let left = self.left.checked_sub(entry.size());
        self.left = left.ok_or("its entries lie over each other")?;
        let mut bytes = Vec::new();
        entry
            .read_to_end(&mut bytes)
            .map_err(|e| format!("`{name}`: {e}"))?;
        Ok(bytes)
    }
}

fn missing_storage(key: &str) -> String {
    format!("the numbers of its storage `{key}` are not there")
}

/// Builds the tensors of one state dict. `storage` gives a storage's bytes.
fn named_tensors(
    pickle: &Pickle,
    key: Option<&str>,
    storage: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<NamedTensors, String> {
    let mut storages: HashMap<String, Tensor> = HashMap::new();
    let mut tensors = Vec::new();
    for (name, arguments) in tensors_of(pickle, state_dict(pickle, key)?) {
        let view = View::new(pickle, arguments).map_err(|e| format!("`{name}`: {e}"))?;
        if !storages.contains_key(view.key) {
            let whole = view.storage(&storage(view.key)?);
            let whole = whole.map_err(|e| format!("`{name}`: {e}"))?;
            storages.insert(view.key.to_string(), whole);
        }
        let tensor = view
            .of(&storages[view.key])
            .map_err(|e| format!("`{name}`: {e}"))?;
        tensors.push((name.to_string(), tensor));
    }
    Ok(tensors)
}

/// A tensor's numbers within a storage.
struct View<'p> {
    key: &'p str,
    kind: Kind,
    /// Of the storage.
    numel: i64,
    offset: i64,
    size: Vec<i64>,
    stride: Vec<i64>,
}

impl<'p> View<'p> {
    fn new(pickle: &'p Pickle, arguments: Id) -> Result<View<'p>, String> {
        let wrong = || "the tensor is described in an unknown way".to_string();
        let Object::Tuple(parts) = &pickle.objects[arguments] else {
            return Err(wrong());
        };
        let parts: Vec<&Object> = parts.iter().map(|id| &pickle.objects[*id]).collect();
        let [
            Object::Storage { kind, key, numel },
            Object::Int(offset),
            Object::Tuple(size),
            Object::Tuple(stride),
            ..,
        ] = parts.as_slice()
        else {
            return Err(wrong());
        };
        let numbers = |ids: &[Id]| {
            let number = |id: &Id| match pickle.objects[*id] {
                Object::Int(n) if n >= 0 => Ok(n),
                _ => Err(wrong()),
            };
            ids.iter().map(number).collect::<Result<Vec<i64>, String>>()
        };
        let view = View {
            key,
            kind: *kind,
            numel: *numel,
            offset: *offset,
            size: numbers(size)?,
            stride: numbers(stride)?,
        };
        match view.lies_within() {
            true => Ok(view),
            false => Err("the tensor reaches beyond its storage".into()),
        }
    }

    fn lies_within(&self) -> bool {
        let dims = self.size.len();
        if self.numel < 0 || self.offset < 0 || dims != self.stride.len() || dims > MOST_DIMENSIONS
        {
            return false;
        }
        let elements = self
            .size
            .iter()
            .try_fold(1i64, |all, n| all.checked_mul(*n));
        let last = self
            .size
            .iter()
            .zip(&self.stride)
            .try_fold(self.offset, |at, (n, step)| {
                at.checked_add((n - 1).max(0).checked_mul(*step)?)
            });
        match (elements, last) {
            (Some(0), Some(_)) => self.offset <= self.numel,
            (Some(_), Some(last)) => last < self.numel,
            _ => false,
        }
    }

    /// All numbers of its storage, as one row.
    fn storage(&self, bytes: &[u8]) -> Result<Tensor, String> {
        // libtorch takes the length on trust
        let wanted = usize::try_from(self.numel).ok();
        let wanted = wanted.and_then(|numel| numel.checked_mul(self.kind.elt_size_in_bytes()));
        if wanted != Some(bytes.len()) {
            return Err(format!(
                "its storage should hold {} numbers, but is {} bytes long",
                self.numel,
                bytes.len()
            ));
        }
        Tensor::f_from_data_size(bytes, &[self.numel], self.kind)
            .map_err(|e| crate::failure::first_line(&e))
    }

    fn of(&self, storage: &Tensor) -> Result<Tensor, String> {
        // Two tensors may name one storage and disagree about it.
        if storage.kind() != self.kind || storage.size() != [self.numel] {
            return Err("another tensor describes the same storage otherwise".into());
        }
        storage
            .f_as_strided(&self.size, &self.stride, self.offset)
            .map_err(|e| crate::failure::first_line(&e))
    }
}
