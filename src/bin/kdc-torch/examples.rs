//! Every example trains: for one epoch, on a few drawn pictures, the teachers that it needs first.

use crate::session::Existing;
use crate::testing::{Folder, alone};
use kdc::cli::files::{Disk, walk};
use kdc::plan::{DataSource, Plan, Weights};
use std::path::Path;

fn shorten(plan: &mut Plan) {
    for data in &mut plan.data {
        if data
            .sources
            .iter()
            .any(|s| matches!(s, DataSource::Shapes { .. }))
        {
            data.sources = vec![DataSource::Shapes {
                train: 48,
                test: 16,
            }];
            data.batch.size = 16;
        }
    }
    for stage in &mut plan.stages {
        stage.epochs = stage.epochs.map(|_| 1);
        stage.steps = stage.steps.map(|_| 3);
        // nothing can be expected of such training
        stage.expect.clear();
    }
    for network in &mut plan.networks {
        if let Weights::Experiment { plan, .. } = &mut network.weights {
            shorten(plan);
        }
    }
}

#[test]
fn every_example_trains() {
    let _alone = alone();
    let folder = Folder::new();
    let examples = walk(Path::new("examples")).expect("the examples are there");
    let mut trained = 0;
    for path in examples {
        let Some(mut plan) = kdc::check(&Disk, &path).plan else {
            continue;
        };
        shorten(&mut plan);
        let done = folder.session().train(&plan, Existing::Replace);
        assert!(done.is_ok(), "{}: {}", path.display(), done.unwrap_err());
        trained += 1;
    }
    assert!(trained >= 6);
}
