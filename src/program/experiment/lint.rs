//! What is legal piece by piece but makes no sense as a whole: students that nothing teaches, taps and
//! imports that nothing uses.

use super::Edge;
use super::train::Training;
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::plan::Role;
use crate::program::elaborate::Elaborator;
use crate::program::graph::{Owner, ParameterId};
use crate::program::load::DefId;
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, ItemKind};
use std::collections::HashSet;

impl Elaborator<'_, '_> {
    pub(super) fn lint(
        &mut self,
        ast: &ast::File,
        edges: &[Option<Edge>],
        training: Option<&Training>,
    ) {
        let whole = edges.iter().all(Option::is_some)
            && !ast.items.iter().any(|i| matches!(i.kind, ItemKind::Error));
        let reached = self.reached(edges.iter().flatten());
        if whole {
            self.untaught_students(&reached, edges.is_empty(), training.is_some());
            self.untaught_taps(ast, &reached);
            self.untaught_sources(ast, edges, &reached);
        }
        self.unnamed_owners(ast, edges, &reached);
        if let Some(training) = training {
            self.idle_edges(edges, training);
        }
        // what uses a name may be what is broken
        if !self.modules.has_errors(self.root) {
            self.unused(ast);
        }
    }

    fn untaught_students(&mut self, reached: &HashSet<ParameterId>, no_edges: bool, trains: bool) {
        let networks = self.networks.clone();
        for student in networks.iter().filter(|n| n.role == Role::Student) {
            let own = self.parameters_of(&Owner::Network(student.name.clone()));
            if own.iter().any(|id| reached.contains(id)) {
                continue;
            }
            let output = student
                .instance
                .outputs
                .first()
                .map_or("logits", |(n, _)| n.as_str());
            let what = if no_edges {
                "there is no edge"
            } else {
                "no edge reaches it"
            };
            self.report(
                Diagnostic::new(Code::E0404, format!("the student `{}` learns nothing: {what}", student.name))
                    .at(student.span, "nothing teaches it")
                    .help(format!(
                        "add an edge whose right side is one of its tensors: `edge images.label ~> {}.{output} by cross_entropy`",
                        student.name
                    )),
            );
        }
        let students = networks.iter().filter(|n| n.role == Role::Student).count();
        let teachers: Vec<_> = networks
            .iter()
            .filter(|n| n.role == Role::Teacher)
            .collect();
        if let (0, [first, ..], true) = (students, teachers.as_slice(), trains) {
            self.report(
                Diagnostic::new(
                    Code::E0409,
                    "this file has teachers but no student, so nothing trains",
                )
                .at(first.span, "only a teacher")
                .help("declare what is to learn: `student light = LightNN()`"),
            );
        }
    }

    fn untaught_taps(&mut self, ast: &ast::File, reached: &HashSet<ParameterId>) {
        for item in &ast.items {
            let ItemKind::Tap(tap) = &item.kind else {
                continue;
            };
            let own = self.parameters_of(&Owner::Tap(tap.name.text.clone()));
            if own.is_empty() || own.iter().any(|id| reached.contains(id)) {
                continue;
            }
            self.report(
                Diagnostic::new(
                    Code::E0405,
                    format!(
                        "nothing can teach the layers of the tap `{}`",
                        tap.name.text
                    ),
                )
                .at(tap.name.span, "has layers to train")
                .note("an edge teaches what is on its right side; no gradient flows to its left")
                .help("use it on the right side of an edge, or make the other side fit instead"),
            );
        }
    }

    /// Layers between a teacher and `~>`, which would stay as they start.
    fn untaught_sources(
        &mut self,
        ast: &ast::File,
        edges: &[Option<Edge>],
        reached: &HashSet<ParameterId>,
    ) {
        for (edge, made) in edges_of(ast).zip(edges) {
            let Some(made) = made else { continue };
            let owner = Owner::Edge(made.name.clone());
            let before = self.graph.needed(made.sources.iter().copied());
            let untaught = |id: ParameterId| {
                let parameter = self.graph.parameter(id);
                parameter.owner == owner && !parameter.buffer && !reached.contains(&id)
            };
            let random = (before.iter())
                .flat_map(|node| self.graph.own_parameters(*node))
                .any(untaught);
            if !random {
                continue;
            }
            let diagnostic = Diagnostic::new(
                Code::E0405,
                "nothing can teach the layers on the left of this edge",
            )
            .at(edge.source.span, "has layers to train")
            .note("an edge teaches what is on its right side; no gradient flows to its left");
            self.report(self.with_layers_right(diagnostic, edge));
        }
    }

    /// The layers on the other side instead, where `fit` chooses them.
    fn with_layers_right(&self, diagnostic: Diagnostic, edge: &ast::Edge) -> Diagnostic {
        let target = self.text(edge.target.span);
        let (ExprKind::Chain { head, .. }, false) = (
            &edge.source.kind,
            matches!(edge.target.bare().kind, ExprKind::Tuple(_)),
        ) else {
            return diagnostic.help("put the layers on the right side");
        };
        let edit = |span, text: &str| Edit {
            span,
            text: text.to_string(),
        };
        diagnostic.fix(
            format!("put the layers on the right side, or let kdc choose them: `{target} -> fit`"),
            Applicability::Unsafe,
            vec![
                edit(head.span.after().to(edge.source.span.after()), ""),
                edit(edge.target.span.after(), " -> fit"),
            ],
        )
    }

    fn unnamed_owners(
        &mut self,
        ast: &ast::File,
        edges: &[Option<Edge>],
        reached: &HashSet<ParameterId>,
    ) {
        for (edge, made) in edges_of(ast).zip(edges) {
            let Some(made) = made.as_ref().filter(|_| edge.name.is_none()) else {
                continue;
            };
            let own = self.parameters_of(&Owner::Edge(made.name.clone()));
            if !own.iter().any(|id| reached.contains(id)) {
                continue;
            }
            let at = edge.source.span;
            self.report(
                Diagnostic::new(
                    Code::W0405,
                    "an edge that owns parameters has no name of its own",
                )
                .at(at, format!("its parameters are called `{}.…`", made.name))
                .fix(
                    format!(
                        "name it, so that its parameters keep their names: `edge {}: …`",
                        made.name
                    ),
                    Applicability::Safe,
                    vec![Edit {
                        span: at.before(),
                        text: format!("{}: ", made.name),
                    }],
                ),
            );
        }
    }

    fn idle_edges(&mut self, edges: &[Option<Edge>], training: &Training) {
        for (edge, place) in edges.iter().zip(0..) {
            let used = training.stages.iter().any(|s| s.edges.contains(&place));
            let Some(edge) = edge.as_ref().filter(|_| !used) else {
                continue;
            };
            let message = format!("no stage has the edge `{}`", edge.name);
            let diagnostic = Diagnostic::new(Code::W0406, message).at(edge.span, "teaches nothing");
            self.report(diagnostic.help("add it to the `edges` of a stage, or remove it"));
        }
    }

    /// Names of the file that nothing has looked up.
    fn unused(&mut self, ast: &ast::File) {
        for (name, span, means, imported) in self.modules.unused(self.root) {
            let diagnostic = if imported {
                means.map(|_| self.unused_import(ast, &name, span))
            } else {
                means.and_then(|id: DefId| self.unused_item(&ast.items[id.item], &name, span))
            };
            if let Some(diagnostic) = diagnostic {
                self.report(diagnostic);
            }
        }
    }

    fn unused_import(&self, ast: &ast::File, name: &str, span: Span) -> Diagnostic {
        let edit = ast.items.iter().find_map(|item| match &item.kind {
            ItemKind::Use(import) if item.span.contains(span) => Some(Edit {
                span: self.without_name(item.span, import, span)?,
                text: String::new(),
            }),
            _ => None,
        });
        let diagnostic =
            Diagnostic::new(Code::W0403, format!("`{name}` is imported but never used"))
                .at(span, "never used");
        let help = "remove the import";
        match edit {
            Some(edit) => diagnostic.fix(help, Applicability::Safe, vec![edit]),
            None => diagnostic.help(help),
        }
    }

    /// What to cut out of a `use` so that it no longer has the name at a place: an entry of the list with one of its
    /// commas, or the whole line.
    fn without_name(&self, whole: Span, import: &ast::Use, name: Span) -> Option<Span> {
        let entry = |name: &ast::UseName| match &name.alias {
            Some(alias) => name.name.span.to(alias.span),
            None => name.name.span,
        };
        let entries: Vec<Span> = import.names.iter().map(entry).collect();
        let at = entries.iter().position(|entry| entry.contains(name))?;
        Some(match (entries.get(at + 1), at.checked_sub(1)) {
            (Some(next), _) => entries[at].before().to(next.before()),
            (None, Some(before)) => entries[before].after().to(entries[at].after()),
            (None, None) => self.with_line_end(whole),
        })
    }

    /// The span and the end of its line, if nothing else stands before it.
    fn with_line_end(&self, span: Span) -> Span {
        let rest = &self.modules.sources.get(span.file).text[span.end as usize..];
        let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
        match rest[..line].trim().is_empty() {
            true => Span::new(span.file, span.start as usize..span.end as usize + line),
            false => span,
        }
    }

    fn unused_item(&self, item: &ast::Item, name: &str, span: Span) -> Option<Diagnostic> {
        match &item.kind {
            ItemKind::Tap(_) if self.parameters_of(&Owner::Tap(name.to_string())).is_empty() => {
                Some(
                    Diagnostic::new(Code::W0401, format!("the tap `{name}` is never used"))
                        .at(span, "no edge uses it")
                        .help("remove it, or use it as a side of an edge"),
                )
            }
            ItemKind::Network(network) if network.role == ast::Role::Teacher => Some(
                Diagnostic::new(Code::W0402, format!("the teacher `{name}` is never used"))
                    .at(span, "nothing learns from it")
                    .help("add an edge from one of its tensors, or remove it"),
            ),
            ItemKind::Constant(_) => Some(
                Diagnostic::new(Code::W0404, format!("`{name}` is never used"))
                    .at(span, "never used")
                    .help("remove it"),
            ),
            _ => None,
        }
    }
}

fn edges_of(ast: &ast::File) -> impl Iterator<Item = &ast::Edge> {
    ast.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Edge(edge) => Some(edge),
        _ => None,
    })
}
