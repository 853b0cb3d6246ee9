//! Every example trains: for one epoch, on a few drawn pictures or phrases, the teachers that it needs first.

use crate::parameters::{NamedTensors, Parameters};
use crate::run_folder::{RunFolder, read_tensors};
use crate::session::{Existing, Session, students};
use crate::testing::{Folder, alone};
use kdc::cli::files::{Disk, walk};
use kdc::diag::Severity;
use kdc::plan::{DataSource, Network, Plan, Weights};
use std::path::Path;
use tch::Device;

fn shorten(plan: &mut Plan) {
    for data in &mut plan.data {
        for source in &mut data.sources {
            if let DataSource::Phrases { train, test, .. } = source {
                (*train, *test) = (128, 16);
            }
        }
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

/// None of a library.
fn plan_of(file: &Path) -> Option<Plan> {
    let checked = kdc::check(&Disk, file);
    let mut errors = checked.diagnostics.iter();
    let error = errors.find(|d| d.severity == Severity::Error);
    assert!(error.is_none(), "{}: {error:?}", file.display());
    checked.plan
}

#[test]
fn every_example_trains() {
    let _alone = alone();
    let folder = Folder::new();
    let examples = walk(Path::new("examples")).expect("the examples are there");
    let mut trained = 0;
    for path in examples {
        let Some(mut plan) = plan_of(&path) else {
            continue;
        };
        shorten(&mut plan);
        let session = folder.session();
        let done = session.train(&plan, Existing::Replace);
        assert!(done.is_ok(), "{}: {}", path.display(), done.unwrap_err());
        assert_all_learnt(&plan, &session);
        trained += 1;
    }
    assert!(trained >= 6);
}

/// Whatever a stage lets learn is not as it started.
fn assert_all_learnt(plan: &Plan, session: &Session) {
    let run = RunFolder::of(&session.runs, plan, plan.seeds[0]);
    let mut learnt: NamedTensors = Vec::new();
    let count = students(plan).count();
    for Network { name, .. } in students(plan) {
        let own = read_tensors(&run.weights_path(count, name)).expect("weights");
        learnt.extend((own.into_iter()).map(|(n, tensor)| (format!("{name}.{n}"), tensor)));
    }
    let auxiliary = run.auxiliary_path();
    if auxiliary.exists() {
        learnt.extend(read_tensors(&auxiliary).expect("weights"));
    }
    let teachers = session.teachers(plan).expect("they were trained");
    let sized = session.with_samples(plan).expect("the data were opened");
    let start = Parameters::new(&sized, plan.seeds[0], Device::Cpu, &teachers).unwrap();
    for name in plan.stages.iter().flat_map(|stage| &stage.learns) {
        let (_, end) = (learnt.iter().find(|(n, _)| n == name)).expect("it is saved");
        let start = start.get(name).expect("the plan declares it");
        assert!(!start.equal(end), "{}: `{name}`", plan.experiment);
    }
}
