//! Columns of tables: what they hold, and numbers.

use super::draft::{Draft, Form, Making};
use super::tables::COLUMN;
use super::transform::Target;
use crate::diag::{Code, Diagnostic};
use crate::plan::{Column, DataSource, Read, Transform};
use crate::program::declared::Settings;
use crate::program::elaborate::{Elaborator, Frame};
use crate::shape::Dim;
use crate::source::Span;
use crate::syntax::ast::{self, Expr, Name};

impl Elaborator<'_, '_> {
    /// `name = column("…")`
    pub(super) fn column(
        &mut self,
        frame: &mut Frame,
        draft: &mut Draft,
        name: &Name,
        call: &Expr,
    ) -> Option<()> {
        let (_, settings) = self.declared(frame, COLUMN, "column", call)?;
        self.free(draft, name)?;
        let is_table = |source: &DataSource| matches!(source, DataSource::Table { .. });
        if !draft.sources.iter().all(is_table) {
            let message = "only the sources `csv`, `jsonl`, `parquet` and `npz` have columns";
            self.report(Diagnostic::new(Code::E0204, message).at(call.span, "no table"));
            return None;
        }
        draft.add_column(&Column {
            column: settings.text("name")?,
            field: name.text.clone(),
            // until a step says so
            read: Read::Number,
            names: Vec::new(),
        });
        draft.bind(Making::new(&name.text, Form::Column, &[]));
        Some(())
    }

    /// What a column holds.
    pub(super) fn read(
        &mut self,
        draft: &mut Draft,
        target: Target,
        reader: &'static str,
        settings: &Settings,
        at: Span,
    ) -> Option<()> {
        let wants = (reader, "a column of a table");
        let column = |field: &Making| match field.form {
            Form::Column => true,
            Form::OfWords => reader == "class",
            _ => false,
        };
        let places = self.takers(draft, target, wants, at, column)?;
        let sizes = match reader {
            "tensor" => self.sizes(settings, at)?,
            _ => Vec::new(),
        };
        let names = match reader {
            "class" => self.class_names(settings)?,
            _ => Vec::new(),
        };
        for place in places {
            let name = draft.fields[place].name.clone();
            let of_words = draft.fields[place].form == Form::OfWords;
            draft.set_names(&name, &names);
            if reader == "class" && (of_words || settings.value("ignore").is_some()) {
                self.labels(draft, place, settings, at)?;
                continue;
            }
            let (mut field, read) = match reader {
                "number" => (Making::new(&name, Form::Real, &[]), Read::Number),
                "class" => {
                    let count = settings.int("count")?;
                    (
                        Making::new(&name, Form::Class(count), &[]),
                        Read::Class(count),
                    )
                }
                "tensor" => (
                    Making::new(&name, Form::Real, &sizes),
                    Read::Tensor(sizes.clone()),
                ),
                _ => (
                    Making::new(&name, Form::Picture, &[3]),
                    Read::Picture(settings.text("folder")?),
                ),
            };
            if field.form == Form::Picture {
                field.shape.0.extend([Dim::Unknown, Dim::Unknown]);
            }
            draft.fields[place] = field;
            draft.set_read(&name, &read);
        }
        Some(())
    }

    /// One for each class, all different; none where they are not said.
    fn class_names(&mut self, settings: &Settings) -> Option<Vec<String>> {
        let (Some(at), Some(count)) = (settings.span("names"), settings.int("count")) else {
            return Some(Vec::new());
        };
        let names = settings.texts("names");
        let twice = (1..names.len()).find(|place| names[..*place].contains(&names[*place]));
        let (message, label) = if names.len() as u64 != count {
            let message = format!("{} names for {count} classes", names.len());
            (message, "another number of names".to_string())
        } else if let Some(place) = twice {
            let message = format!("two classes are called \"{}\"", names[place]);
            (message, "each class needs a name of its own".to_string())
        } else {
            return Some(names);
        };
        self.report(Diagnostic::new(Code::E0223, message).at(at, label));
        None
    }

    fn sizes(&mut self, settings: &Settings, at: Span) -> Option<Vec<u64>> {
        let given = settings.numbers("shape")?;
        let whole = |x: &f64| (x.fract() == 0.0 && (1.0..=1e6).contains(x)).then_some(*x as u64);
        let sizes: Option<Vec<u64>> = given.iter().map(whole).collect();
        if sizes.is_none() {
            let message = "the sizes of a tensor are whole numbers above 0";
            let at = settings.span("shape").unwrap_or(at);
            self.report(Diagnostic::new(Code::E0223, message).at(at, "out of range"));
        }
        sizes
    }

    /// `scale` and `standardize`
    pub(super) fn numbers(
        &mut self,
        draft: &mut Draft,
        target: Target,
        name: &'static str,
        settings: &Settings,
        at: Span,
    ) -> Option<()> {
        let wants = (name, "numbers");
        let real = |field: &Making| field.form == Form::Real;
        for place in self.takers(draft, target, wants, at, real)? {
            let field = draft.fields[place].name.clone();
            draft.transforms.push(match name {
                "scale" => Transform::Scale {
                    field,
                    factor: settings.number("factor")?,
                },
                _ => Transform::Standardize { field },
            });
        }
        Some(())
    }

    /// Every field has a type and one size; pictures of a source that have none and that nothing changes are no
    /// field where there are views of them.
    pub(super) fn fields_are_whole(&mut self, draft: &mut Draft, data: &ast::Data) -> bool {
        let sized = |field: &Making| !field.shape.0.contains(&Dim::Unknown);
        draft.fields.retain(|field| field.form != Form::Words);
        if data.fields.is_some() {
            let bound = |field: &Making| self.place_of_field(data, &field.name) != data.name.span;
            draft.fields.retain(|field| sized(field) || bound(field));
        }
        let mut fine = true;
        for field in draft.fields.clone() {
            let (message, help) = if field.form == Form::Column {
                (
                    format!(
                        "the field `{}` does not say what its column holds",
                        field.name
                    ),
                    "add `-> number`, `-> class(10)`, `-> tensor([…])`, `-> load_image(\"folder\")`, `-> wordpiece(\"vocab.txt\", length: 128)`, `-> bpe(\"tokenizer.json\", length: 128)` or `-> tokens(30522, length: 128)`",
                )
            } else if field.form == Form::OfWords {
                (
                    format!(
                        "the field `{}` does not say how many classes there are",
                        field.name
                    ),
                    "add `-> class(9, ignore: -100)`",
                )
            } else if matches!(field.form, Form::Texts(_)) {
                (
                    format!("the texts of `{}` have no common length", field.name),
                    "add `-> pack(length: 512)`, or `length: 128` to `bpe`",
                )
            } else if !sized(&field) {
                (
                    format!("the pictures of `{}` have no common size", field.name),
                    "add `-> augment(random_resized_crop(128) -> flip, otherwise: resize(128) -> center_crop(128))`, or `-> resize((128, 128))`",
                )
            } else {
                continue;
            };
            let at = self.place_of_field(data, &field.name);
            self.report(
                Diagnostic::new(Code::E0302, message)
                    .at(at, "open")
                    .help(help),
            );
            fine = false;
        }
        if draft.fields.is_empty() {
            let message = format!("the data set `{}` has no fields", data.name.text);
            self.report(
                Diagnostic::new(Code::E0410, message)
                    .at(data.name.span, "without fields")
                    .help("say what its columns are: `{ label = column(\"species\") -> class(200), batch: 64 }`"),
            );
            fine = false;
        }
        fine
    }

    /// Where a field is bound last, or the data set's name.
    fn place_of_field(&self, data: &ast::Data, field: &str) -> Span {
        let mut bound = data.fields.iter().flatten().filter_map(|line| match line {
            ast::Field::Bind { pattern, .. } => {
                let names = pattern.names();
                let own = names.iter().find(|name| name.text == field);
                own.map(|name| name.span)
            }
            _ => None,
        });
        bound.next_back().unwrap_or(data.name.span)
    }
}
