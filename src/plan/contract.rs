//! Contracting: scores against rows that are taken from a table need no copy of the rows.
//!
//! `table[index] @ v[:, :, none]` copies a row for each score, `[N, K, D]`, which for a memory bank takes gigabytes.
//! The scores against all rows, `v @ transpose(table)`, from which `index` then takes those that are asked for, are
//! `[N, M]`, and a matrix product is worth many such copies.

use super::reorder::readers;
use super::{Arg, Node, Program};
use crate::shape::Dim;
use std::collections::HashMap;

/// As many multiply-adds take the time in which one number is copied and read again.
const WORTH: u64 = 40;

/// Makes one `scores` of every `select(matmul(take(table, index), unsqueeze(v, 2)), 2, 0)` whose parts nothing
/// else reads, where the table is not much longer than what is taken. It rounds in another order.
pub fn scores(program: &mut Program) {
    let readers = readers(program);
    let places: HashMap<&str, usize> = (program.nodes.iter().enumerate())
        .map(|(place, node)| (node.value.as_str(), place))
        .collect();
    let operand = |node: &Node, number: usize, op: &str| {
        let found = &program.nodes[*places.get(node.inputs.get(number)?.as_str())?];
        (found.op == op && readers.get(&found.value) == Some(&1)).then_some(found)
    };
    let whole = |name: &str| places.get(name).map(|place| &program.nodes[*place]);
    let contracted = |select: &Node| {
        let product = operand(select, 0, "matmul")?;
        let taken = operand(product, 0, "take")?;
        let vector = operand(product, 1, "unsqueeze")?;
        let [table, index] = taken.inputs.as_slice() else {
            return None;
        };
        let table_is = &whole(table)?.shape.0;
        let rows = table_is.first().and_then(Dim::known)?;
        let count = taken.shape.0.get(1).and_then(Dim::known)?;
        let fits = select.op == "select"
            && (has(select, "dim", 2) && has(select, "index", 0) && has(taken, "dim", 0))
            && (has(vector, "dim", 2) && taken.shape.rank() == 3 && table_is.len() == 2)
            && rows <= count.saturating_mul(WORTH);
        let inputs = [table, index, vector.inputs.first()?];
        let gone = [product, taken, vector].map(|node| node.value.clone());
        fits.then(|| (inputs.map(String::clone).to_vec(), gone))
    };
    let found: Vec<_> = program.nodes.iter().map(contracted).collect();
    let mut gone = Vec::new();
    for (node, found) in program.nodes.iter_mut().zip(found) {
        if let Some((inputs, unread)) = found {
            node.op = "scores".to_string();
            node.inputs = inputs;
            node.args.clear();
            gone.extend(unread);
        }
    }
    program.nodes.retain(|node| !gone.contains(&node.value));
}

fn has(node: &Node, name: &str, value: i64) -> bool {
    node.args.get(name) == Some(&Arg::Int(value))
}
