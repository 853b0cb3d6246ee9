//! What an editor asks of a text. Places are spans; the language server makes positions of them.

mod call;
mod callable;
mod callee;
mod complete;
mod folds;
mod hover;
mod names;
mod paths;
mod roles;
mod symbols;
mod tokens;

pub use call::Help;
pub use complete::{Completion, CompletionKind};
pub use folds::{Fold, FoldKind};
pub use hover::Hover;
pub use symbols::{Symbol, SymbolKind};
pub use tokens::{Token, TokenKind};

use crate::diag::{self, Diagnostic};
use crate::program::facts::{Fact, Knowledge};
use crate::program::load::Modules;
use crate::shape::Shape;
use crate::source::{FileId, Files, SourceFile, Sources, Span};
use crate::syntax::{Readings, ast};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::rc::Rc;

/// All that is known of one file and of those that it imports.
pub struct Analysis {
    pub sources: Sources,
    /// In the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    tree: Rc<ast::File>,
    imported: Vec<Imported>,
    knowledge: Knowledge,
}

/// What a `use` brings into the file.
struct Imported {
    /// What this file calls it.
    name: String,
    tree: Rc<ast::File>,
    /// Its place among the items of its file.
    at: usize,
}

impl Imported {
    fn item(&self) -> &ast::Item {
        &self.tree.items[self.at]
    }
}

/// A shape that stands behind a place in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    pub at: Span,
    pub text: String,
}

impl Analysis {
    /// Of the file at `path`, sooner where `readings` knows its text or an earlier one. Why not, if it cannot be read.
    pub fn of(files: &dyn Files, path: &Path, readings: &mut Readings) -> Result<Analysis, String> {
        let mut modules = Modules::new(files);
        modules.knowledge = Some(Knowledge::default());
        modules.readings = Some(std::mem::take(readings));
        let compiled = crate::compile(&mut modules, path);
        *readings = modules.readings.take().unwrap_or_default();
        let (root, _) = compiled?;
        let imported = modules.imported(root).map(|(name, id)| {
            let (tree, at) = modules.item(id);
            let name = name.to_string();
            Imported { name, tree, at }
        });
        Ok(Analysis {
            tree: modules.get(root).ast.clone(),
            imported: imported.collect(),
            diagnostics: diag::tidy(modules.diagnostics),
            sources: modules.sources,
            knowledge: modules.knowledge.unwrap_or_default(),
        })
    }

    /// The file that was asked for.
    pub fn file(&self) -> FileId {
        self.tree.id
    }

    pub fn source(&self) -> &SourceFile {
        self.sources.get(self.file())
    }

    /// The outline of the file.
    pub fn symbols(&self) -> Vec<Symbol> {
        symbols::of(&self.tree)
    }

    /// What stands at an offset of the file.
    pub fn hover(&self, offset: usize) -> Option<Hover> {
        hover::at(self, offset)
    }

    /// What could be written at an offset of the file; `files` has those that a string there could name.
    pub fn completions(&self, files: &dyn Files, offset: usize) -> Vec<Completion> {
        complete::at(self, files, offset)
    }

    /// What the call takes that is being written at an offset of the file.
    pub fn call(&self, offset: usize) -> Option<Help> {
        call::help(self, offset)
    }

    /// The words of the file, each with what it is.
    pub fn tokens(&self) -> Vec<Token> {
        tokens::of(self)
    }

    /// The parts of the file that can be folded away.
    pub fn folds(&self) -> Vec<Fold> {
        folds::of(self)
    }

    /// Where what is named at an offset of the file is defined, or the file that a string there names; none for what
    /// the language itself has.
    pub fn definition(&self, offset: usize) -> Option<Span> {
        names::definition(self, offset)
    }

    /// All places with the name at an offset, its definition first.
    pub fn references(&self, offset: usize) -> Vec<Span> {
        names::references(self, offset)
    }

    /// The name at an offset that can be changed at all its places. Why not, if it comes with kdc; none where no name is.
    pub fn renamable(&self, offset: usize) -> Option<Result<Span, String>> {
        names::renamable(self, offset)
    }

    /// The shape of what each line's last operation gives, where it changes a shape: of what ends between two
    /// offsets.
    pub fn hints(&self, within: RangeInclusive<usize>) -> Vec<Hint> {
        let source = self.source();
        let mut by_line: BTreeMap<usize, &Fact> = BTreeMap::new();
        let wanted = |fact: &&Fact| within.contains(&(fact.span.end as usize));
        for fact in self.own_facts().filter(wanted) {
            let line = source.position(fact.span.end as usize).line;
            let last = by_line.entry(line).or_insert(fact);
            if fact.span.end >= last.span.end {
                *last = fact;
            }
        }
        let telling = |fact: &&Fact| fact.inputs.first() != Some(&fact.shape);
        let facts = by_line.into_values().filter(telling);
        facts
            .map(|fact| Hint {
                at: fact.span.after(),
                text: shapes(&self.shapes_at(fact.span)),
            })
            .collect()
    }

    fn own_facts(&self) -> impl Iterator<Item = &Fact> {
        self.knowledge
            .facts
            .iter()
            .filter(|fact| fact.span.file == self.file())
    }

    /// The shapes that the operation at a place gives: one for each way in which its model is used.
    fn shapes_at(&self, span: Span) -> Vec<Shape> {
        let mut shapes: Vec<Shape> = Vec::new();
        for fact in self.own_facts().filter(|fact| fact.span == span) {
            if !shapes.contains(&fact.shape) {
                shapes.push(fact.shape.clone());
            }
        }
        shapes
    }
}

fn shapes(shapes: &[Shape]) -> String {
    let shapes: Vec<String> = shapes.iter().map(Shape::to_string).collect();
    shapes.join(" or ")
}
