//! Texts that become tokens, and what follows from them: classes of words, the token after each.

use super::draft::{Draft, Form, Making};
use super::tables::COLUMN;
use super::transform::Target;
use crate::diag::{Applicability, Code, Diagnostic};
use crate::plan::{Column, Labels, Read, TokenPart, Tokenizer, TokenizerKind, Words};
use crate::program::declared::Settings;
use crate::program::elaborate::{Elaborator, Frame};
use crate::source::Span;
use crate::syntax::ast::{Expr, Name};

/// The tokens that BERT and GPT-2 have.
const WORDPIECE_VOCABULARY: u64 = 30_522;
const BPE_VOCABULARY: u64 = 50_257;

/// What ends a text in GPT-2.
const END: &str = "<|endoftext|>";

/// What names in brackets take, in order.
const WORDPIECE_PARTS: [Form; 4] = [Form::Id(0), Form::Id(2), Form::Bool, Form::Words];
const BPE_PARTS: [Form; 2] = [Form::Id(0), Form::Bool];
const READY_PARTS: [Form; 3] = [Form::Id(0), Form::Bool, Form::Words];

impl Elaborator<'_, '_> {
    /// `wordpiece`, `bpe` and `tokens`
    pub(super) fn tokens(
        &mut self,
        draft: &mut Draft,
        target: Target,
        reader: &'static str,
        settings: &Settings,
        at: Span,
    ) -> Option<()> {
        let column = |field: &Making| field.form == Form::Column;
        let places = self.takers(draft, target, (reader, "a column of a table"), at, column)?;
        let (kind, usual) = match reader {
            "wordpiece" => (TokenizerKind::Wordpiece, WORDPIECE_VOCABULARY),
            "bpe" => (TokenizerKind::Bpe, BPE_VOCABULARY),
            // always said
            _ => (TokenizerKind::Ready, 0),
        };
        let length = settings.int("length");
        let tokenizer = Tokenizer {
            kind,
            path: settings.text("path").unwrap_or_default(),
            vocab: settings.int("vocab").unwrap_or(usual),
            lowercase: settings.bool("lowercase"),
            length: length.unwrap_or(0),
            pack: None,
            padding: settings.int("padding"),
        };
        if let Some(padding) = tokenizer.padding.filter(|p| *p >= tokenizer.vocab) {
            let message = format!(
                "`padding` is {padding}, but tokens are below {}",
                tokenizer.vocab
            );
            let at = settings.span("padding").unwrap_or(at);
            self.report(Diagnostic::new(Code::E0223, message).at(at, "too large"));
            return None;
        }
        for place in places {
            let name = draft.fields[place].name.clone();
            draft.fields[place] = match length {
                Some(length) => Making::new(&name, Form::Id(tokenizer.vocab), &[length]),
                None => Making::open(&name, Form::Texts(tokenizer.vocab)),
            };
            draft.set_read(&name, &ids(&tokenizer));
        }
        Some(())
    }

    /// `pack`
    pub(super) fn pack(
        &mut self,
        draft: &mut Draft,
        target: Target,
        settings: &Settings,
        at: Span,
    ) -> Option<()> {
        let wants = ("pack", "texts, as `bpe` gives them without `length`");
        let texts = |field: &Making| matches!(field.form, Form::Texts(_));
        let length = settings.int("length")?;
        for place in self.takers(draft, target, wants, at, texts)? {
            let name = draft.fields[place].name.clone();
            let Some((_, tokenizer)) = tokens_of(draft, &name) else {
                continue;
            };
            let tokenizer = Tokenizer {
                length,
                pack: Some(settings.text("end").unwrap_or_else(|| END.to_string())),
                ..tokenizer
            };
            draft.fields[place] = Making::new(&name, Form::Id(tokenizer.vocab), &[length]);
            draft.set_read(&name, &ids(&tokenizer));
        }
        Some(())
    }

    /// The other parts of the tokens that the first of several names has.
    pub(super) fn token_parts(
        &mut self,
        draft: &mut Draft,
        names: &[&Name],
        at: Span,
    ) -> Option<()> {
        let first = names.first()?;
        let found = tokens_of(draft, &first.text);
        let parts: &[Form] = match &found {
            Some((_, tokenizer)) if tokenizer.pack.is_some() || tokenizer.length == 0 => &[],
            Some((_, tokenizer)) => match tokenizer.kind {
                TokenizerKind::Wordpiece => &WORDPIECE_PARTS,
                TokenizerKind::Bpe => &BPE_PARTS,
                TokenizerKind::Ready => &READY_PARTS,
            },
            None => &[],
        };
        if names.len() > parts.len() {
            let message = match parts.len() {
                0 => "this gives one field, not several".to_string(),
                count => format!("this gives up to {count} fields, not {}", names.len()),
            };
            let all = first.span.to(names[names.len() - 1].span);
            self.report(
                Diagnostic::new(Code::E0204, message)
                    .at(all, "several names")
                    .also(at, "what they take"),
            );
            return None;
        }
        let (column, tokenizer) = found?;
        for (name, form) in names.iter().zip(parts).skip(1) {
            self.free(draft, name)?;
            draft.bind(Making::new(&name.text, *form, &[tokenizer.length]));
            let part = match form {
                Form::Bool => TokenPart::Mask,
                Form::Words => {
                    let words = Words {
                        column: column.clone(),
                        tokenizer: tokenizer.clone(),
                    };
                    draft.words.push((name.text.clone(), words));
                    continue;
                }
                _ => TokenPart::Kinds,
            };
            draft.add_column(&Column {
                column: column.clone(),
                field: name.text.clone(),
                read: Read::Tokens {
                    tokenizer: tokenizer.clone(),
                    part,
                },
                names: Vec::new(),
            });
        }
        Some(())
    }

    /// `name = next_token(ids)`
    pub(super) fn next_token(
        &mut self,
        frame: &mut Frame,
        draft: &mut Draft,
        name: &Name,
        call: &Expr,
    ) -> Option<()> {
        let (_, settings) = self.declared(frame, COLUMN, "column", call)?;
        let from = settings.word("tokens")?.to_string();
        let Some((column, tokenizer)) = tokens_of(draft, &from).filter(|(_, t)| t.length > 0)
        else {
            let message = match draft.field(&from) {
                Some(field) => {
                    format!("`next_token` takes tokens of a table, but `{from}` is {field}")
                }
                None => {
                    format!("`next_token` takes tokens of a table, but there is no field `{from}`")
                }
            };
            let at = settings.span("tokens").unwrap_or(call.span);
            self.report(
                Diagnostic::new(Code::E0307, message)
                    .at(at, "no tokens")
                    .help("write `ids = column(\"text\") -> bpe(\"tokenizer.json\") -> pack(length: 128)` above it"),
            );
            return None;
        };
        self.free(draft, name)?;
        let form = match tokenizer.pack {
            Some(_) => Form::Class(tokenizer.vocab),
            None => Form::Label(tokenizer.vocab),
        };
        draft.bind(Making::new(&name.text, form, &[tokenizer.length]));
        draft.add_column(&Column {
            column,
            field: name.text.clone(),
            read: Read::Tokens {
                tokenizer,
                part: TokenPart::Next,
            },
            names: Vec::new(),
        });
        Some(())
    }

    /// `align`
    pub(super) fn align(
        &mut self,
        draft: &mut Draft,
        target: Target,
        settings: &Settings,
        at: Span,
    ) -> Option<()> {
        let column = |field: &Making| field.form == Form::Column;
        let places = self.takers(draft, target, ("align", "a column of a table"), at, column)?;
        let given = settings.word("words")?.to_string();
        let words = draft.words.iter().find(|(name, _)| *name == given);
        let Some((_, words)) = words.cloned() else {
            let message =
                format!("`align` takes the words of tokens, but `{given}` is none of them");
            let at = settings.span("words").unwrap_or(at);
            self.report(
                Diagnostic::new(Code::E0307, message)
                    .at(at, "no words of tokens")
                    .help("they are the fourth part of `wordpiece`, `(ids, kinds, mask, word) = column(\"tokens\") -> wordpiece(\"vocab.txt\", length: 128)`, and the third of `tokens`"),
            );
            return None;
        };
        for place in places {
            let name = draft.fields[place].name.clone();
            draft.fields[place] = Making::new(&name, Form::OfWords, &[words.tokenizer.length]);
            let labels = Labels {
                classes: 0,
                ignore: 0,
                words: Some(words.clone()),
            };
            draft.set_read(&name, &Read::Label(labels));
        }
        Some(())
    }

    /// `class` with `ignore`, or after `align`.
    pub(super) fn labels(
        &mut self,
        draft: &mut Draft,
        place: usize,
        settings: &Settings,
        at: Span,
    ) -> Option<()> {
        let (name, shape) = (
            draft.fields[place].name.clone(),
            draft.fields[place].shape.clone(),
        );
        let words = match draft.read(&name).map(|column| &column.read) {
            Some(Read::Label(labels)) => labels.words.clone(),
            _ => None,
        };
        let Some(ignore) = settings.signed("ignore") else {
            let diagnostic = Diagnostic::new(
                Code::E0220,
                "classes of words need `ignore`, as not every token has one",
            )
            .at(at, "without `ignore`");
            let help = "add `ignore: -100`";
            self.report(match self.added_argument(at, "ignore: -100") {
                Some(edit) => diagnostic.fix(help, Applicability::Safe, vec![edit]),
                None => diagnostic.help(help),
            });
            return None;
        };
        let classes = settings.int("count")?;
        if (0..classes as i64).contains(&ignore) {
            let message = format!(
                "{ignore} is one of the {classes} classes, so that it cannot stand for none"
            );
            let at = settings.span("ignore").unwrap_or(at);
            self.report(Diagnostic::new(Code::E0223, message).at(at, "a class"));
            return None;
        }
        draft.set_read(
            &name,
            &Read::Label(Labels {
                classes,
                ignore,
                words,
            }),
        );
        draft.fields[place] = Making {
            shape,
            ..Making::new(&name, Form::Label(classes), &[])
        };
        Some(())
    }

    /// Refuses a name that another field has.
    pub(super) fn free(&mut self, draft: &Draft, name: &Name) -> Option<()> {
        if draft.field(&name.text).is_none() {
            return Some(());
        }
        let message = format!("the field `{}` is there already", name.text);
        self.report(
            Diagnostic::new(Code::E0202, message)
                .at(name.span, "begins again")
                .help("give this one another name"),
        );
        None
    }

    /// Where texts are packed, a sample is no row of the table any more.
    pub(super) fn packed_alone(&mut self, draft: &Draft, at: Span) -> bool {
        let tokens = draft.columns().find_map(|column| match &column.read {
            Read::Tokens { tokenizer, .. } if tokenizer.pack.is_some() => Some((column, tokenizer)),
            _ => None,
        });
        let Some((packed, tokenizer)) = tokens else {
            return true;
        };
        let alike = |column: &Column| match &column.read {
            Read::Tokens { tokenizer: own, .. } => {
                own == tokenizer && column.column == packed.column
            }
            _ => false,
        };
        let Some(other) = draft.columns().find(|column| !alike(column)) else {
            return true;
        };
        let message = format!(
            "`{}` has a value for each row of the table, but `{}` packs the rows into others",
            other.field, packed.field
        );
        self.report(
            Diagnostic::new(Code::E0302, message)
                .at(at, "of different samples")
                .help("leave one of them out, or give each text a sample of its own: `bpe(…, length: 128)` without `pack`"),
        );
        false
    }
}

fn ids(tokenizer: &Tokenizer) -> Read {
    Read::Tokens {
        tokenizer: tokenizer.clone(),
        part: TokenPart::Ids,
    }
}

/// The column and the tokenizer of a field that is tokens.
fn tokens_of(draft: &Draft, field: &str) -> Option<(String, Tokenizer)> {
    let column = draft.read(field)?;
    match &column.read {
        Read::Tokens {
            tokenizer,
            part: TokenPart::Ids,
        } => Some((column.column.clone(), tokenizer.clone())),
        _ => None,
    }
}
