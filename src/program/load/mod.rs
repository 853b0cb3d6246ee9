//! Files and their names: what each file defines and imports.

mod imports;
mod read;

pub use read::{beside, normal};

use super::elaborate::Signature;
use super::experiment::Experiment;
use super::facts::{self, Knowledge, Link, Whole};
use super::graph::Graph;
use super::value::Callee;
use crate::diag::{Code, Diagnostic};
use crate::plan::DataSet;
use crate::source::{Files, Sources, Span};
use crate::syntax;
use crate::syntax::ast::{self, ItemKind, Name};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;

/// A file that has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub usize);

/// An item of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DefId {
    pub module: ModuleId,
    pub item: usize,
}

pub struct Module {
    pub ast: Rc<ast::File>,
    /// Where imports start from; none for the standard library and text that is no file.
    path: Option<PathBuf>,
    pub from_library: bool,
    /// The user's files that it imports or learns from, in order.
    needs: Vec<ModuleId>,
    names: HashMap<String, Entry>,
    /// What imports that failed probably meant.
    meant: HashSet<String>,
}

struct Entry {
    span: Span,
    means: Option<DefId>,
    imported: bool,
    used: bool,
}

/// All files of a compilation.
pub struct Modules<'a> {
    files: &'a dyn Files,
    pub sources: Sources,
    pub diagnostics: Vec<Diagnostic>,
    modules: Vec<Module>,
    by_path: HashMap<PathBuf, ModuleId>,
    /// The files that are being read, each imported by the one before.
    loading: Vec<(PathBuf, String)>,
    /// Definitions with mistakes of their own: their uses are not reported again.
    pub broken: HashSet<DefId>,
    pub signatures: HashMap<Callee, Rc<Signature>>,
    /// Experiments that others learn from; none for one with mistakes.
    pub experiments: HashMap<ModuleId, Option<Rc<Experiment>>>,
    /// How files were read before, where they are checked again and again.
    pub readings: Option<syntax::Readings>,
    /// What is found out about places in the text, if an editor wants to know.
    pub knowledge: Option<Knowledge>,
    /// The experiments that are being compiled, each needed by the one before.
    pub compiling: Vec<ModuleId>,
}

impl<'a> Modules<'a> {
    pub fn new(files: &'a dyn Files) -> Modules<'a> {
        Modules {
            files,
            sources: Sources::default(),
            diagnostics: Vec::new(),
            modules: Vec::new(),
            by_path: HashMap::new(),
            loading: Vec::new(),
            broken: HashSet::new(),
            signatures: HashMap::new(),
            experiments: HashMap::new(),
            readings: None,
            knowledge: None,
            compiling: Vec::new(),
        }
    }

    /// The files so far, the standard library's among them.
    pub fn ids(&self) -> impl Iterator<Item = ModuleId> + use<> {
        (0..self.modules.len()).map(ModuleId)
    }

    pub fn is_broken(&self, id: DefId) -> bool {
        self.broken.contains(&id)
    }

    /// Whether an item is what its name means; not for one that takes a name a second time.
    pub fn is_first(&self, id: DefId) -> bool {
        let module = self.get(id.module);
        item_name(&module.ast.items[id.item].kind)
            .and_then(|name| module.names.get(&name.text))
            .is_none_or(|entry| entry.means == Some(id))
    }

    /// Whether something in a file is an error.
    pub fn has_errors(&self, id: ModuleId) -> bool {
        let file = self.get(id).ast.id;
        self.diagnostics.iter().any(|d| {
            d.severity == crate::diag::Severity::Error
                && d.primary().is_some_and(|place| place.file == file)
        })
    }

    /// Keeps what a graph and its data sets tell of places in the text, if that is wanted.
    pub fn learn_from(&mut self, graph: &Graph, data: &[DataSet]) {
        if let Some(known) = &mut self.knowledge {
            known.facts.extend(facts::of(graph));
            known.data.extend_from_slice(data);
        }
    }

    /// Keeps what a graph has of a network, made of the model `of`, if that is wanted.
    pub fn learn_of(&mut self, of: Option<DefId>, whole: impl FnOnce() -> Option<Whole>) {
        let model = of.and_then(|id| self.name_of(id));
        if let Some(known) = &mut self.knowledge {
            known
                .wholes
                .extend(whole().map(|whole| Whole { model, ..whole }));
        }
    }

    /// Keeps where the name at `from` is defined, if that is wanted.
    pub fn link(&mut self, from: Span, to: Span) {
        if let Some(known) = &mut self.knowledge {
            known.links.push(Link { from, to });
        }
    }

    /// Keeps that the name at `from` means an item.
    pub fn link_item(&mut self, from: Span, id: DefId) {
        if let Some(name) = self.name_of(id) {
            self.link(from, name);
        }
    }

    /// Where the name of an item is.
    fn name_of(&self, id: DefId) -> Option<Span> {
        let item = &self.get(id.module).ast.items[id.item];
        item_name(&item.kind).map(|name| name.span)
    }

    pub fn get(&self, id: ModuleId) -> &Module {
        &self.modules[id.0]
    }

    pub fn item(&self, id: DefId) -> (Rc<ast::File>, usize) {
        (self.get(id.module).ast.clone(), id.item)
    }

    /// A file and all that it imports or learns from, itself first.
    pub fn behind(&self, root: ModuleId) -> Vec<ModuleId> {
        let mut found = vec![root];
        let mut next = 0;
        while let Some(id) = found.get(next).copied() {
            let new = self.get(id).needs.iter().filter(|n| !found.contains(n));
            let new: Vec<ModuleId> = new.copied().collect();
            found.extend(new);
            next += 1;
        }
        found
    }

    /// Enters the names of a file's own items.
    fn declare(&mut self, id: ModuleId) {
        let ast = self.get(id).ast.clone();
        for (item, at) in ast.items.iter().zip(0..) {
            let Some(name) = item_name(&item.kind) else {
                continue;
            };
            let means = DefId {
                module: id,
                item: at,
            };
            self.enter(id, name, Some(means), false);
        }
    }

    fn enter(&mut self, id: ModuleId, name: &Name, means: Option<DefId>, imported: bool) {
        if let Some(first) = self.get(id).names.get(&name.text) {
            let twice = self.stage_of_network(first.means, means);
            let twice = twice.unwrap_or_else(|| defined_twice(name, first.span));
            self.diagnostics.push(twice);
            return;
        }
        let names = &mut self.modules[id.0].names;
        names.insert(
            name.text.clone(),
            Entry {
                span: name.span,
                means,
                imported,
                used: false,
            },
        );
    }

    /// `train light on images`: the network was meant, but the word is the stage's own name.
    fn stage_of_network(&self, one: Option<DefId>, other: Option<DefId>) -> Option<Diagnostic> {
        let kind = |id: Option<DefId>| id.map(|id| &self.get(id.module).ast.items[id.item].kind);
        let (network, stage) = match (kind(one)?, kind(other)?) {
            (ItemKind::Network(network), ItemKind::Train(stage))
            | (ItemKind::Train(stage), ItemKind::Network(network)) => (network, stage),
            _ => return None,
        };
        let name = stage.name.as_ref()?;
        let message = format!(
            "the word behind `train` names the stage, and `{}` is a network already",
            name.text
        );
        let diagnostic = Diagnostic::new(Code::E0202, message)
            .at(name.span, "a stage's own name")
            .also(network.name.span, "the network");
        let text = "leave it out: all students of the stage's edges learn, or those of `learns:`";
        let named = name.span.to(stage.on.first()?.span.before());
        Some(diagnostic.replace(text, named, "on "))
    }

    /// What a name means at the top of a file. The outer `None`: nothing; the inner: something wrong that
    /// was reported already.
    pub fn lookup(&mut self, module: ModuleId, name: &str) -> Option<Option<DefId>> {
        let module = &mut self.modules[module.0];
        match module.names.get_mut(name) {
            Some(entry) => {
                entry.used = true;
                Some(entry.means)
            }
            None => module.meant.contains(name).then_some(None),
        }
    }

    /// The same for a name that stands at a place.
    pub fn lookup_at(&mut self, module: ModuleId, name: &str, at: Span) -> Option<Option<DefId>> {
        let found = self.lookup(module, name);
        if let Some(Some(id)) = found {
            self.link_item(at, id);
        }
        found
    }

    /// What a file calls an import that has this name where it is defined: `use models::LightNN as Small`.
    pub fn alias_of(&self, module: ModuleId, name: &str) -> Option<&str> {
        let mut imported = (self.get(module).ast.items.iter()).flat_map(|item| match &item.kind {
            ItemKind::Use(using) => using.names.as_slice(),
            _ => &[],
        });
        let imported = imported.find(|imported| imported.name.text == name)?;
        imported.alias.as_ref().map(|alias| alias.text.as_str())
    }

    /// What a file imports, by the names that it has there, in their order.
    pub fn imported(&self, module: ModuleId) -> impl Iterator<Item = (&str, DefId)> {
        let entries = self.get(module).names.iter();
        let imports = entries.filter(|(_, entry)| entry.imported);
        let mut imports: Vec<(&str, DefId)> = imports
            .filter_map(|(name, entry)| Some((name.as_str(), entry.means?)))
            .collect();
        imports.sort_unstable_by_key(|(name, _)| *name);
        imports.into_iter()
    }

    pub fn names(&self, module: ModuleId) -> impl Iterator<Item = &str> {
        self.get(module).names.keys().map(String::as_str)
    }

    /// Names that a file imports or defines and nothing has looked up.
    pub fn unused(&self, module: ModuleId) -> Vec<(String, Span, Option<DefId>, bool)> {
        let mut unused: Vec<_> = self
            .get(module)
            .names
            .iter()
            .filter(|(_, entry)| !entry.used)
            .map(|(name, e)| (name.clone(), e.span, e.means, e.imported))
            .collect();
        unused.sort_by_key(|(_, span, ..)| *span);
        unused
    }
}

fn defined_twice(name: &Name, other: Span) -> Diagnostic {
    let (first, again) = (other.min(name.span), other.max(name.span));
    let message = format!("`{}` is defined twice in this file", name.text);
    Diagnostic::new(Code::E0202, message)
        .at(again, "defined again")
        .also(first, "first here")
        .help("give one of them another name")
}

/// The name that an item enters into its file.
pub fn item_name(kind: &ItemKind) -> Option<&Name> {
    match kind {
        ItemKind::Callable(callable) => Some(&callable.name),
        ItemKind::Data(data) => Some(&data.name),
        ItemKind::Network(network) => Some(&network.name),
        ItemKind::Tap(binding) | ItemKind::Constant(binding) => Some(&binding.name),
        ItemKind::Edge(edge) => edge.name.as_ref(),
        ItemKind::Train(train) => train.name.as_ref(),
        ItemKind::Settings(settings) => Some(&settings.name),
        ItemKind::Use(_) | ItemKind::Output(_) | ItemKind::Error => None,
    }
}
