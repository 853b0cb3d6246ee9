//! Fusing: the mean negative log-likelihood of classes is one operation, as in PyTorch, whose gradient it rounds
//! like.

use super::reorder::readers;
use super::{Node, Program};
use std::collections::HashMap;

/// Makes one `nll_loss` of every `-mean(pick(x, label))` without a mask whose parts nothing else reads, where
/// `pick` takes one number for each sample.
pub fn likelihoods(program: &mut Program) {
    let readers = readers(program);
    let places: HashMap<&str, usize> = (program.nodes.iter().enumerate())
        .map(|(place, node)| (node.value.as_str(), place))
        .collect();
    // the operand of a node, where it is of that operation and only the node reads it
    let operand = |node: &Node, op: &str| {
        let place = *places.get(node.inputs.first()?.as_str())?;
        let found = &program.nodes[place];
        (found.op == op && readers.get(&found.value) == Some(&1)).then_some(place)
    };
    let chains = program.nodes.iter().enumerate().filter_map(|(neg, node)| {
        let mean = (node.op == "neg").then(|| operand(node, "mean"))??;
        let pick = operand(&program.nodes[mean], "pick")?;
        let mean_of = &program.nodes[mean];
        let whole = !mean_of.args.contains_key("dim") && mean_of.inputs.len() == 1;
        (whole && program.nodes[pick].shape.rank() == 1).then_some([pick, mean, neg])
    });
    let mut gone = Vec::new();
    for [pick, mean, neg] in chains.collect::<Vec<_>>() {
        program.nodes[neg].op = "nll_loss".to_string();
        program.nodes[neg].inputs = program.nodes[pick].inputs.clone();
        gone.extend([pick, mean]);
    }
    let mut place = 0;
    program.nodes.retain(|_| {
        place += 1;
        !gone.contains(&(place - 1))
    });
}
