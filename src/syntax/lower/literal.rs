//! Numbers and strings.

use super::Lower;
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::Pair;

impl Lower<'_> {
    pub(super) fn number(&mut self, text: &str, span: Span) -> ExprKind {
        match read_number(text) {
            Ok(kind) => kind,
            Err(wrong) => {
                let message = format!("`{text}` {}", wrong.why);
                let diagnostic = Diagnostic::new(Code::E0007, message).at(span, wrong.label);
                let Some(meant) = wrong.meant else {
                    self.report(diagnostic.help(wrong.help));
                    return ExprKind::Error;
                };
                let kind = read_number(&meant).unwrap_or(ExprKind::Error);
                self.report(diagnostic.replace(format!("write `{meant}`"), span, meant));
                kind
            }
        }
    }

    pub(super) fn string(&mut self, pair: &Pair<Rule>) -> Str {
        let span = self.span(pair);
        let raw = pair.as_str();
        let inner = &raw[1..raw.len() - 1];
        if raw.starts_with('\'') {
            let text = format!("\"{}\"", inner.replace('"', "\\\""));
            self.report(
                Diagnostic::new(Code::E0005, "a string stands in double quotes")
                    .at(span, "single quotes")
                    .replace(format!("write `{text}`"), span, text),
            );
        }
        let mut text = String::with_capacity(inner.len());
        let mut chars = inner.char_indices();
        while let Some((at, c)) = chars.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, c @ ('"' | '\\' | '\''))) => text.push(c),
                Some((_, c)) => {
                    text.push('\\');
                    text.push(c);
                    let start = self.base + pair.as_span().start() + 1 + at;
                    let escape = self.text.span(start..start + 1 + c.len_utf8());
                    self.report_escape(escape, c);
                }
                None => {}
            }
        }
        Str { text, span }
    }

    fn report_escape(&mut self, span: Span, c: char) {
        self.report(
            Diagnostic::new(Code::E0001, format!("`\\{c}` stands for nothing in a string"))
                .at(span, "not an escape")
                .replace("write `\\\\` for a backslash", span, format!("\\\\{c}"))
                .help("in a string, `\\\"`, `\\\\` and `\\n` stand for a quote, a backslash and a line end"),
        );
    }
}

struct WrongNumber {
    why: String,
    label: &'static str,
    meant: Option<String>,
    help: &'static str,
}

fn read_number(text: &str) -> Result<ExprKind, WrongNumber> {
    let wrong = |why: &str, meant: Option<String>| WrongNumber {
        why: why.to_owned(),
        label: "not a number",
        meant,
        help: "numbers are written `10`, `0.5`, `5e-4` or `100_000`",
    };
    if let Some(value) = other_base(text) {
        return Err(wrong(
            "is not written in decimal digits",
            Some(value.to_string()),
        ));
    }
    if !text.contains(|c: char| !c.is_ascii_digit() && c != '_') && well_grouped(text) {
        return text
            .replace('_', "")
            .parse()
            .map(ExprKind::Int)
            .map_err(|_| WrongNumber {
                why: "is too large".to_owned(),
                label: "too large",
                meant: None,
                help: "whole numbers go up to 9223372036854775807",
            });
    }
    if let Some(digits) = text.strip_suffix('.').filter(|d| well_grouped(d)) {
        return Err(wrong("ends in a point", Some(format!("{digits}.0"))));
    }
    if text.starts_with('.') && decimal(&text[1..], false) {
        return Err(wrong("starts with a point", Some(format!("0{text}"))));
    }
    if !decimal(text, true) {
        let compact = text.replace('_', "");
        let meant = (compact != text && (decimal(&compact, true) || well_grouped(&compact)))
            .then_some(compact);
        return Err(match meant {
            Some(meant) => wrong("has a `_` that separates no digits", Some(meant)),
            None => wrong("is not a number", None),
        });
    }
    match text.replace('_', "").parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(ExprKind::Float(value)),
        _ => Err(WrongNumber {
            why: "is too large".to_owned(),
            label: "too large",
            meant: None,
            help: "numbers go up to about 1.8e308",
        }),
    }
}

/// Digits, perhaps in groups: `100_000`.
fn well_grouped(text: &str) -> bool {
    text.split('_')
        .all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()))
}

/// Digits, perhaps a point and more, perhaps an exponent.
fn decimal(text: &str, grouped: bool) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |t: &str| well_grouped(t) && (grouped || !t.contains('_'));
    let mantissa_good = match mantissa.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => digits(mantissa),
    };
    let exponent_good = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && e.bytes().all(|b| b.is_ascii_digit())
    });
    mantissa_good && exponent_good
}

fn other_base(text: &str) -> Option<i64> {
    let (digits, radix) = match text.get(..2)? {
        "0x" | "0X" => (&text[2..], 16),
        "0b" | "0B" => (&text[2..], 2),
        "0o" | "0O" => (&text[2..], 8),
        _ => return None,
    };
    i64::from_str_radix(&digits.replace('_', ""), radix).ok()
}
