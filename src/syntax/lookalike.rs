//! Characters that look like, or stand for, the ASCII ones that the language uses.

/// What an operator, bracket, quote or blank of Unicode was meant to be. Never longer than the
/// character itself in UTF-8, so that it can be replaced in place.
pub(super) fn symbol(c: char) -> Option<&'static str> {
    Some(match c {
        '→' | '⟶' | '➜' | '➔' | '⇒' | '⟹' | '↦' => "->",
        '⇝' | '↝' | '⟿' | '⤳' => "~>",
        '×' | '·' | '⋅' | '∗' | '∙' | '✕' => "*",
        '÷' | '∕' | '⁄' => "/",
        '−' | '‐' | '‑' | '‒' | '–' | '—' => "-",
        '≤' | '⩽' => "<=",
        '≥' | '⩾' => ">=",
        '≠' => "!=",
        '²' => "^2",
        '³' => "^3",
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' | '＂' | '‘' | '’' | '‚' | '′' => {
            "\""
        }
        '：' | '∶' => ":",
        '，' | '、' => ",",
        '；' => ";",
        '＝' => "=",
        '＋' => "+",
        '（' => "(",
        '）' => ")",
        '［' | '【' => "[",
        '］' | '】' => "]",
        '｛' => "{",
        '｝' => "}",
        '…' => "..",
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            " "
        }
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => "",
        _ => return None,
    })
}

/// What a letter of another script was meant to be: the same shape, or a Greek letter's name.
pub(super) fn letter(c: char) -> Option<&'static str> {
    Some(match c {
        'а' => "a",
        'с' => "c",
        'ԁ' => "d",
        'е' | 'ё' => "e",
        'һ' => "h",
        'і' | 'ı' => "i",
        'ј' => "j",
        'о' => "o",
        'р' => "p",
        'ѕ' => "s",
        'у' => "y",
        'х' => "x",
        'А' | 'Α' => "A",
        'В' | 'Β' => "B",
        'С' => "C",
        'Е' | 'Ε' => "E",
        'Н' | 'Η' => "H",
        'І' | 'Ι' => "I",
        'Ј' => "J",
        'К' | 'Κ' => "K",
        'М' | 'Μ' => "M",
        'О' | 'Ο' => "O",
        'Р' | 'Ρ' => "P",
        'Ѕ' => "S",
        'Т' | 'Τ' => "T",
        'Х' | 'Χ' => "X",
        'У' | 'Υ' => "Y",
        'Ζ' => "Z",
        'Ν' => "N",
        'α' => "alpha",
        'β' => "beta",
        'γ' => "gamma",
        'δ' => "delta",
        'ε' => "epsilon",
        'η' => "eta",
        'θ' => "theta",
        'κ' => "kappa",
        'λ' => "lambda",
        'μ' | 'µ' => "mu",
        'ν' => "nu",
        'ξ' => "xi",
        'π' => "pi",
        'ρ' => "rho",
        'σ' => "sigma",
        'τ' => "tau",
        'φ' => "phi",
        'χ' => "chi",
        'ψ' => "psi",
        'ω' => "omega",
        _ => return None,
    })
}

/// A word with every letter replaced that looks like an ASCII one; none if some letter does not.
pub(super) fn word(text: &str) -> Option<String> {
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        match letter(c) {
            Some(meant) => ascii.push_str(meant),
            None if c.is_ascii() => ascii.push(c),
            None => return None,
        }
    }
    Some(ascii)
}

/// What people call a character's script, where it helps to see the difference.
pub(super) fn script(c: char) -> &'static str {
    match c {
        '\u{370}'..='\u{3ff}' => "Greek ",
        '\u{400}'..='\u{52f}' => "Cyrillic ",
        _ => "",
    }
}
