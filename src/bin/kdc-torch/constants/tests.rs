//! Keeping what teachers give changes no bit, whichever way it is kept.

use super::*;
use crate::data::Feed;
use crate::testing::{Folder, STUDENT, alone, data, parameters, plan, plan_with};
use kdc::plan::cache::Store;
use kdc::plan::{PictureChange, Plan, Transform, When};
use std::fs;
use std::rc::Rc;

/// What an experiment of some epochs gives: the losses of all steps, bit by bit, and what was said.
struct Run {
    losses: Vec<Vec<f64>>,
    remarks: Vec<String>,
    kept: &'static str,
    /// That went through the teachers.
    answered: u64,
}

fn run(plan: &Plan, answers: &Answers) -> Run {
    let (data, parameters) = (Rc::new(data(plan)), parameters(plan, 3));
    let stage = &plan.stages[0];
    let mut trainer = Trainer::new(stage, &data.fields(), &parameters, None).unwrap();
    let said = RefCell::new(Vec::new());
    let request = Request {
        stage,
        data: &data,
        parameters: &parameters,
        passes: 3,
        say: &|remark| said.borrow_mut().push(remark.to_string()),
    };
    let constants = answers.of_stage(&request, &mut trainer).unwrap();
    let feed = Feed::new(data, Vec::new(), 3);
    let mut losses = Vec::new();
    for epoch in 1..=3 {
        let epoch = feed.epoch(epoch).unwrap();
        constants.prepare(&epoch, &mut trainer).unwrap();
        for step in 0..feed.steps() {
            let (index, batch) = epoch.batch(step).unwrap();
            let known = constants.of((&epoch, step), &index, &batch, &mut trainer);
            let losses_of_step = trainer.step(&batch, &known.unwrap()).unwrap().losses;
            let bits = Vec::<f64>::try_from(losses_of_step.to_kind(tch::Kind::Double));
            losses.push(bits.unwrap());
        }
    }
    Run {
        losses,
        remarks: said.take(),
        kept: match &*constants {
            Constants::Kept(_) => "kept",
            Constants::Seen(_) => "seen",
            Constants::Recomputed => "recomputed",
        },
        answered: trainer.times().answered,
    }
}

fn keeping(mut plan: Plan, keep: Keep) -> Plan {
    plan.decide_caches(Some(keep));
    plan
}

fn files(folder: &Folder) -> Vec<PathBuf> {
    let entries = fs::read_dir(&folder.0).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn no_way_of_keeping_changes_a_bit() {
    let _alone = alone();
    let expected = run(&keeping(plan(STUDENT), Keep::Off), &Answers::new("".into()));
    assert_eq!((expected.kept, expected.answered), ("recomputed", 270));
    for keep in [Keep::Auto, Keep::Memory, Keep::Disk] {
        let folder = Folder::new();
        let plan = keeping(plan(STUDENT), keep);
        let answers = Answers::new(folder.0.clone());
        let first = run(&plan, &answers);
        // two batches to see whether answers depend on the company, then three for the 90 samples, of 32 each
        assert_eq!(
            (first.kept, first.answered),
            ("kept", 160),
            "{:?}",
            first.remarks
        );
        assert_eq!(first.losses, expected.losses, "{keep:?}");
        let again = run(&plan, &answers);
        assert_eq!((again.losses, again.answered), (expected.losses.clone(), 0));
        let other_process = run(&plan, &Answers::new(folder.0.clone()));
        assert_eq!(other_process.losses, expected.losses);
        let reused = keep != Keep::Memory;
        assert_eq!(
            other_process.answered == 0,
            reused,
            "{:?}",
            other_process.remarks
        );
        assert_eq!(files(&folder).len(), usize::from(reused));
    }
}

/// Half the bytes, as nothing is lost: they are such numbers.
#[test]
fn answers_in_bf16_are_kept_in_bf16() {
    let _alone = alone();
    let text = STUDENT.replace("epochs: 2", "epochs: 2, precision: bf16");
    let expected = run(&keeping(plan(&text), Keep::Off), &Answers::new("".into()));
    let folder = Folder::new();
    for plan in [plan(&text), plan(&text).fast()] {
        let cache = plan.stages[0].cache.as_ref().unwrap();
        // the map, [4, 8, 8], and ten logits
        assert_eq!((cache.store, cache.bytes), (Store::Bf16, 2 * (4 * 64 + 10)));
        let kept = run(&plan, &Answers::new(folder.0.clone()));
        assert_eq!(kept.kept, "kept");
        let again = run(&plan, &Answers::new(folder.0.clone()));
        assert_eq!(kept.losses, again.losses);
        if plan.mode == kdc::plan::Mode::Exact {
            assert_eq!(kept.losses, expected.losses);
        }
    }
}

#[test]
fn a_file_that_is_not_whole_and_the_same_is_never_read() {
    let _alone = alone();
    let folder = Folder::new();
    let plan = keeping(plan(STUDENT), Keep::Auto);
    let good = run(&plan, &Answers::new(folder.0.clone()));
    let path = files(&folder).remove(0);
    let bytes = fs::read(&path).unwrap();
    let flipped = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cases = [
        (bytes[..bytes.len() - 9].to_vec(), "cut off"),
        (bytes[..20].to_vec(), "no file of answers"),
        (
            b"something else altogether, and long enough".to_vec(),
            "no file of answers",
        ),
        (flipped(bytes.len() - 200), "checksum"),
        // a digit of the hash of a weight
        (
            {
                let text = String::from_utf8_lossy(&bytes[..2000]).into_owned();
                flipped(text.find("weights").unwrap() + 60)
            },
            "something else",
        ),
    ];
    for (damaged, why) in cases {
        fs::write(&path, damaged).unwrap();
        let run = run(&plan, &Answers::new(folder.0.clone()));
        assert_eq!(run.losses, good.losses, "{why}");
        assert!(run.remarks[0].contains(why), "{:?}", run.remarks);
        assert_eq!(fs::read(&path).unwrap(), bytes, "it is written anew: {why}");
    }
}

#[test]
fn where_nothing_can_be_written_the_teachers_answer_in_each_step() {
    let _alone = alone();
    let folder = Folder::new();
    let file = folder.0.join("file");
    fs::write(&file, "no folder").unwrap();
    let run = run(&keeping(plan(STUDENT), Keep::Disk), &Answers::new(file));
    let last = run.remarks.last().unwrap();
    assert!(
        last.starts_with("the teachers answer in each step: `"),
        "{last}"
    );
    assert!(last.contains("cannot be written"), "{last}");
    // two batches of 32 that tell whether answers depend on the company, one that is not kept, then three epochs
    assert_eq!((run.kept, run.answered), ("recomputed", 3 * 32 + 270));
}

#[test]
fn other_weights_have_other_answers() {
    let _alone = alone();
    let plan = keeping(plan(STUDENT), Keep::Auto);
    let (data, parameters) = (data(&plan), parameters(&plan, 3));
    let key = || key::key(&plan.stages[0], &data, &parameters).unwrap();
    let before = key();
    assert_eq!(before, key());
    let weight = parameters.get("deep.features.0.weight");
    let mut weight = weight.expect("a weight").get(0);
    let _ = weight.g_add_scalar_(1e-3);
    assert_ne!(before, key());
}

/// The image is cropped and flipped: 18 views of each, so that the third epoch sees some again.
fn augmented() -> Plan {
    let mut plan = plan(STUDENT);
    let field = plan.data[0].fields.iter_mut().find(|f| f.name == "image");
    field.expect("an image").augmented = true;
    for change in [
        PictureChange::Flip { probability: 0.5 },
        PictureChange::Crop {
            size: (32, 32),
            padding: 1,
        },
    ] {
        let change = Transform::Picture {
            field: "image".into(),
            when: When::Training,
            change,
        };
        plan.data[0].transforms.insert(0, change);
    }
    plan
}

#[test]
fn views_are_kept_as_they_come_up() {
    let _alone = alone();
    let off = keeping(augmented(), Keep::Off);
    let expected = run(&off, &Answers::new("".into()));
    let plan = keeping(augmented(), Keep::Memory);
    assert_eq!(plan.stages[0].cache.as_ref().unwrap().views, 18);
    let answers = Answers::new("".into());
    let first = run(&plan, &answers);
    assert_eq!(first.kept, "seen", "{:?}", first.remarks);
    assert_eq!(first.losses, expected.losses);
    let again = run(&plan, &answers);
    assert_eq!((again.losses, again.answered), (expected.losses, 0));
}

#[test]
fn what_depends_on_the_batch_is_not_kept() {
    let _alone = alone();
    let teacher = "
        use \"data.kd\"::images
        model Deep() {
            input image: [N, 3, 32, 32]
            features = image -> conv2d(4, kernel: 3, padding: 1) -> relu -> max_pool2d(4)
            raw = features -> flatten -> linear(10)
            output logits = raw - mean(raw, dim: 0, keep: true)
        }
        student deep = Deep()
        edge images.label ~> deep.logits by cross_entropy
        train on images { epochs: 2, optimizer: adam(lr: 0.001), seed: 42 }
    ";
    let plan = keeping(plan_with(STUDENT, teacher), Keep::Memory);
    let run = run(&plan, &Answers::new("".into()));
    assert_eq!(run.kept, "recomputed");
    assert!(
        run.remarks[0].contains("come together"),
        "{:?}",
        run.remarks
    );
}
