//! Which edges a stage has and what learns in it.

use super::written::Written;
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::plan::Role;
use crate::program::elaborate::{Elaborator, Frame, FrameKind};
use crate::program::experiment::{Edge, Network, edge};
use crate::program::graph::{Graph, NodeIndex, Owner, ParameterId};
use crate::program::value::Value;
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, Index, ItemKind};
use std::collections::HashSet;

/// What learns in a stage. The rest of what it computes is only used, and evaluates.
pub struct Learning {
    parameters: HashSet<ParameterId>,
    /// What `learns:` lists; without it all that the stage's targets depend on.
    listed: Option<Vec<Part>>,
}

/// Something that can learn: all that an owner has, or what stands under a path in it.
pub struct Part {
    owner: Owner,
    /// `light.layer3`
    path: String,
}

impl Part {
    pub fn covers(&self, owner: &Owner, name: &str) -> bool {
        let below = |rest: &str| rest.is_empty() || rest.starts_with('.');
        *owner == self.owner && name.strip_prefix(self.path.as_str()).is_some_and(below)
    }
}

impl Learning {
    pub fn learns(&self, parameter: ParameterId) -> bool {
        self.parameters.contains(&parameter)
    }

    /// Whether a node that behaves otherwise in training does so: a batch norm with the layer's own parameters, a
    /// dropout with the part that it stands in.
    pub fn trains(&self, graph: &Graph, index: NodeIndex) -> bool {
        let mut own = graph
            .own_parameters(index)
            .filter(|id| !graph.parameter(*id).buffer);
        if let Some(first) = own.next() {
            return self.learns(first) || own.any(|id| self.learns(id));
        }
        let node = graph.node(index);
        match &self.listed {
            Some(parts) => parts
                .iter()
                .any(|part| part.covers(&node.owner, &node.name)),
            None => (self.parameters.iter()).any(|id| graph.parameter(*id).owner == node.owner),
        }
    }
}

impl Elaborator<'_, '_> {
    /// The places of a stage's edges among the file's: all, unless it lists them.
    pub(super) fn edges_of_stage(
        &mut self,
        written: Option<&Written>,
        edges: &[Option<Edge>],
    ) -> Option<Vec<usize>> {
        let Some(written) = written else {
            return Some((0..edges.len()).collect());
        };
        let ast = self.modules.get(self.root).ast.clone();
        let names = edge::names(&ast);
        let mut used: Vec<usize> = Vec::new();
        for expr in self.elements(written, "edges")? {
            let ExprKind::Name(name) = &expr.kind else {
                return self.no_edge(expr, &names);
            };
            let place = names.iter().position(|n| n == name);
            let Some(place) = place else {
                return self.no_edge(expr, &names);
            };
            self.modules.lookup_at(self.root, name, expr.span);
            if used.contains(&place) {
                let message = format!("the edge `{name}` stands twice in this list");
                self.report(Diagnostic::new(Code::E0412, message).at(expr.span, "once more"));
                return None;
            }
            used.push(place);
        }
        used.sort_unstable();
        Some(used)
    }

    fn no_edge(&mut self, expr: &Expr, names: &[String]) -> Option<Vec<usize>> {
        let text = self.text(expr.span).to_string();
        let there = || names.iter().map(String::as_str);
        let diagnostic = Diagnostic::new(Code::E0412, format!("there is no edge `{text}`"))
            .at(expr.span, "no edge");
        self.report(match nearest(&text, there()) {
            Some(near) => diagnostic.replace(
                format!("there is an edge with a similar name: `{near}`"),
                expr.span,
                near,
            ),
            None => diagnostic.help(format!("the edges are {}", listed(there(), 12))),
        });
        None
    }

    /// The elements of a list that is written out.
    fn elements<'w>(&mut self, written: &'w Written, what: &str) -> Option<&'w [Expr]> {
        let span = written.value.span;
        let message = match &written.value.kind {
            ExprKind::List(list) if !list.is_empty() => return Some(list),
            ExprKind::List(_) => {
                format!("an empty list of `{what}` makes a stage that does nothing")
            }
            ExprKind::Error => return None,
            _ => format!("`{what}` takes a list of names"),
        };
        let text = self.text(span).to_string();
        let diagnostic = Diagnostic::new(Code::E0412, message).at(span, "here");
        self.report(match &written.value.kind {
            ExprKind::Name(_) | ExprKind::Member { .. } => {
                diagnostic.replace("put it into brackets", span, format!("[{text}]"))
            }
            _ => diagnostic.help(format!("leave `{what}` out for all of them")),
        });
        None
    }

    /// What learns in a stage with these edges. None if that cannot be known, as an edge has a mistake, or is
    /// wrong, which has been reported.
    pub(super) fn learning(
        &mut self,
        written: Option<&Written>,
        used: &[usize],
        edges: &[Option<Edge>],
    ) -> Option<Learning> {
        let listed = match written {
            None => None,
            Some(written) => {
                let elements = self.elements(written, "learns")?;
                let parts: Vec<_> = elements.iter().map(|e| (self.part(e), e.span)).collect();
                Some(
                    parts
                        .into_iter()
                        .map(|(p, s)| Some((p?, s)))
                        .collect::<Option<Vec<_>>>()?,
                )
            }
        };
        let used: Vec<&Edge> = used
            .iter()
            .map(|at| edges[*at].as_ref())
            .collect::<Option<_>>()?;
        let reached = self.reached(used.iter().copied());
        let Some(listed) = listed else {
            return Some(Learning {
                parameters: reached,
                listed: None,
            });
        };
        let graph = &self.graph;
        let covered = |part: &Part| -> HashSet<ParameterId> {
            let inside = |id: &ParameterId| {
                let parameter = graph.parameter(*id);
                part.covers(&parameter.owner, &parameter.name)
            };
            reached.iter().copied().filter(inside).collect()
        };
        let each: Vec<HashSet<ParameterId>> =
            listed.iter().map(|(part, _)| covered(part)).collect();
        let idle = listed
            .iter()
            .zip(&each)
            .find(|(_, covered)| covered.is_empty());
        if let Some(((part, span), _)) = idle {
            let message = format!(
                "no edge of this stage reaches something of `{}` that learns",
                part.path
            );
            let diagnostic = Diagnostic::new(Code::E0412, message).at(*span, "learns nothing here");
            self.report(
                diagnostic.help("remove it, or add an edge whose right side depends on it"),
            );
            return None;
        }
        let parameters: HashSet<ParameterId> = each.into_iter().flatten().collect();
        let mut idle = used
            .iter()
            .filter(|edge| self.reached([**edge]).is_disjoint(&parameters));
        if let Some(edge) = idle.next() {
            let message = format!(
                "the edge `{}` reaches nothing that learns in this stage",
                edge.name
            );
            let diagnostic = Diagnostic::new(Code::E0412, message)
                .at(written?.value.span, "nothing of this")
                .also(edge.span, "this edge");
            self.report(
                diagnostic
                    .help("add to `learns` what it is to teach, or leave the edge out of `edges`"),
            );
            return None;
        }
        Some(Learning {
            parameters,
            listed: Some(listed.into_iter().map(|(part, _)| part).collect()),
        })
    }

    /// The parameters that the gradient of these edges' losses reaches and that may learn.
    pub(in crate::program::experiment) fn reached<'e>(
        &self,
        edges: impl IntoIterator<Item = &'e Edge>,
    ) -> HashSet<ParameterId> {
        let teacher = |owner: &Owner| {
            let networks = || self.networks.iter().filter(|n| n.role == Role::Teacher);
            matches!(owner, Owner::Network(name) if networks().any(|n: &Network| n.name == *name))
        };
        (self
            .graph
            .gradient_reaches(edges.into_iter().map(|edge| edge.loss))
            .into_iter())
        .flat_map(|node| self.graph.own_parameters(node).collect::<Vec<_>>())
        .filter(|id| !self.graph.parameter(*id).buffer)
        .filter(|id| !teacher(&self.graph.parameter(*id).owner))
        .collect()
    }

    /// What an element of `learns:` names.
    pub(super) fn part(&mut self, expr: &Expr) -> Option<Part> {
        let (root, path) = self.path_of(expr)?;
        if let Some(owner) = self.owner_called(&root, expr.span)? {
            return Some(Part { owner, path });
        }
        let text = self.text(expr.span).to_string();
        let message = format!("`{text}` is nothing that learns");
        let there: Vec<String> = self.learners();
        let diagnostic = Diagnostic::new(Code::E0412, message).at(expr.span, "cannot learn");
        self.report(match nearest(&root, there.iter().map(String::as_str)) {
            Some(near) if path == root => diagnostic.replace(
                format!("there is something with a similar name: `{near}`"),
                expr.span,
                near,
            ),
            _ => diagnostic.help(format!(
                "name students, parts of them, taps or edges: {}",
                listed(there.iter().map(String::as_str), 12)
            )),
        });
        None
    }

    /// The first name of a path, and the whole as parameters are named. Reports what leads nowhere.
    fn path_of(&mut self, expr: &Expr) -> Option<(String, String)> {
        match &expr.kind {
            ExprKind::Name(name) => Some((name.clone(), name.clone())),
            ExprKind::Member { base, name } => {
                let (root, path) = self.path_of(base)?;
                let mut frame = Frame::new(self.root, FrameKind::File, "", Owner::Data);
                if self.base_place(&mut frame, expr).value.is_poison() {
                    return None;
                }
                Some((root, format!("{path}.{}", name.text)))
            }
            ExprKind::Index { base, index } => {
                let (root, path) = self.path_of(base)?;
                let mut frame = Frame::new(self.root, FrameKind::File, "", Owner::Data);
                if self.base_place(&mut frame, expr).value.is_poison() {
                    return None;
                }
                let count = self.base_place(&mut frame, base).steps.len() as i64;
                let [Index::At(at)] = index.as_slice() else {
                    return None;
                };
                let Value::Number(at) = self.expression(&mut frame, at) else {
                    return None;
                };
                let at = at.as_int()?;
                let at = if at < 0 { at + count } else { at };
                Some((root, format!("{path}.{at}")))
            }
            ExprKind::Paren(inner) => self.path_of(inner),
            ExprKind::Error => None,
            _ => {
                let diagnostic = Diagnostic::new(Code::E0412, "`learns` takes names")
                    .at(expr.span, "no name")
                    .help("name students, parts of them such as `light.layer3`, taps or edges");
                self.report(diagnostic);
                None
            }
        }
    }

    /// The owner of that name, if it may learn. The outer `None`: something wrong that was reported.
    fn owner_called(&mut self, name: &str, span: Span) -> Option<Option<Owner>> {
        let ast = self.modules.get(self.root).ast.clone();
        if edge::names(&ast).iter().any(|edge| edge == name) {
            self.modules.lookup_at(self.root, name, span);
            return Some(Some(Owner::Edge(name.to_string())));
        }
        let Some(found) = self.modules.lookup_at(self.root, name, span) else {
            return Some(None);
        };
        let (ast, at) = self.modules.item(found?);
        Some(match &ast.items[at].kind {
            ItemKind::Network(network) if network.role == ast::Role::Teacher => {
                let diagnostic = Diagnostic::new(
                    Code::E0412,
                    format!("`{name}` is a teacher, which does not learn"),
                )
                .at(span, "a teacher")
                .help("declare it as a `student` to train it");
                self.report(diagnostic);
                return None;
            }
            ItemKind::Network(_) => Some(Owner::Network(name.to_string())),
            ItemKind::Tap(_) => Some(Owner::Tap(name.to_string())),
            _ => None,
        })
    }

    /// What may stand in `learns:`, as messages list it.
    fn learners(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for parameter in self.graph.parameters.iter().filter(|p| !p.buffer) {
            let name = parameter.owner.name().to_string();
            let teacher = |n: &Network| n.role == Role::Teacher && n.name == name;
            if !names.contains(&name) && !self.networks.iter().any(teacher) {
                names.push(name);
            }
        }
        names
    }
}
