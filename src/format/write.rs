//! Lines with their indentation.

use super::lines::{Line, Part};
use super::spacing::{Around, blanks, closes, opened};
use super::tokens::{Kind, Token};
use std::collections::HashMap;

const STEP: usize = 4;

/// What stands further to the right than this, nothing is lined up with.
const FAR: usize = 24;

/// Open brackets, or the file.
struct Frame {
    around: Around,
    /// Where a line starts that closes them.
    outer: usize,
    /// Where lines inside start.
    inner: usize,
    /// Where the statement or argument started that is being written.
    start: usize,
    /// Whether its first `->` has been written, and where it stands, if that is on its first line and not far.
    chained: bool,
    arrow: Option<usize>,
}

impl Frame {
    /// A statement or argument starts.
    fn begin(&mut self, start: usize) {
        self.start = start;
        self.chained = false;
        self.arrow = None;
    }
}

struct Writer<'a> {
    tokens: &'a [Token<'a>],
    extra: &'a HashMap<usize, usize>,
    frames: Vec<Frame>,
    text: String,
    /// Where the line starts that is being written.
    indent: usize,
    column: usize,
}

pub fn write(tokens: &[Token], lines: &[Line], extra: &HashMap<usize, usize>) -> String {
    let mut writer = Writer {
        tokens,
        extra,
        frames: vec![Frame {
            around: Around::Nothing,
            outer: 0,
            inner: 0,
            start: 0,
            chained: false,
            arrow: None,
        }],
        text: String::new(),
        indent: 0,
        column: 0,
    };
    for (number, line) in lines.iter().enumerate() {
        if line.blank_above {
            writer.text.push('\n');
        }
        // A comment stands with what follows it.
        let next = lines[number..]
            .iter()
            .find(|line| line.part != Part::Comment);
        let indent = match next {
            Some(code) if line.part == Part::Comment && closes(&tokens[code.tokens.start]) => {
                writer.inner()
            }
            Some(code) => writer.indent_of(code),
            None => writer.inner(),
        };
        writer.line(line, indent);
    }
    writer.text
}

impl Writer<'_> {
    fn frame(&mut self) -> &mut Frame {
        self.frames
            .last_mut()
            .expect("the file's own frame is never closed")
    }

    fn inner(&mut self) -> usize {
        self.frame().inner
    }

    fn indent_of(&mut self, line: &Line) -> usize {
        let first = self.tokens[line.tokens.start];
        let part = line.part;
        let frame = self.frame();
        let arrow = (first.text == "->").then_some(frame.arrow).flatten();
        match part {
            _ if closes(&first) => frame.outer,
            Part::Continuation => arrow.unwrap_or(frame.start + STEP),
            Part::Inside if first.text == "->" => arrow.unwrap_or(frame.start + STEP),
            Part::Comment | Part::Statement | Part::Inside => frame.inner,
        }
    }

    fn line(&mut self, line: &Line, indent: usize) {
        if line.part == Part::Statement {
            let frame = self.frame();
            frame.begin(indent);
        }
        self.indent = indent;
        self.column = indent;
        self.text.extend(std::iter::repeat_n(' ', indent));
        for at in line.tokens.clone() {
            self.token(at, line);
        }
        self.text.push('\n');
    }

    fn token(&mut self, at: usize, line: &Line) {
        let token = self.tokens[at];
        let first = at == line.tokens.start;
        if !first {
            let around = self.frame().around;
            let wide = blanks(self.tokens, at, around) + self.extra.get(&at).copied().unwrap_or(0);
            self.put(&" ".repeat(wide));
        }
        if closes(&token) && self.frames.len() > 1 {
            self.frames.pop();
        }
        let column = self.column;
        let starts = line.part != Part::Continuation;
        let frame = self.frame();
        if token.text == "->" && !frame.chained && starts && !first {
            frame.chained = true;
            frame.arrow = (column <= FAR).then_some(column);
        }
        self.put(token.text);
        let before = at.checked_sub(1).map(|before| &self.tokens[before]);
        if let Some(around) = opened(before, &token) {
            self.open(around, at, line);
        } else if token.text == "," && matches!(self.frame().around, Around::Round | Around::Square)
        {
            let start = self.column + 1;
            self.frame().begin(start);
        }
    }

    fn open(&mut self, around: Around, at: usize, line: &Line) {
        let last = at + 1 == line.tokens.end || self.tokens[at + 1].kind == Kind::Comment;
        let block = matches!(around, Around::Brace | Around::Names);
        // The braces of a body whose parameters take several lines.
        let header = block && line.part == Part::Inside && !closes(&self.tokens[line.tokens.start]);
        let outer = if header {
            self.frame().start
        } else {
            self.indent
        };
        let inner = match block || last || self.column > FAR {
            true => outer + STEP,
            false => self.column,
        };
        self.frames.push(Frame {
            around,
            outer,
            inner,
            start: inner,
            chained: false,
            arrow: None,
        });
    }

    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.chars().count();
    }
}
