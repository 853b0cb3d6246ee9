//! What holds for the table as a whole.

use super::super::torch_names::{self, Answer};
use super::super::{Default, FAMILIES, Input, all, find};
use std::collections::HashSet;

#[test]
fn names_are_unique() {
    let mut seen = HashSet::new();
    for op in all() {
        assert!(seen.insert(op.name), "{}", op.name);
        let names = op.inputs.iter().map(|input| input.name);
        let mut own = HashSet::new();
        for name in names.chain(op.arguments.iter().map(|a| a.name)) {
            assert!(own.insert(name), "{name} of {}", op.name);
        }
    }
}

#[test]
fn documentation_is_complete() {
    for op in all() {
        assert!(op.doc.contains("\n\nPyTorch: "), "{}", op.name);
        let first = op.summary();
        assert!(
            first.ends_with(['.', '`']) || first.contains(". "),
            "{first}"
        );
        assert!(first.len() < 110, "{first}");
        for argument in op.arguments {
            assert!(!argument.doc.is_empty() && !argument.doc.ends_with('.'));
        }
    }
    assert!(FAMILIES.iter().all(|family| !family.operations.is_empty()));
}

#[test]
fn defaults_lie_within_their_bounds_and_positional_arguments_come_first() {
    for op in all() {
        let named = op.arguments.iter().skip_while(|a| a.positional);
        assert!(named.clone().all(|a| !a.positional), "{}", op.name);
        for argument in op.arguments {
            if let Default::Same(other) = argument.default {
                assert_eq!(op.argument(other).unwrap().kind, argument.kind);
            }
        }
        assert!(op.inputs.len() == 1 || !op.inputs.iter().any(|Input { many, .. }| *many));
    }
}

#[test]
fn signatures_read_like_kd() {
    let signature = |name| find(name).unwrap().signature();
    assert_eq!(
        signature("max_pool2d"),
        "max_pool2d(x: [N, C, H, W], kernel: int or (h, w), stride: int or (h, w) = kernel, \
         padding: int or (h, w) = 0)"
    );
    assert_eq!(
        signature("where"),
        "where(condition: bool[..], a: [..] or number, b: [..] or number)"
    );
    assert_eq!(
        signature("concat"),
        "concat(tensors: (any[..], …), dim: int = 0)"
    );
    assert_eq!(
        signature("sum"),
        "sum(x: [..], dim: int or list(int) = none, keep: bool = false)"
    );
    assert_eq!(
        signature("l2norm"),
        "l2norm(x: [..], dim: int = 1, eps: float = 1e-12)"
    );
}

#[test]
fn pytorchs_names_are_known() {
    for (torch, kd) in [
        ("nn.Conv2d", "conv2d"),
        ("torch.nn.Conv2d", "conv2d"),
        ("nn.ReLU", "relu"),
        ("F.relu", "relu"),
        ("ReLU6", "relu6"),
        ("nn.Flatten", "flatten"),
        ("view", "reshape"),
        ("torch.cat", "concat"),
        ("nn.CrossEntropyLoss", "cross_entropy"),
        ("nn.KLDivLoss", "soft_target"),
    ] {
        assert_eq!(
            torch_names::callable(torch),
            Some(Answer::Name(kd)),
            "{torch}"
        );
    }
    assert_eq!(torch_names::callable("relu"), None);
    assert_eq!(torch_names::callable("residual"), None);
}

#[test]
fn pytorchs_arguments_are_known() {
    assert_eq!(
        torch_names::argument("conv2d", "kernel_size"),
        Some(Answer::Name("kernel"))
    );
    assert_eq!(
        torch_names::argument("conv2d", "in_channels"),
        Some(Answer::LeaveOut("the input's channels are known"))
    );
    assert_eq!(
        torch_names::argument("embedding", "embedding_dim"),
        Some(Answer::Name("features"))
    );
    assert_eq!(torch_names::argument("relu", "embedding_dim"), None);
    assert!(torch_names::word("padding", "same").is_some());
    assert!(torch_names::word("padding", "reflect").is_none());
}

#[test]
fn an_answer_is_given_only_where_it_fits() {
    assert_eq!(torch_names::argument("relu", "kernel_size"), None);
    assert_eq!(
        torch_names::argument("max_pool2d", "kernel_size"),
        Some(Answer::Name("kernel"))
    );
}
