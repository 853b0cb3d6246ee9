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
    for number in 1..=3 {
        let epoch = feed.epoch(number).unwrap();
        let later = feed.epochs(number + 1..=3);
        let remarks = constants.prepare(&epoch, later, &mut trainer).unwrap();
        said.borrow_mut().extend(remarks);
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

/// The place of a digit of the hash of a weight in the head of a file.
fn in_a_weight(file: &[u8]) -> usize {
    let name = b"weights";
    let place = file.windows(name.len()).position(|part| part == name);
    place.unwrap() + 60
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
        (flipped(in_a_weight(&bytes)), "something else"),
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

/// How many views three epochs show, as many whole batches.
fn views_in_batches(plan: &Plan) -> u64 {
    let data = Rc::new(data(plan));
    let draws = kdc::plan::cache::draws(&plan.stages[0], &data.plan).unwrap();
    let feed = Feed::new(data, Vec::new(), 3);
    let mut views = std::collections::HashSet::new();
    for epoch in feed.epochs(1..=3) {
        for step in 0..feed.steps() {
            views.extend(epoch.as_ref().unwrap().views(step, &draws).unwrap());
        }
    }
    (views.len() as u64).next_multiple_of(32)
}

#[test]
fn views_are_kept_as_they_come_up() {
    let _alone = alone();
    let off = keeping(augmented(), Keep::Off);
    let expected = run(&off, &Answers::new("".into()));
    for keep in [Keep::Memory, Keep::Disk] {
        let folder = Folder::new();
        let plan = keeping(augmented(), keep);
        assert_eq!(plan.stages[0].cache.as_ref().unwrap().views, 18);
        let answers = Answers::new(folder.0.clone());
        let first = run(&plan, &answers);
        assert_eq!(first.kept, "seen", "{:?}", first.remarks);
        assert_eq!(first.losses, expected.losses);
        // two batches to see whether answers depend on the company; no batch is filled up but the last of all
        assert_eq!(first.answered, 2 * 32 + views_in_batches(&plan));
        let again = run(&plan, &answers);
        assert_eq!((again.losses, again.answered), (expected.losses.clone(), 0));
        assert_eq!(files(&folder).len(), usize::from(keep == Keep::Disk));
    }
}

fn without_views(file: &[u8]) -> &[u8] {
    let magic = b"kdc views 1\n".len();
    let length = u64::from_le_bytes(file[magic..magic + 8].try_into().unwrap()) as usize;
    &file[..(magic + 8 + length).next_multiple_of(4096)]
}

/// A run may be killed at any place, and a disk may fail: what is whole is used, the rest is answered again.
#[test]
fn views_in_a_file_are_trusted_one_by_one() {
    let _alone = alone();
    let folder = Folder::new();
    let plan = keeping(augmented(), Keep::Disk);
    let good = run(&plan, &Answers::new(folder.0.clone()));
    let path = files(&folder).remove(0);
    let bytes = fs::read(&path).unwrap();
    let flipped = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cases = [
        (bytes.clone(), 0),
        (bytes[..bytes.len() - 5].to_vec(), 32),
        (flipped(bytes.len() - 200), 32),
        // as if nothing had been written yet
        (without_views(&bytes).to_vec(), views_in_batches(&plan)),
    ];
    for (damaged, again) in cases {
        for keep in [Keep::Disk, Keep::Memory, Keep::Auto] {
            fs::write(&path, &damaged).unwrap();
            let plan = keeping(augmented(), keep);
            let run = run(&plan, &Answers::new(folder.0.clone()));
            assert_eq!(run.losses, good.losses, "{keep:?}: {:?}", run.remarks);
            if keep == Keep::Disk {
                assert_eq!(run.answered, again);
            }
        }
    }
    for (damaged, why) in [
        (bytes[..20].to_vec(), "no file of answers"),
        (flipped(in_a_weight(&bytes)), "something else"),
    ] {
        fs::write(&path, damaged).unwrap();
        let run = run(&plan, &Answers::new(folder.0.clone()));
        assert_eq!(run.losses, good.losses, "{why}");
        assert!(run.remarks[0].contains(why), "{:?}", run.remarks);
        assert_eq!(fs::read(&path).unwrap(), bytes, "it is written anew: {why}");
    }
}

/// The second reads what the first has written, and writes nothing.
#[test]
fn two_runs_do_not_write_one_file_of_views() {
    let _alone = alone();
    let folder = Folder::new();
    let plan = keeping(augmented(), Keep::Disk);
    let writes = Answers::new(folder.0.clone());
    let first = run(&plan, &writes);
    let path = files(&folder).remove(0);
    let bytes = fs::read(&path).unwrap();
    let head = without_views(&bytes);
    fs::write(&path, head).unwrap();
    let second = run(&plan, &Answers::new(folder.0.clone()));
    assert_eq!(second.losses, first.losses);
    // all in each step
    assert_eq!(second.answered, 270, "{:?}", second.remarks);
    assert_eq!(fs::read(&path).unwrap(), head);
    drop(writes);
}

#[test]
fn views_that_cannot_be_written_are_answered_in_each_step() {
    let _alone = alone();
    let folder = Folder::new();
    let file = folder.0.join("file");
    fs::write(&file, "no folder").unwrap();
    let run = run(&keeping(augmented(), Keep::Disk), &Answers::new(file));
    let last = run.remarks.last().unwrap();
    assert!(last.contains("cannot be written"), "{last}");
    assert_eq!((run.kept, run.answered), ("recomputed", 2 * 32 + 270));
}

fn rounded(plan: Plan, store: &str) -> Plan {
    let text = STUDENT.replace("epochs: 2", &format!("epochs: 2, store: {store}"));
    let mut rounded = crate::testing::plan(&text);
    rounded.data = plan.data;
    rounded
}

#[test]
fn answers_are_rounded_where_the_file_asks_for_it() {
    let _alone = alone();
    for given in [plan(STUDENT), augmented()] {
        let exact = run(
            &keeping(given.clone(), Keep::Memory),
            &Answers::new("".into()),
        );
        for (store, error) in [("f16", 1e-3), ("bf16", 1e-2)] {
            let plan = keeping(rounded(given.clone(), store), Keep::Disk);
            let cache = plan.stages[0].cache.as_ref().unwrap();
            assert_eq!(cache.bytes, 2 * (4 * 64 + 10));
            assert!(cache.reason.contains(&format!("rounded to {store}")));
            let folder = Folder::new();
            let first = run(&plan, &Answers::new(folder.0.clone()));
            assert_ne!(first.losses, exact.losses);
            for (a, b) in first.losses.concat().iter().zip(exact.losses.concat()) {
                assert!((a - b).abs() < error, "{a} {b}");
            }
            let again = run(&plan, &Answers::new(folder.0.clone()));
            assert_eq!((again.losses, again.answered), (first.losses, 0));
        }
    }
}

/// A number that f16 cannot hold does not become infinite.
#[test]
fn too_large_for_f16() {
    let _alone = alone();
    let teacher = "
        use \"data.kd\"::images
        model Deep() {
            input image: [N, 3, 32, 32]
            features = image -> conv2d(4, kernel: 3, padding: 1) -> relu -> max_pool2d(4)
            raw = features -> flatten -> linear(10)
            output logits = 100000.0 * raw
        }
        student deep = Deep()
        edge images.label ~> deep.logits by cross_entropy
        train on images { epochs: 2, optimizer: adam(lr: 0.001), seed: 42 }
    ";
    for augmented in [None, Some(augmented().data)] {
        let with = |store: &str, keep| {
            let student = STUDENT.replace("epochs: 2", &format!("epochs: 2, store: {store}"));
            let mut plan = plan_with(&student, teacher);
            plan.data = augmented.clone().unwrap_or(plan.data);
            keeping(plan, keep)
        };
        let expected = run(&with("f32", Keep::Off), &Answers::new("".into()));
        let run = run(&with("f16", Keep::Memory), &Answers::new("".into()));
        let said = run.remarks.concat();
        assert!(said.contains("f16 ends at 65504"), "{said}");
        assert_eq!(run.losses, expected.losses);
    }
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
