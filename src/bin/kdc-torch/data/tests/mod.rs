mod entities;
mod labels;
mod training;

use super::*;
use crate::testing::{alone, teacher_plan};
use tch::Kind;

fn plan() -> plan::DataSet {
    teacher_plan().data.remove(0)
}

#[test]
fn images_are_scaled_as_torchvision_does() {
    let _alone = alone();
    let data = DataSet::open(&plan(), Device::Cpu).unwrap();
    let batch = data.train.range(0, 2).unwrap();
    let byte = data.train.tensor(0).double_value(&[1, 2, 3, 4]) as f32;
    let expected = (byte / 255.0 - 0.406f32) / 0.225f32;
    assert_eq!(batch.fields[0].double_value(&[1, 2, 3, 4]) as f32, expected);
    assert_eq!(batch.fields[0].size(), [2, 3, 32, 32]);
    assert_eq!(batch.fields[1].kind(), Kind::Int64);
}

#[test]
fn held_out_samples_are_not_trained_on() {
    let _alone = alone();
    let mut plan = plan();
    plan.hold_out = Some(0.2);
    let data = DataSet::open(&plan, Device::Cpu).unwrap();
    let apart = data.hold_out.as_ref().unwrap();
    assert_eq!((apart.samples, data.train.samples), (18, 72));
    for i in 0..apart.samples {
        let image = apart.tensor(0).get(i);
        let same = (0..data.train.samples).any(|j| data.train.tensor(0).get(j) == image);
        assert!(!same, "{i}");
    }
}

#[test]
fn the_last_batch_is_kept_unless_dropped() {
    let _alone = alone();
    let mut plan = plan();
    let steps = |plan: &plan::DataSet| DataSet::open(plan, Device::Cpu).unwrap().steps();
    assert_eq!(steps(&plan), 3);
    plan.batch.drop_last = true;
    assert_eq!(steps(&plan), 2);
}

#[test]
fn a_folder_that_is_not_there_is_passed_over_and_said() {
    let _alone = alone();
    let mut plan = plan();
    let path = "no/such/folder".to_string();
    plan.sources.insert(0, plan::DataSource::Cifar10 { path });
    let data = DataSet::open(&plan, Device::Cpu).unwrap();
    assert_eq!(data.source, "shapes(train: 90, test: 40)");
    assert_eq!(data.passed_over, ["there is no `no/such/folder`"]);
    plan.sources.truncate(1);
    let failure = DataSet::open(&plan, Device::Cpu).err().unwrap();
    assert!(failure.to_string().contains("no/such/folder"));
}

#[test]
fn every_epoch_has_an_order_of_its_own() {
    let _alone = alone();
    let data = DataSet::open(&plan(), Device::Cpu).unwrap();
    let order = |seed, epoch| data.shuffled(seed, epoch);
    assert_eq!(order(1, 1), order(1, 1));
    assert_ne!(order(1, 1), order(1, 2));
    assert_ne!(order(1, 1), order(2, 1));
}

/// Two views of a picture, one before and one after it is changed, and places.
fn fields_plan() -> plan::DataSet {
    let mut plan = plan();
    let real = plan.fields[0].clone();
    let normalize = plan.transforms.remove(0);
    plan.transforms = vec![
        plan::Transform::Copy {
            field: "plain".into(),
            from: "image".into(),
        },
        normalize.clone(),
        plan::Transform::Copy {
            field: "twice".into(),
            from: "image".into(),
        },
        plan::Transform::Normalize {
            field: "twice".into(),
            mean: vec![0.0, 1.0, 2.0],
            std: vec![1.0, 2.0, 4.0],
        },
    ];
    for name in ["plain", "twice"] {
        plan.fields.push(plan::Field {
            name: name.into(),
            ..real.clone()
        });
    }
    plan.fields.push(plan::Field {
        name: "index".into(),
        kind: plan::FieldKind::Index,
        shape: kdc::shape::Shape(vec![kdc::shape::Dim::batch()]),
        augmented: false,
        channels_last: false,
    });
    plan
}

#[test]
fn a_field_starts_as_what_another_is_at_that_point() {
    let _alone = alone();
    let before = DataSet::open(&plan(), Device::Cpu).unwrap();
    let before = &before.train.range(0, 3).unwrap().fields[0];
    let data = DataSet::open(&fields_plan(), Device::Cpu).unwrap();
    let batch = data.train.range(0, 3).unwrap();
    let [image, _, plain, twice, index] = batch.fields.as_slice() else {
        panic!("five fields");
    };
    assert!(image.equal(before), "a copy changes nothing");
    let byte = data.train.tensor(0).double_value(&[1, 2, 3, 4]) as f32;
    assert_eq!(plain.double_value(&[1, 2, 3, 4]) as f32, byte / 255.0);
    let expected = (image.double_value(&[1, 2, 3, 4]) as f32 - 2.0) / 4.0;
    assert_eq!(twice.double_value(&[1, 2, 3, 4]) as f32, expected);
    assert_eq!(Vec::<i64>::try_from(index).unwrap(), [0, 1, 2]);
}

#[test]
fn places_count_the_samples_that_are_trained_on() {
    let _alone = alone();
    let mut plan = fields_plan();
    plan.hold_out = Some(0.2);
    let data = DataSet::open(&plan, Device::Cpu).unwrap();
    let places = data.train.gather(&Tensor::from_slice(&[71i64, 3])).unwrap();
    let places = Vec::<i64>::try_from(&places.fields[4]).unwrap();
    assert_eq!(places, [71, 3]);
}

#[test]
fn data_sets_beside_go_round_in_orders_of_their_own() {
    let _alone = alone();
    let named = |name: &str, train| {
        let mut plan = fields_plan();
        plan.name = name.into();
        plan.sources = vec![plan::DataSource::Shapes { train, test: 10 }];
        Rc::new(DataSet::open(&plan, Device::Cpu).unwrap())
    };
    let feed = Feed::new(named("main", 90), vec![named("other", 40)], 5);
    assert_eq!(feed.fields()[9], "other.index");
    let mut seen = Vec::new();
    for epoch in [1, 2] {
        let epoch = feed.epoch(epoch).unwrap();
        for step in 0..feed.steps() {
            let (index, batch) = epoch.batch(step).unwrap();
            assert!(batch.fields[4].equal(&index));
            let places = Vec::<i64>::try_from(&batch.fields[9]).unwrap();
            assert_eq!(places.len() as i64, batch.size);
            seen.extend(places);
        }
    }
    assert_eq!(seen.len(), 180);
    let rounds: Vec<&[i64]> = seen.chunks(40).collect();
    for round in &rounds[..4] {
        let mut sorted = round.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..40).collect::<Vec<i64>>());
    }
    assert_ne!(rounds[0], rounds[1]);
    assert_ne!(rounds[1], rounds[2]);
}

/// The pictures are flipped, or shifted by up to two pixels.
fn augmented(change: plan::PictureChange) -> plan::DataSet {
    let mut plan = plan();
    plan.fields[0].augmented = true;
    plan.transforms.insert(
        0,
        plan::Transform::Picture {
            field: "image".into(),
            when: plan::When::Training,
            change,
        },
    );
    plan
}

#[test]
fn augmentation_follows_the_seed_and_the_epoch_and_spares_evaluation() {
    let _alone = alone();
    let crop = plan::PictureChange::Crop {
        size: (32, 32),
        padding: 2,
    };
    let data = DataSet::open(&augmented(crop), Device::Cpu).unwrap();
    let plain = DataSet::open(&plan(), Device::Cpu).unwrap();
    let places: Vec<i64> = (0..32).collect();
    let index = Tensor::from_slice(&places);
    let image = |seed, epoch, step| {
        let moment = Moment { seed, epoch, step };
        data.train
            .gather_at(moment, &places, &index)
            .unwrap()
            .fields
            .remove(0)
    };
    assert!(image(1, 1, 0).equal(&image(1, 1, 0)));
    for (seed, epoch, step) in [(2, 1, 0), (1, 2, 0), (1, 1, 1)] {
        assert!(!image(1, 1, 0).equal(&image(seed, epoch, step)));
    }
    let evaluated = &data.train.gather(&index).unwrap().fields[0];
    assert!(evaluated.equal(&plain.train.gather(&index).unwrap().fields[0]));
}

/// On a GPU a picture alone is not worth a kernel.
#[test]
fn pictures_that_are_changed_one_by_one_are_told() {
    let flip = plan::PictureChange::Flip { probability: 0.5 };
    let jitter = plan::PictureChange::ColorJitter {
        brightness: 0.5,
        contrast: 0.0,
        saturation: 0.0,
        hue: 0.0,
    };
    for (change, expected) in [(flip, false), (jitter, true)] {
        let recipe = Recipe::new(&augmented(change), Device::Cpu).unwrap();
        let one_by_one = |name: &str| {
            let slot = recipe.columns.iter().position(|column| column == name);
            recipe.changes_one_by_one(slot.unwrap())
        };
        assert_eq!(
            (one_by_one("image"), one_by_one("label")),
            (expected, false)
        );
    }
}

#[test]
fn flips_are_even_and_exact() {
    let _alone = alone();
    let flip = plan::PictureChange::Flip { probability: 0.5 };
    let data = DataSet::open(&augmented(flip), Device::Cpu).unwrap();
    let places: Vec<i64> = (0..90).collect();
    let index = Tensor::from_slice(&places);
    let moment = Moment {
        seed: 1,
        epoch: 1,
        step: 0,
    };
    let seen = &data
        .train
        .gather_at(moment, &places, &index)
        .unwrap()
        .fields[0];
    let plain = &data.train.gather(&index).unwrap().fields[0];
    let mirrored = plain.flip([3]);
    let flipped = (0..90).filter(|i| {
        let (seen, plain) = (seen.get(*i), plain.get(*i));
        assert!(seen.equal(&plain) || seen.equal(&mirrored.get(*i)));
        !seen.equal(&plain)
    });
    let flipped = flipped.count();
    assert!((30..60).contains(&flipped), "{flipped}");
}

#[test]
fn each_data_set_has_a_number_of_samples_of_its_own() {
    let _alone = alone();
    let plan = crate::testing::plan(
        r#"
        data images = shapes(train: 90, test: 10) -> batch(10)
        data others = shapes(train: 40, test: 10) { picture = image, batch: 10 }
        model Net() {
            input image: [N, 3, 32, 32]
            output logits = image -> flatten -> linear(10)
        }
        loss remembering(student: [N, D], index: id(M)) {
            state bank: [M, D] = zeros()
            update bank[index] = student
            output mean((student - bank[index])^2)
        }
        student light = images.image -> Net()
        student dark  = others.picture -> Net()
        edge ce:  images.label ~> light.logits by cross_entropy
        edge one: images.index ~> light.logits by remembering
        edge two: others.index ~> dark.logits  by remembering
        train on images { epochs: 1, optimizer: sgd(lr: 0.01) }"#,
    );
    let folder = crate::testing::Folder::new();
    let session = folder.session();
    let sized = session.with_samples(&plan).unwrap();
    let shape = |name: &str| {
        let bank = sized.parameters.iter().find(|p| p.name == name).unwrap();
        bank.shape.to_string()
    };
    assert_eq!(
        (shape("one.bank"), shape("two.bank")),
        ("[90, 10]".into(), "[40, 10]".into())
    );
    session
        .train(&plan, crate::session::Existing::Keep)
        .unwrap();
}
