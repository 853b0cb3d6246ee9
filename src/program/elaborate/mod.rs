//! From trees to values: every expression of a file is followed with what is known when it is compiled.
//!
//! Bodies of models, losses and functions are followed anew at each use, with the shapes and numbers of that
//! use. Nothing fails: what is wrong is reported once and becomes [`Value::Poison`], which spreads silently.

mod access;
mod alone;
mod apply;
mod argument;
mod arithmetic;
mod bind;
mod body;
mod call;
mod chain;
mod definition;
mod expression;
mod layers;
mod names;
mod naming;
mod operation;
mod owned;
mod refused;
mod signature;
mod slice;
mod start;
mod types;
mod unnamed;
mod update;

pub use bind::Bound;
pub use definition::Opened;
pub use naming::Naming;
pub use signature::{Signature, Slot, input_statements};
pub use types::{Clash, is_tensor};
pub use update::Update;

use super::graph::{Graph, NodeIndex, Owner, ParameterId};
use super::load::{DefId, ModuleId, Modules};
use super::value::{Instance, Member, Value};
use crate::diag::{Code, Diagnostic};
use crate::shape::Dim;
use crate::source::Span;
use crate::syntax::ast;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// How much following one experiment may take: far above any real network, far below a second.
const FUEL: u64 = 300_000;

/// Follows the expressions of one experiment, its imports included.
pub struct Elaborator<'m, 'f> {
    pub modules: &'m mut Modules<'f>,
    pub graph: Graph,
    /// The file of the experiment.
    pub root: ModuleId,
    /// What items of files mean, once known.
    items: HashMap<DefId, State>,
    /// The items that are being followed, each needed by the one before, with the place that needs it.
    pub(super) following: Vec<(DefId, String, Span)>,
    /// The definitions that are being followed, to catch those that contain themselves.
    calls: Vec<DefId>,
    /// Fields of data sets that are in use.
    fields: BTreeMap<String, NodeIndex>,
    /// The data sets that they belong to.
    pub data: Vec<crate::plan::DataSet>,
    pub networks: Vec<super::experiment::Network>,
    /// Where weights come from that are not drawn, by the network's name.
    pub origins: Vec<(String, super::experiment::Origin)>,
    /// Teachers that follow a student.
    pub followers: Vec<crate::plan::Follower>,
    pub taps: Vec<super::experiment::Tap>,
    fuel: u64,
    /// While a named layer is applied: parameters of a name that is there are its own, used again.
    sharing: u32,
    /// What states become after each step, in source order.
    pub updates: Vec<Update>,
    /// A definition is followed by itself, not in a use.
    pub(super) checking_alone: bool,
}

enum State {
    InProgress,
    Known(Value),
}

/// Where expressions are followed: a body in one of its uses, or the top of a file.
pub struct Frame {
    pub module: ModuleId,
    pub kind: FrameKind,
    /// In front of the names of what this body owns; empty or ending in no full stop.
    pub path: String,
    pub owner: Owner,
    pub naming: Naming,
    locals: Vec<Local>,
    /// The dimensions that `..S` stands for.
    rests: Vec<(String, Vec<Dim>)>,
    /// While a dimension of an input's type is computed.
    in_dimension: bool,
    /// Names that the body binds further down.
    below: Vec<(String, Span)>,
    /// The states that the body declares.
    states: Vec<(String, ParameterId)>,
    /// What can be tapped, as it comes up.
    pub members: Vec<(String, Member)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// Edges, taps, outputs, networks: sees everything in the file.
    File,
    Model,
    Loss,
    Function,
}

struct Local {
    name: String,
    value: Value,
    span: Span,
    used: bool,
}

impl Frame {
    pub fn new(module: ModuleId, kind: FrameKind, path: &str, owner: Owner) -> Frame {
        Frame {
            module,
            kind,
            path: path.to_string(),
            owner,
            naming: Naming::default(),
            locals: Vec::new(),
            rests: Vec::new(),
            in_dimension: false,
            below: Vec::new(),
            states: Vec::new(),
            members: Vec::new(),
        }
    }

    /// The name of something that the body owns, under its path.
    pub fn full(&self, name: &str) -> String {
        join(&self.path, name)
    }

    /// Moves the frame to another place in the names; where it was.
    fn stands_in(&mut self, path: String, owner: Owner) -> (String, Owner) {
        (
            std::mem::replace(&mut self.path, path),
            std::mem::replace(&mut self.owner, owner),
        )
    }

    fn local(&mut self, name: &str) -> Option<&Value> {
        let (value, _) = self.local_at(name)?;
        Some(value)
    }

    /// The value, and where it is defined.
    fn local_at(&mut self, name: &str) -> Option<(&Value, Span)> {
        let local = self.locals.iter_mut().rev().find(|l| l.name == name)?;
        local.used = true;
        Some((&local.value, local.span))
    }

    pub fn bind(&mut self, name: &str, value: Value, span: Span) {
        self.locals.push(Local {
            name: name.to_string(),
            value,
            span,
            used: false,
        });
    }
}

/// Checks the models, losses and functions of the user's files by themselves. A mistake in one is told once,
/// however often it is used.
pub fn check_definitions(modules: &mut Modules) {
    let ids: Vec<ModuleId> = modules
        .ids()
        .filter(|id| !modules.get(*id).from_library)
        .collect();
    for module in ids {
        let ast = modules.get(module).ast.clone();
        for (item, at) in ast.items.iter().zip(0..) {
            let id = DefId { module, item: at };
            if !matches!(item.kind, ast::ItemKind::Callable(_)) {
                continue;
            }
            let mut elaborator = Elaborator::new(modules, module);
            let sound = elaborator.check_alone(id);
            elaborator.modules.learn_from(&elaborator.graph, &[]);
            if !sound {
                modules.broken.insert(id);
            }
        }
    }
}

/// `a` and `b` as `a.b`; either may be empty.
pub fn join(path: &str, name: &str) -> String {
    match (path, name) {
        ("", name) => name.to_string(),
        (path, "") => path.to_string(),
        (path, name) => format!("{path}.{name}"),
    }
}

impl<'m, 'f> Elaborator<'m, 'f> {
    pub fn new(modules: &'m mut Modules<'f>, root: ModuleId) -> Elaborator<'m, 'f> {
        Elaborator {
            modules,
            graph: Graph::default(),
            root,
            items: HashMap::new(),
            following: Vec::new(),
            calls: Vec::new(),
            fields: BTreeMap::new(),
            data: Vec::new(),
            networks: Vec::new(),
            origins: Vec::new(),
            followers: Vec::new(),
            taps: Vec::new(),
            fuel: FUEL,
            sharing: 0,
            updates: Vec::new(),
            checking_alone: false,
        }
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.modules.diagnostics.push(diagnostic);
    }

    /// Reports and gives what stands for the wrong value.
    pub fn poison(&mut self, diagnostic: Diagnostic) -> Value {
        self.report(diagnostic);
        Value::Poison
    }

    /// The text of a span, for messages.
    pub fn text(&self, span: Span) -> &str {
        self.modules.sources.text(span)
    }

    /// Spends a step of the work that one experiment may take. False when it is used up, which has been
    /// reported then.
    fn spend(&mut self, span: Span) -> bool {
        if self.fuel == 0 {
            return false;
        }
        self.fuel -= 1;
        if self.fuel == 0 {
            self.report(
                Diagnostic::new(Code::E0902, "this experiment is too large to follow")
                    .at(span, "kdc stopped here")
                    .help("look for a `repeat` or `for` that runs far too often"),
            );
        }
        self.fuel > 0
    }

    /// What an item of a file means. `needed` is the place that names it.
    pub fn item(&mut self, id: DefId, needed: Span) -> Value {
        match self.items.get(&id) {
            Some(State::Known(value)) => return value.clone(),
            Some(State::InProgress) => return self.cycle(id, needed),
            None => {}
        }
        let (ast, at) = self.modules.item(id);
        let name = super::load::item_name(&ast.items[at].kind)
            .map_or(String::new(), |name| name.text.clone());
        self.items.insert(id, State::InProgress);
        self.following.push((id, name, needed));
        let value = self.follow_item(id, &ast.items[at]);
        self.following.pop();
        self.items.insert(id, State::Known(value.clone()));
        value
    }

    fn cycle(&mut self, id: DefId, needed: Span) -> Value {
        let start = self
            .following
            .iter()
            .position(|(open, ..)| *open == id)
            .unwrap_or(0);
        let members = self.following[start..].to_vec();
        let names: Vec<String> = members.iter().map(|(_, n, _)| format!("`{n}`")).collect();
        let message = match names.as_slice() {
            [one] => format!("{one} is defined by itself"),
            [first @ .., last] => format!("{} and {last} depend on each other", first.join(", ")),
            [] => return Value::Poison,
        };
        let needs = |i: usize| format!("{} needs {}", names[i], names[(i + 1) % names.len()]);
        let mut diagnostic =
            Diagnostic::new(Code::E0205, message).at(needed, needs(names.len() - 1));
        for (i, (_, _, span)) in members.iter().enumerate().skip(1) {
            diagnostic = diagnostic.also(*span, needs(i - 1));
        }
        self.poison(
            diagnostic.help("values must flow one way: let one of these start from something else"),
        )
    }

    fn follow_item(&mut self, id: DefId, item: &ast::Item) -> Value {
        match &item.kind {
            ast::ItemKind::Callable(_) => self.definition_value(id),
            ast::ItemKind::Constant(binding) => {
                let mut frame = Frame::new(id.module, FrameKind::File, "", Owner::Data);
                self.expression(&mut frame, &binding.value)
            }
            ast::ItemKind::Data(data) => self.data_set(id, data),
            ast::ItemKind::Network(network) => self.network(id, network),
            ast::ItemKind::Tap(tap) => self.tap(id, tap),
            ast::ItemKind::Edge(edge) => self.no_value("an edge", edge.name.as_ref()),
            ast::ItemKind::Train(train) => {
                self.no_value("a stage of training", train.name.as_ref())
            }
            ast::ItemKind::Settings(settings) => self.no_value("settings", Some(&settings.name)),
            ast::ItemKind::Use(_) | ast::ItemKind::Output(_) | ast::ItemKind::Error => {
                Value::Poison
            }
        }
    }

    fn no_value(&mut self, what: &str, name: Option<&ast::Name>) -> Value {
        let needed = self.following.last().map(|(_, _, span)| *span);
        if let (Some(needed), Some(name)) = (needed, name) {
            self.report(
                Diagnostic::new(
                    Code::E0204,
                    format!("`{}` is {what}, not a value", name.text),
                )
                .at(needed, "a value is needed here")
                .note_at(name.span, "it is defined here"),
            );
        }
        Value::Poison
    }

    /// A tensor that a data set's field is.
    pub fn field(
        &mut self,
        data: &crate::plan::DataSet,
        field: &crate::plan::Field,
        span: Span,
    ) -> NodeIndex {
        self.uses_data(data, span);
        let name = data.full_name(field);
        if let Some(known) = self.fields.get(&name) {
            return *known;
        }
        let node = super::graph::Node {
            name: name.clone(),
            named: true,
            what: super::graph::What::Field(name.clone()),
            tensor: super::data::tensor_of(&data.name, field),
            owner: Owner::Data,
            span,
        };
        let index = self.graph.add(node, &[]);
        self.fields.insert(name, index);
        index
    }

    /// Notes that a data set is in use. Two of one name, from two files, could not be told apart.
    fn uses_data(&mut self, data: &crate::plan::DataSet, span: Span) {
        match self.data.iter().find(|known| known.name == data.name) {
            Some(known) if known == data => {}
            Some(_) => {
                let message = format!(
                    "two data sets of this experiment are called `{}`",
                    data.name
                );
                self.report(
                    Diagnostic::new(Code::E0202, message)
                        .at(span, "another one of that name is in use")
                        .help("`use … as …` renames it here only: give one of them another name in its file"),
                );
            }
            None => self.data.push(data.clone()),
        }
    }

    /// The value of a network's name as a tensor: its only output.
    pub fn only_output(&self, instance: &Rc<Instance>) -> Option<Value> {
        match instance.outputs.as_slice() {
            [(_, value)] => Some(value.clone()),
            _ => None,
        }
    }
}
