//! Files and their names: what each file defines and imports.

use super::elaborate::Signature;
use super::experiment::Experiment;
use super::facts::{self, Knowledge, Link, Whole};
use super::foreign;
use super::graph::Graph;
use super::library;
use super::value::Callee;
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::plan::DataSet;
use crate::source::{Files, SourceFile, Sources, Span};
use crate::syntax;
use crate::syntax::ast::{self, ItemKind, Name, UseFrom, UseName};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
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

    /// Reads the file that was asked for, and all that it imports. Why not, if it cannot be read.
    pub fn root(&mut self, path: &Path) -> Result<ModuleId, String> {
        let text = self.files.read(path)?;
        Ok(self.read(path.display().to_string(), path.to_path_buf(), &text))
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

    /// Reads the file that a string of another names (`use "…"`, `from "…"`).
    pub fn file(&mut self, from: ModuleId, written: &ast::Str) -> Option<ModuleId> {
        let file = self.read_named(from, written)?;
        let needs = &mut self.modules[from.0].needs;
        if !needs.contains(&file) {
            needs.push(file);
        }
        Some(file)
    }

    fn read_named(&mut self, from: ModuleId, written: &ast::Str) -> Option<ModuleId> {
        let path = self.resolve_path(from, &written.text);
        if let Some(known) = self.by_path.get(&path) {
            return Some(*known);
        }
        match self.files.read(&path) {
            Ok(text) => Some(self.read(path.display().to_string(), path, &text)),
            Err(why) => {
                let missing = self.missing_file(&path, written, &why);
                self.diagnostics.push(missing);
                None
            }
        }
    }

    /// Where a string of a file points: relative to that file.
    pub fn resolve_path(&self, from: ModuleId, written: &str) -> PathBuf {
        beside(self.get(from).path.as_deref(), written)
    }

    /// Whether there is such a file.
    pub fn exists(&self, path: &Path) -> bool {
        self.files.exists(path)
    }

    fn missing_file(&self, path: &Path, written: &ast::Str, why: &str) -> Diagnostic {
        let diagnostic = Diagnostic::new(
            Code::E0206,
            format!("`{}` cannot be read: {why}", written.text),
        )
        .at(written.span, format!("looked for {}", path.display()));
        let folder = path.parent().unwrap_or(Path::new(""));
        let names = self.files.list(folder);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let with_suffix = format!("{name}.kd");
        if names.contains(&with_suffix) {
            let text = format!("there is a file `{with_suffix}`");
            return diagnostic.replace(text, written.span, format!("\"{}.kd\"", written.text));
        }
        let kd = names
            .iter()
            .map(String::as_str)
            .filter(|n| n.ends_with(".kd"));
        match nearest(&name, kd.clone()) {
            Some(near) => {
                let fixed = written.text.replace(name.as_ref(), near);
                diagnostic.replace(
                    format!("there is a file with a similar name: `{near}`"),
                    written.span,
                    format!("\"{fixed}\""),
                )
            }
            None => match listed(kd, 8) {
                none if none.is_empty() => {
                    diagnostic.help("paths start at the folder of this file")
                }
                there => diagnostic.help(format!("the folder has {there}")),
            },
        }
    }

    fn read(&mut self, name: String, path: PathBuf, text: &str) -> ModuleId {
        let file = self.sources.add(name.clone(), Some(path.clone()), text);
        let path = normal(&path);
        self.loading.push((path.clone(), name));
        let id = self.add(file_of(&self.sources, file), Some(path.clone()), false);
        self.by_path.insert(path, id);
        self.imports(id);
        self.loading.pop();
        id
    }

    fn add(&mut self, source: SourceFile, path: Option<PathBuf>, from_library: bool) -> ModuleId {
        let parse = match &mut self.readings {
            Some(readings) => readings.parse(&source),
            None => syntax::parse(&source),
        };
        self.diagnostics.extend(parse.diagnostics);
        let id = ModuleId(self.modules.len());
        self.modules.push(Module {
            ast: parse.file,
            path,
            from_library,
            needs: Vec::new(),
            names: HashMap::new(),
            meant: HashSet::new(),
        });
        self.declare(id);
        id
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

    fn imports(&mut self, id: ModuleId) {
        let ast = self.get(id).ast.clone();
        for item in &ast.items {
            let ItemKind::Use(using) = &item.kind else {
                continue;
            };
            let target = match &using.from {
                UseFrom::File(path) => self.imported_file(id, path).map(Some),
                UseFrom::Library(name) => self.known_library(name).then_some(None),
            };
            for imported in &using.names {
                let means = match (&target, &using.from) {
                    (Some(Some(module)), _) => self.name_in(id, *module, imported),
                    (Some(None), UseFrom::Library(library)) => {
                        self.name_in_library(id, &library.text, imported)
                    }
                    _ => None,
                };
                if let Some(id) = means {
                    self.link_item(imported.name.span, id);
                }
                let name = imported.alias.as_ref().unwrap_or(&imported.name);
                self.enter(id, name, means, true);
            }
        }
    }

    fn imported_file(&mut self, id: ModuleId, written: &ast::Str) -> Option<ModuleId> {
        let path = self.resolve_path(id, &written.text);
        if let Some(start) = self.loading.iter().position(|(open, _)| *open == path) {
            let chain: Vec<String> = self.loading[start..]
                .iter()
                .chain(&self.loading[start..=start])
                .map(|(_, name)| format!("`{name}`"))
                .collect();
            self.diagnostics.push(
                Diagnostic::new(Code::E0208, "files import each other in a circle")
                    .at(written.span, "this import closes the circle")
                    .note(chain.join(" imports "))
                    .help("move what both need into a third file"),
            );
            return None;
        }
        self.file(id, written)
    }

    fn known_library(&mut self, name: &Name) -> bool {
        if library::LIBRARIES.contains(&name.text.as_str()) {
            return true;
        }
        let diagnostic =
            Diagnostic::new(Code::E0206, format!("there is no library `{}`", name.text))
                .at(name.span, "unknown library");
        let diagnostic = match nearest(&name.text, library::LIBRARIES) {
            Some(near) => diagnostic.replace(
                format!("there is a library with a similar name: `{near}`"),
                name.span,
                near,
            ),
            None => diagnostic.help(format!(
                "the libraries are {}; a file of your own is imported as `use \"file.kd\"::name`",
                listed(library::LIBRARIES, 8)
            )),
        };
        self.diagnostics.push(diagnostic);
        false
    }

    fn name_in(&mut self, id: ModuleId, from: ModuleId, imported: &UseName) -> Option<DefId> {
        let entries = &self.get(from).names;
        let own = |entry: &&Entry| !entry.imported;
        if let Some(entry) = entries.get(&imported.name.text).filter(own) {
            return entry.means;
        }
        let there = entries.iter().filter(|(_, entry)| own(entry));
        let there: Vec<String> = there.map(|(name, _)| name.clone()).collect();
        // a file that could not be read whole may well define it
        let file = self.get(from).ast.id;
        let broken = self
            .diagnostics
            .iter()
            .any(|d| d.code.is_syntax() && d.primary().is_some_and(|place| place.file == file));
        if !broken {
            let place = format!("`{}`", self.sources.get(file).name);
            self.unknown_import(id, imported, &place, there.iter().map(String::as_str));
        }
        None
    }

    fn name_in_library(
        &mut self,
        id: ModuleId,
        library: &str,
        imported: &UseName,
    ) -> Option<DefId> {
        let found = self.library(library, &imported.name.text);
        if found.is_none() {
            let place = format!("the library `{library}`");
            self.unknown_import(id, imported, &place, library::names(library));
        }
        found
    }

    /// Reports an import that its place does not have. What it probably means is not reported again where it is used.
    fn unknown_import<'n>(
        &mut self,
        id: ModuleId,
        imported: &UseName,
        place: &str,
        there: impl Iterator<Item = &'n str>,
    ) {
        let mut there: Vec<&str> = there.collect();
        there.sort_unstable();
        let name = &imported.name;
        let diagnostic = Diagnostic::new(Code::E0207, format!("{place} has no `{}`", name.text))
            .at(name.span, "not there");
        let torch = foreign::operation(&name.text).filter(|kd| there.contains(kd));
        let near = torch.or_else(|| nearest(&name.text, there.iter().copied()));
        let diagnostic = match near {
            Some(near) => {
                if imported.alias.is_none() {
                    self.modules[id.0].meant.insert(near.to_string());
                }
                let text = match torch {
                    Some(kd) => format!("what PyTorch calls so is `{kd}` in kd"),
                    None => format!("it has something with a similar name: `{near}`"),
                };
                diagnostic.replace(text, name.span, near)
            }
            None if there.is_empty() => diagnostic.help("it defines nothing"),
            None => diagnostic.help(format!("it has {}", listed(there, 24))),
        };
        self.diagnostics.push(diagnostic);
    }

    /// What a library defines under a name.
    pub fn library(&mut self, library: &str, name: &str) -> Option<DefId> {
        let file = library::find(library, name)?;
        let path = PathBuf::from(format!("<kdc>/{}", file.path));
        let module = match self.by_path.get(&path) {
            Some(known) => *known,
            None => {
                let shown = path.display().to_string();
                let source = self.sources.add(shown, None, file.text);
                let module = self.add(file_of(&self.sources, source), None, true);
                self.by_path.insert(path, module);
                self.imports(module);
                module
            }
        };
        self.get(module)
            .names
            .get(name)
            .and_then(|entry| entry.means)
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

fn file_of(sources: &Sources, id: crate::source::FileId) -> SourceFile {
    sources.get(id).clone()
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

/// Where a path points that is written in `file`: relative to that file.
pub fn beside(file: Option<&Path>, written: &str) -> PathBuf {
    let folder = file.and_then(Path::parent).unwrap_or(Path::new(""));
    normal(&folder.join(written))
}

/// Without `.` and `..`, as text: files are told apart by their paths alone.
pub fn normal(path: &Path) -> PathBuf {
    let mut parts: Vec<std::path::Component> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (std::path::Component::CurDir, _) => {}
            (std::path::Component::ParentDir, Some(std::path::Component::Normal(_))) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.iter().collect()
}
