//! Texts made from a good one by damage of the kind that typing, merging and copying do. The same
//! seed gives the same texts.

/// What is put into a text: signs that open or end something, words of the language, and characters
/// that are longer than a byte or invisible.
const PIECES: [&str; 48] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "'",
    "`",
    "\\",
    ",",
    ":",
    "::",
    ";",
    ".",
    "..",
    "=",
    "==",
    "->",
    "~>",
    "-",
    "/",
    "//",
    "#",
    "^",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\u{feff}",
    "\u{a0}",
    "é",
    "→",
    "с",
    "😀",
    "“",
    "\0",
    " if ",
    " else ",
    " for ",
    " not ",
    " as ",
    "model A {",
    "edge ",
    "tap x = ",
    "1e999",
    "0x",
    "99999999999999999999",
];

/// Marsaglia's xorshift: short, and the same on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit.max(1)
    }
}

/// Without end: take as many as wanted.
pub fn mutations(text: &str, seed: u64) -> impl Iterator<Item = String> {
    let mut random = Random::new(seed);
    std::iter::repeat_with(move || {
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..=random.below(4) {
            mutate(&mut chars, &mut random);
        }
        chars.into_iter().collect()
    })
}

fn mutate(chars: &mut Vec<char>, random: &mut Random) {
    let at = random.below(chars.len() + 1);
    let end = (at + 1 + random.below(12)).min(chars.len());
    let piece = PIECES[random.below(PIECES.len())].chars();
    match random.below(6) {
        0 => drop(chars.drain(at..end)),
        1 => drop(chars.splice(at..at, piece)),
        2 => drop(chars.splice(at..end, piece)),
        3 => {
            let copied = chars[at..end].to_vec();
            let to = random.below(chars.len() + 1);
            chars.splice(to..to, copied);
        }
        4 => {
            let moved: Vec<char> = chars.drain(at..end).collect();
            let to = random.below(chars.len() + 1);
            chars.splice(to..to, moved);
        }
        _ => chars.truncate(at),
    }
}
