use super::{gives, infer, refusal};
use crate::program::ops::{Value, find};

#[test]
fn slices_stay_within() {
    gives(
        "narrow",
        &[
            (&["[N, 10]"], "start: 3, length: 4, dim: 1", "[N, 4]"),
            (&["[N, 10]"], "start: -3, length: 3, dim: 1", "[N, 3]"),
            (&["[N, K]"], "start: 1, length: ?, dim: 1", "[N, ?]"),
            (
                &["id(9)[N, L]"],
                "start: 0, length: 1, dim: 1",
                "id(9)[N, 1]",
            ),
            (&["[N, 10]"], "start: 0, length: N, dim: 0", "[N, 10]"),
            (
                &["[N, 10]"],
                "start: 0, length: 4, dim: 0",
                "dimension 0 of `[N, 10]` cannot be cut: `N` is known only in the run",
            ),
        ],
    );
    assert_eq!(
        refusal("narrow", &["[N, 10]"], "start: 8, length: 4, dim: 1"),
        "E0303: the slice 8:12 reaches beyond dimension 1 of `[N, 10]`\n\
         Argument(\"start\"): there are 10 entries\n\
         8 + 4 = 12, of 10"
    );
    gives(
        "select",
        &[
            (&["[N, 10, D]"], "index: -1, dim: 1", "[N, D]"),
            (
                &["[N, 10]"],
                "index: 10, dim: 1",
                "there is no entry 10 in dimension 1 of `[N, 10]`",
            ),
            (&["[N, 10]"], "index: 0, dim: 0", "[10]"),
            (
                &["[N, 10]"],
                "index: 1, dim: 0",
                "dimension 0 of `[N, 10]` cannot be cut: `N` is known only in the run",
            ),
        ],
    );
}

#[test]
fn take_replaces_a_dimension_by_those_of_the_index() {
    gives(
        "take",
        &[
            (&["[M, 128]", "id(M)[N, 9]"], "", "[N, 9, 128]"),
            (&["[N, 10, D]", "id(3)[4, 2]"], "dim: 1", "[N, 4, 2, D]"),
            (&["[10, 3]", "class(10)[N]"], "", "[N, 3]"),
            (
                &["[5, 3]", "id(7)[N]"],
                "",
                "ids below 7 cannot choose among 5 entries",
            ),
        ],
    );
}

#[test]
fn parts_are_equal() {
    gives(
        "chunk",
        &[
            (&["[N, 12, D]"], "parts: 3, dim: 1", "[N, 4, D]"),
            (&["[N, 3*D]"], "parts: 3, dim: -1", "[N, D]"),
            (&["[N, C]"], "parts: 2, dim: 1", "[N, ?]"),
        ],
    );
    assert_eq!(
        refusal("chunk", &["[N, 7]"], "parts: 2, dim: 1"),
        "E0302: `chunk` cannot divide 7 into 2 equal parts\n\
         Argument(\"parts\"): does not divide 7\n\
         dimension 1 of `[N, 7]` is 7"
    );
    gives(
        "unbind",
        &[
            (&["[3, N, D]"], "", "[N, D]"),
            (
                &["[N, 3]"],
                "",
                "dimension 0 of `[N, 3]` cannot be cut: `N` is known only in the run",
            ),
            (
                &["[N, 2000]"],
                "dim: 1",
                "`unbind` would give 2000 tensors, more than 1024",
            ),
        ],
    );
}

#[test]
fn parts_start_where_the_one_before_ends() {
    let op = find("chunk").unwrap();
    let x = super::tensor("[N, 12]");
    let arguments = super::values(op, "parts: 3, dim: 1");
    assert!(infer("chunk", &["[N, 12]"], "parts: 3, dim: 1").is_ok());
    let parts = op.parts(&[x], &arguments).unwrap().unwrap();
    let starts = parts.iter().map(|part| part.arguments[0].clone());
    assert!(starts.eq([0, 4, 8].map(|start| ("start", Value::Int(start)))));
}
