//! Reading files: where their paths point, and what is said of one that is not there.

use super::{Module, ModuleId, Modules};
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, SourceFile, Sources};
use crate::syntax::{self, ast};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

impl Modules<'_> {
    /// Reads the file that was asked for, and all that it imports. Why not, if it cannot be read.
    pub fn root(&mut self, path: &Path) -> Result<ModuleId, String> {
        let text = self.files.read(path)?;
        Ok(self.read(path.display().to_string(), path.to_path_buf(), &text))
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

    pub(super) fn add(
        &mut self,
        source: SourceFile,
        path: Option<PathBuf>,
        from_library: bool,
    ) -> ModuleId {
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
}

pub(super) fn file_of(sources: &Sources, id: FileId) -> SourceFile {
    sources.get(id).clone()
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
