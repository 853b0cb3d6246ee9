//! Several data sets in one stage: one makes the epochs, the others go round beside it.

use super::Edge;
use super::train::Training;
use crate::diag::{Code, Diagnostic};
use crate::plan::DataSource;
use crate::program::elaborate::Elaborator;
use crate::program::graph::What;
use std::collections::BTreeSet;

impl Elaborator<'_, '_> {
    /// What trains is tested on samples of its own.
    pub(super) fn tests_are_there(&mut self, training: &Training) {
        for stage in &training.stages {
            if stage.data.sources.iter().all(DataSource::has_test) {
                continue;
            }
            let message = format!("the data set `{}` has no test samples", stage.data.name);
            self.report(
                Diagnostic::new(Code::E0409, message)
                    .at(stage.span, "trains on it")
                    .help("name a file of them: `csv(\"train.csv\", test: \"test.csv\")`"),
            );
        }
    }

    /// A step takes as many samples from each data set that its edges read, since `N` is one number.
    pub(super) fn batches_match(&mut self, training: &Training, edges: &[Option<Edge>]) {
        for stage in &training.stages {
            let of_stage = stage
                .edges
                .iter()
                .filter_map(|edge| edges.get(*edge)?.as_ref());
            let needed = self.graph.needed(of_stage.map(|edge| edge.loss));
            let read: BTreeSet<&str> = needed
                .into_iter()
                .filter_map(|node| match &self.graph.node(node).what {
                    What::Field(field) => field.split_once('.').map(|(set, _)| set),
                    What::Operation { .. } => None,
                })
                .collect();
            let main = &stage.data;
            let others = self.data.iter().filter(|set| read.contains(&*set.name));
            let wrong: Vec<_> = others
                .filter(|set| set.name != main.name && set.batch.size != main.batch.size)
                .map(|set| {
                    format!(
                        "a step takes as many samples from `{}` as from `{}`, but their batches have {} and {}",
                        set.name, main.name, set.batch.size, main.batch.size
                    )
                })
                .collect();
            for message in wrong {
                self.report(
                    Diagnostic::new(Code::E0408, message)
                        .at(stage.span, format!("`{}` makes the epochs", main.name))
                        .help("give both the same batch size"),
                );
            }
        }
    }
}
