//! The words, signs and comments of a text. It may have mistakes: every text has such pieces, none of which goes on
//! over a line's end.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Word,
    Number,
    String,
    Sign,
    /// From `//` to the line's end.
    Comment,
}

#[derive(Clone, Copy, Debug)]
pub struct Token<'t> {
    pub kind: Kind,
    pub text: &'t str,
    /// Line ends between it and the token before.
    pub line_ends: usize,
    /// Whether a blank stands before it on its line.
    pub blank_before: bool,
}

impl Token<'_> {
    /// Where it stands in the text that it is a piece of.
    pub fn start(&self, text: &str) -> usize {
        self.text.as_ptr() as usize - text.as_ptr() as usize
    }

    /// Whether a string lacks its closing quote.
    pub fn is_open(&self) -> bool {
        let quoted = self.text.get(1..).and_then(|rest| rest.strip_suffix('"'));
        quoted.is_none_or(|inner| {
            let escapes = inner.len() - inner.trim_end_matches('\\').len();
            escapes % 2 == 1
        })
    }
}

/// Signs of two characters.
const LONG: [&str; 8] = ["->", "~>", "==", "!=", "<=", ">=", "::", ".."];

pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = text;
    loop {
        let blanks = &rest[..rest.len() - rest.trim_start().len()];
        rest = rest.trim_start();
        if rest.is_empty() {
            return tokens;
        }
        let after_dot = tokens.last().is_some_and(|token| token.text == ".");
        let (kind, length) = first(rest, after_dot);
        tokens.push(Token {
            kind,
            text: rest[..length].trim_end(),
            line_ends: line_ends(blanks),
            blank_before: blanks.ends_with([' ', '\t']),
        });
        rest = &rest[length..];
    }
}

fn line_ends(blanks: &str) -> usize {
    let lone = blanks.replace("\r\n", "\n");
    lone.matches(['\n', '\r']).count()
}

fn first(text: &str, after_dot: bool) -> (Kind, usize) {
    let up_to = |ends: &dyn Fn(char) -> bool| text.find(ends).unwrap_or(text.len());
    let word = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let start = text.chars().next().unwrap_or(' ');
    if text.starts_with("//") {
        return (Kind::Comment, up_to(&|c| c == '\n' || c == '\r'));
    }
    match start {
        '"' => (Kind::String, string(text)),
        '`' => (
            Kind::Word,
            1 + text[1..].find(|c| !word(c)).unwrap_or(text.len() - 1)
                + usize::from(text[1..].trim_start_matches(word).starts_with('`')),
        ),
        // `layers.0.weight` holds no number with a fraction.
        '0'..='9' if after_dot => (Kind::Number, up_to(&|c| !c.is_ascii_digit())),
        '0'..='9' => (Kind::Number, number(text)),
        c if word(c) => (Kind::Word, up_to(&|c| !word(c))),
        _ if LONG.iter().any(|sign| text.starts_with(sign)) => (Kind::Sign, 2),
        c => (Kind::Sign, c.len_utf8()),
    }
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' | '\r' => return at,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `10`, `0.5`, `5e-4`, `100_000`
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = 0;
    while at < bytes.len() {
        let exponent =
            matches!(bytes[at], b'e' | b'E') && matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        at += match bytes[at] {
            _ if exponent && digit(at + 2) => 2,
            b'.' if digit(at + 1) => 1,
            byte if byte == b'_' || byte.is_ascii_alphanumeric() => 1,
            _ => break,
        };
    }
    at
}
