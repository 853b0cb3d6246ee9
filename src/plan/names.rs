//! What values are called in a plan: as the file names them, else by the operation; no two the same.

use crate::program::graph::{Graph, NodeIndex};
use std::collections::{HashMap, HashSet};

pub struct Names {
    names: Vec<String>,
}

impl Names {
    pub fn new(graph: &Graph) -> Names {
        let mut names = vec![String::new(); graph.len()];
        let mut taken: HashSet<String> = HashSet::new();
        let mut count: HashMap<String, usize> = HashMap::new();
        // names that the user gave come first, so that no made-up name takes one of them
        for named in [true, false] {
            for index in graph.indices().filter(|i| graph.node(*i).named == named) {
                let wanted = &graph.node(index).name;
                let mut name = wanted.clone();
                while !taken.insert(name.clone()) {
                    let n = count.entry(wanted.clone()).or_insert(1);
                    *n += 1;
                    name = format!("{wanted}#{n}");
                }
                names[index.index()] = name;
            }
        }
        Names { names }
    }

    pub fn of(&self, index: NodeIndex) -> &str {
        &self.names[index.index()]
    }
}
