//! Contracting: scores against rows that are taken from a table need no copy of the rows.
//!
//! `table[index] @ v[:, :, none]` copies a row for each score, `[N, K, D]`, which for a memory bank takes gigabytes.
//! The scores against all rows, `v @ transpose(table)`, from which `index` then takes those that are asked for, are
//! `[N, M]`, and a matrix product is worth many such copies.

use super::values::{Values, replace};
use super::{Node, Program};
use crate::shape::Dim;
use std::collections::BTreeMap;

/// As many multiply-adds take the time in which one number is copied and read again.
const WORTH: u64 = 40;

/// Makes one `scores` of every `select(matmul(take(table, index), unsqueeze(v, 2)), 2, 0)` whose parts nothing
/// else reads, where the table is not much longer than what is taken. It rounds in another order.
pub fn scores(program: &mut Program) {
    replace(program, contracted);
}

fn contracted(values: &Values, select: &Node) -> Option<(Node, Vec<String>)> {
    let product = values.only(select, 0, &["matmul"])?;
    let taken = values.only(product, 0, &["take"])?;
    let vector = values.only(product, 1, &["unsqueeze"])?;
    let [table, index] = taken.inputs.as_slice() else {
        return None;
    };
    let table_is = &values.node(table)?.shape.0;
    let rows = table_is.first().and_then(Dim::known)?;
    let count = taken.shape.0.get(1).and_then(Dim::known)?;
    let fits = select.op == "select"
        && (select.has("dim", 2) && select.has("index", 0) && taken.has("dim", 0))
        && (vector.has("dim", 2) && taken.shape.rank() == 3 && table_is.len() == 2)
        && rows <= count.saturating_mul(WORTH);
    let inputs = [table, index, vector.inputs.first()?];
    fits.then(|| {
        let scores = Node {
            op: "scores".to_string(),
            inputs: inputs.map(String::clone).to_vec(),
            args: BTreeMap::new(),
            ..select.clone()
        };
        let gone = [product, taken, vector].map(|node| node.value.clone());
        (scores, gone.to_vec())
    })
}
