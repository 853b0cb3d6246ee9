//! Imports: what `use` brings into a file.

use super::read::file_of;
use super::{DefId, Entry, ModuleId, Modules};
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::program::{foreign, library};
use crate::syntax::ast::{self, ItemKind, Name, UseFrom, UseName};
use std::path::PathBuf;

impl Modules<'_> {
    /// Enters what a file imports.
    pub(super) fn imports(&mut self, id: ModuleId) {
        let ast = self.get(id).ast.clone();
        for item in &ast.items {
            let ItemKind::Use(using) = &item.kind else {
                continue;
            };
            let target = match &using.from {
                UseFrom::File(path) => self.imported_file(id, path).map(Some),
                UseFrom::Library(name) => self.known_library(id, name, using).then_some(None),
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

    fn known_library(&mut self, id: ModuleId, name: &Name, using: &ast::Use) -> bool {
        if library::LIBRARIES.contains(&name.text.as_str()) {
            return true;
        }
        let near = nearest(&name.text, library::LIBRARIES);
        // Its names may be misspelt as well, and are used as they are right.
        for imported in using.names.iter().filter(|name| name.alias.is_none()) {
            let there = near.into_iter().flat_map(library::names);
            let meant = nearest(&imported.name.text, there).map(str::to_string);
            self.modules[id.0].meant.extend(meant);
        }
        let diagnostic =
            Diagnostic::new(Code::E0206, format!("there is no library `{}`", name.text))
                .at(name.span, "unknown library");
        let diagnostic = match near {
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
}
