//! A part of the tree at another place, as when text is inserted before it.

use super::ast::*;
use crate::source::{FileId, Span};

/// Where the same text stands now.
#[derive(Clone, Copy)]
pub(super) struct Move {
    pub file: FileId,
    /// Bytes further on; below zero: back.
    pub by: i64,
}

/// A part of the tree, of which every span can be moved.
pub(super) trait Spans {
    fn shift(&mut self, to: Move);
}

impl Spans for Span {
    fn shift(&mut self, to: Move) {
        let moved = |at: u32| (i64::from(at) + to.by) as u32;
        *self = Span {
            file: to.file,
            start: moved(self.start),
            end: moved(self.end),
        };
    }
}

impl<T: Spans> Spans for Vec<T> {
    fn shift(&mut self, to: Move) {
        self.iter_mut().for_each(|part| part.shift(to));
    }
}

impl<T: Spans> Spans for Option<T> {
    fn shift(&mut self, to: Move) {
        self.iter_mut().for_each(|part| part.shift(to));
    }
}

impl<T: Spans> Spans for Box<T> {
    fn shift(&mut self, to: Move) {
        self.as_mut().shift(to);
    }
}

/// What has no place.
macro_rules! placeless {
    ($($name:ty),*) => {$(
        impl Spans for $name {
            fn shift(&mut self, _: Move) {}
        }
    )*};
}

/// With all fields, so that none can be forgotten.
macro_rules! structs {
    ($($name:ident { $($field:ident),* })*) => {$(
        impl Spans for $name {
            fn shift(&mut self, to: Move) {
                let $name { $($field),* } = self;
                $($field.shift(to);)*
            }
        }
    )*};
}

macro_rules! enums {
    ($($name:ident { $($variant:ident $(($($part:ident),*))? $({ $($field:ident),* })?,)* })*) => {$(
        impl Spans for $name {
            fn shift(&mut self, to: Move) {
                match self {$(
                    $name::$variant $(($($part),*))? $({ $($field),* })? => {
                        let _ = to;
                        $($($part.shift(to);)*)?
                        $($($field.shift(to);)*)?
                    }
                )*}
            }
        }
    )*};
}

placeless! { String, i64, f64, bool, CallableKind, Role, UnaryOp, BinaryOp }

structs! {
    Item { doc, kind, span }
    Name { text, span }
    Str { text, span }
    Use { from, names }
    UseName { name, alias }
    Callable { kind, name, params, body }
    Param { name, ty, default, span }
    Type { name, args, shape, span }
    Shape { dims, span }
    Stmt { doc, kind, span }
    Binding { name, value }
    Data { name, value, fields }
    Network { role, name, value, from }
    Edge { name, source, target, loss, weight }
    Train { name, on, settings }
    SettingsItem { name, settings }
    OutputItem { network, output, value }
    Expr { kind, span }
    Step { layer, label }
    Arg { name, value }
}

enums! {
    ItemKind {
        Use(part), Callable(part), Data(part), Network(part), Tap(part), Edge(part), Train(part),
        Settings(part), Output(part), Constant(part), Error,
    }
    UseFrom { File(path), Library(name), }
    Body { Block(stmts), Expr(value), Error, }
    Dim { Expr(value), Rest(name), }
    StmtKind {
        Input { name, ty, default },
        Output { name, value },
        Param { name, ty, value },
        State { name, ty, value },
        Update { name, index, value },
        Init { of, role, value },
        Require { condition, message },
        Bind { pattern, value },
        Error,
    }
    Pattern { Name(name), Tuple(names, span), }
    Field { Setting { name, value }, Bind { pattern, value }, Error, }
    From { File { path, name }, Call(call), }
    Setting { Spread(name), Set { name, value }, Error, }
    ExprKind {
        Int(value), Float(value), Str(value), Bool(value), None, Name(value), Paren(inner), Tuple(parts), List(parts),
        If { condition, then, otherwise },
        For { pattern, iterable, body },
        Call { callee, args },
        Index { base, index },
        Member { base, name },
        Unary { op, operand },
        Binary { op, op_span, left, right },
        Chain { head, steps },
        Error,
    }
    Index { At(value), Slice(from, until), }
}
