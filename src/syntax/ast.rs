//! The tree of a `.kd` file: owned, spanned, and there whatever the text was like.
//!
//! What could not be read is an `Error` node; its diagnostic has been given already, and no later
//! pass may give another for it. Brackets that group are kept (`Paren`).

use crate::source::{FileId, Span};

#[derive(Clone, Debug, PartialEq)]
pub struct File {
    pub id: FileId,
    pub items: Vec<Item>,
}

/// A word that names something. Ticks (`` `any` ``) are gone from the text but not from the span.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

/// A string with its escapes undone. The span includes the quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Str {
    pub text: String,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The `///` lines above, joined by newlines, without the slashes and one following blank.
    pub doc: Option<String>,
    pub kind: ItemKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    Use(Use),
    /// `model`, `loss` or `fn`.
    Callable(Callable),
    Data(Data),
    Network(Network),
    Tap(Binding),
    Edge(Edge),
    Train(Train),
    Settings(SettingsItem),
    Output(OutputItem),
    /// `imagenet = statistics(…)`
    Constant(Binding),
    Error,
}

/// `use models::{DeepNN, LightNN as Light}` or `use "cifar10.kd"::images`
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    pub from: UseFrom,
    pub names: Vec<UseName>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum UseFrom {
    File(Str),
    Library(Name),
}

#[derive(Clone, Debug, PartialEq)]
pub struct UseName {
    pub name: Name,
    pub alias: Option<Name>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallableKind {
    Model,
    Loss,
    Fn,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Callable {
    pub kind: CallableKind,
    pub name: Name,
    pub params: Vec<Param>,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: Name,
    pub ty: Type,
    pub default: Option<Expr>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Block(Vec<Stmt>),
    /// `fn f(x: [N]) = x + 1`
    Expr(Expr),
    Error,
}

/// `class(C)[N, L]`, `list(int)`, `float`, `[N, C]`
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    pub name: Option<Name>,
    /// As expressions: `list(list(int))` has the call `list(int)` here.
    pub args: Vec<Expr>,
    pub shape: Option<Shape>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub dims: Vec<Dim>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Dim {
    Expr(Expr),
    /// `..S`
    Rest(Name),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    pub doc: Option<String>,
    pub kind: StmtKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    Input {
        name: Name,
        ty: Type,
        default: Option<Expr>,
    },
    Output {
        name: Option<Name>,
        value: Expr,
    },
    /// `param cls_token: [1, 1, dim] = trunc_normal(0.02)`
    Param {
        name: Name,
        ty: Type,
        value: Expr,
    },
    State {
        name: Name,
        ty: Type,
        value: Expr,
    },
    Update {
        name: Name,
        index: Option<Vec<Index>>,
        value: Expr,
    },
    /// `init conv2d.weight = kaiming_normal(mode: fan_out)`
    Init {
        /// An operation, or a name of the body.
        of: Name,
        /// `weight`, of a layer.
        role: Option<Name>,
        value: Expr,
    },
    Require {
        condition: Expr,
        message: Option<Str>,
    },
    Bind {
        pattern: Pattern,
        value: Expr,
    },
    Error,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    Name(Name),
    Tuple(Vec<Name>, Span),
}

impl Pattern {
    pub fn names(&self) -> Vec<&Name> {
        match self {
            Pattern::Name(name) => vec![name],
            Pattern::Tuple(names, _) => names.iter().collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    pub name: Name,
    pub value: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    pub name: Name,
    pub value: Expr,
    pub fields: Option<Vec<Field>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// `batch: 64`
    Setting {
        name: Name,
        value: Expr,
    },
    /// `image = column("x") -> …`
    Bind {
        pattern: Pattern,
        value: Expr,
    },
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Teacher,
    Student,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    pub role: Role,
    pub name: Name,
    pub value: Option<Expr>,
    pub from: Option<From>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// `from "teacher.kd"::deep`
    File { path: Str, name: Option<Name> },
    /// `from weights("x.pth", key: "model")`
    Call(Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    pub name: Option<Name>,
    pub source: Expr,
    pub target: Expr,
    pub loss: Expr,
    pub weight: Option<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Train {
    pub name: Option<Name>,
    pub on: Vec<Name>,
    pub settings: Vec<Setting>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SettingsItem {
    pub name: Name,
    pub settings: Vec<Setting>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// `..recipe`
    Spread(Name),
    Set {
        name: Name,
        value: Expr,
    },
    Error,
}

/// `output light.logits = lifted -> deep.fc`
#[derive(Clone, Debug, PartialEq)]
pub struct OutputItem {
    pub network: Name,
    pub output: Name,
    pub value: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Int(i64),
    Float(f64),
    Str(String),
    Bool(bool),
    None,
    Name(String),
    /// `(e)`
    Paren(Box<Expr>),
    /// `(a, b)`, `(a,)`, `()`
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    If {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    For {
        pattern: Pattern,
        iterable: Box<Expr>,
        body: Box<Expr>,
    },
    Call {
        callee: Box<Expr>,
        args: Vec<Arg>,
    },
    Index {
        base: Box<Expr>,
        index: Vec<Index>,
    },
    Member {
        base: Box<Expr>,
        name: Name,
    },
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        /// The operator itself.
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `head -> step -> step as label`
    Chain {
        head: Box<Expr>,
        steps: Vec<Step>,
    },
    Error,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub layer: Expr,
    pub label: Option<Name>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    pub name: Option<Name>,
    pub value: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Index {
    At(Expr),
    Slice(Option<Expr>, Option<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    Neg,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    Or,
    And,
    Eq,
    Ne,
    Le,
    Ge,
    Lt,
    Gt,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    MatMul,
    Pow,
}

impl BinaryOp {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Or => "or",
            BinaryOp::And => "and",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Le => "<=",
            BinaryOp::Ge => ">=",
            BinaryOp::Lt => "<",
            BinaryOp::Gt => ">",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
            BinaryOp::MatMul => "@",
            BinaryOp::Pow => "^",
        }
    }
}

impl Expr {
    /// The expression inside any grouping brackets.
    pub fn bare(&self) -> &Expr {
        match &self.kind {
            ExprKind::Paren(inner) => inner.bare(),
            _ => self,
        }
    }

    /// Whether it is just this name.
    pub fn is_name(&self, name: &str) -> bool {
        matches!(&self.kind, ExprKind::Name(n) if n == name)
    }
}
