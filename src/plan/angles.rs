//! Angles between differences: the cosines at each sample between the directions to two others need no differences.
//!
//! `unit @ transpose(unit)`, where `unit` is the normalised `e[none, :, :] - e[:, none, :]`, goes through `[N, N, D]`
//! several times. All inner products of differences follow from those of the samples, `[N, N]`:
//! `(e_j - e_i)·(e_k - e_i) = g_jk - g_ij - g_ik + g_ii`.

use super::values::{Values, replace};
use super::{Node, Program};
use std::collections::BTreeMap;

/// As long as rows must be: what comes of them is `[N, N, N]` in any case.
const WORTH: u64 = 64;

/// Makes one `angles` of every `matmul(unit, transpose(unit, 1, 2))` whose parts nothing else reads. It rounds less: the
/// engine takes the products in float64, since what is left of them is small where samples are near each other.
pub fn products(program: &mut Program) {
    replace(program, contracted);
}

fn contracted(values: &Values, product: &Node) -> Option<(Node, Vec<String>)> {
    let transpose = values.only(product, 1, &["transpose"])?;
    let unit = values.node(product.inputs.first()?)?;
    let difference = values.only(unit, 0, &["sub"])?;
    let [one, other] = [0, 1].map(|operand| values.only(difference, operand, &["unsqueeze"]));
    let (one, other) = (one?, other?);
    let rows = one.inputs.first()?;
    let shape = &one.shape.0;
    let long = shape.len() == 3 && shape[2].known().is_some_and(|length| length >= WORTH);
    let across = [(0, 1), (1, 0)];
    let across = across
        .iter()
        .any(|(a, b)| one.has("dim", *a) && other.has("dim", *b));
    let fits = (product.op == "matmul" && unit.op == "l2norm" && long && across)
        && (transpose.inputs == [unit.value.clone()] && other.inputs.first() == Some(rows))
        && (values.readers(&unit.value) == 2 && unit.has("dim", 2))
        && (transpose.has("a", 1) && transpose.has("b", 2));
    fits.then(|| {
        let angles = Node {
            op: "angles".to_string(),
            inputs: vec![rows.clone()],
            args: BTreeMap::new(),
            ..product.clone()
        };
        let gone = [transpose, unit, difference, one, other].map(|node| node.value.clone());
        (angles, gone.to_vec())
    })
}
