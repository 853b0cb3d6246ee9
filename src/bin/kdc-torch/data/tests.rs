use super::*;
use crate::interpreter::Executable;
use crate::parameters::Parameters;
use crate::testing::{alone, teacher_plan};
use std::collections::HashMap;
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
    let order = |seed, epoch| Vec::<i64>::try_from(data.shuffled(seed, epoch).unwrap()).unwrap();
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
    let index = Tensor::arange(32, (Kind::Int64, Device::Cpu));
    let image = |seed, epoch, step| {
        let moment = Moment { seed, epoch, step };
        data.train
            .gather_at(moment, &index)
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

#[test]
fn flips_are_even_and_exact() {
    let _alone = alone();
    let flip = plan::PictureChange::Flip { probability: 0.5 };
    let data = DataSet::open(&augmented(flip), Device::Cpu).unwrap();
    let index = Tensor::arange(90, (Kind::Int64, Device::Cpu));
    let moment = Moment {
        seed: 1,
        epoch: 1,
        step: 0,
    };
    let seen = &data.train.gather_at(moment, &index).unwrap().fields[0];
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

/// `examples/own_folder.kd`, on a few pictures that are written to a folder first.
#[test]
fn a_folder_of_ones_own_is_trained_on() {
    let _alone = alone();
    let folder = crate::testing::Folder::new();
    for (split, name) in [
        (kdc::data::shapes::Split::Train, "train"),
        (kdc::data::shapes::Split::Test, "test"),
    ] {
        let drawn = kdc::data::shapes::draw(split, 40);
        let pictures = drawn.images.chunks(kdc::data::shapes::PICTURE);
        for (i, (planes, label)) in pictures.zip(&drawn.labels).enumerate() {
            let class = kdc::data::shapes::CLASSES[usize::from(*label)];
            let path = folder.0.join("pictures").join(name).join(class);
            std::fs::create_dir_all(&path).unwrap();
            let picture = image::RgbImage::from_fn(32, 32, |x, y| {
                let at = |plane: u32| planes[(1024 * plane + 32 * y + x) as usize];
                image::Rgb([at(0), at(1), at(2)])
            });
            picture.save(path.join(format!("{i}.png"))).unwrap();
        }
    }
    let text = include_str!("../../../../examples/own_folder.kd");
    let path = folder.0.join("pictures");
    let text = text
        .replace("data/pictures", &path.to_string_lossy())
        .replace("epochs: 10", "epochs: 2");
    let plan = crate::testing::plan(&text);
    let session = folder.session();
    let data = session.data(&plan.data[0]).unwrap();
    assert!(data.source.starts_with("folder("), "{}", data.source);
    assert_eq!((data.train.samples, data.test.samples), (36, 40));
    // what evaluation sees of a picture of the right size is the picture
    let seen = &data.test.range(0, 1).unwrap().fields[0];
    assert_eq!(seen.size(), [1, 3, 32, 32]);
    session
        .train(&plan, crate::session::Existing::Refuse)
        .unwrap();
}

/// Pictures beside numbers: two inputs, two things to learn.
#[test]
fn a_table_of_pictures_and_numbers_is_trained_on() {
    let _alone = alone();
    let folder = crate::testing::Folder::new();
    let mut rows = String::from("file,grams,species,age\n");
    for i in 0..20u32 {
        let (width, height) = (20 + i % 5, 18 + i % 7);
        let picture = image::RgbImage::from_pixel(width, height, image::Rgb([i as u8, 90, 7]));
        picture.save(folder.0.join(format!("{i}.png"))).unwrap();
        let species = ["wren", "eagle"][i as usize % 2];
        rows.push_str(&format!("{i}.png,{},{species},{}\n", 10 * i, i % 4));
    }
    std::fs::write(folder.0.join("birds.csv"), rows).unwrap();
    let text = r#"
        data birds = csv("DIR/birds.csv", test: "DIR/birds.csv") {
            image  = column("file") -> load_image("DIR")
                -> augment(random_resized_crop(16) -> flip, otherwise: resize(18) -> center_crop(16))
                -> normalize(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
            weight = column("grams") -> number -> scale(0.1) -> standardize
            label  = column("species") -> class(2)
            age    = column("age") -> number
            batch: 8
        }
        model Bird(classes: int) {
            input image: [N, 3, 16, 16]
            input weight: [N]
            body = image -> conv2d(4, kernel: 3, stride: 4) -> relu -> global_avg_pool
            both = concat((body, weight[:, none]), dim: 1)
            output logits = both -> linear(classes)
            output age    = both -> linear(1) -> squeeze(dim: 1)
        }
        student net = (birds.image, birds.weight) -> Bird(2)
        edge birds.label ~> net.logits by cross_entropy
        edge birds.age   ~> net.age    by mse weight 0.1
        train on birds { epochs: 2, optimizer: adamw(lr: 0.001) }
    "#;
    let plan = crate::testing::plan(&text.replace("DIR", &folder.0.to_string_lossy()));
    let session = folder.session();
    let data = session.data(&plan.data[0]).unwrap();
    let place = data
        .fields()
        .iter()
        .position(|f| f == "birds.weight")
        .unwrap();
    let weight = &data.train.range(0, 20).unwrap().fields[place];
    assert!(weight.mean(Kind::Double).double_value(&[]).abs() < 1e-6);
    assert!((weight.std(false).double_value(&[]) - 1.0).abs() < 1e-6);
    session
        .train(&plan, crate::session::Existing::Refuse)
        .unwrap();
}

/// `examples/tokens_teacher.kd`, on fewer phrases.
#[test]
fn tokens_are_trained_on_and_each_one_counts() {
    let _alone = alone();
    let text = include_str!("../../../../examples/tokens_teacher.kd");
    let text = text
        .replace("phrases()", "phrases(train: 256, test: 20, length: 16)")
        .replace("epochs: 8", "epochs: 3");
    let plan = crate::testing::plan(&text);
    let folder = crate::testing::Folder::new();
    let session = folder.session();
    let data = session.data(&plan.data[0]).unwrap();
    let batch = data.train.range(0, 4).unwrap();
    let [ids, label] = batch.fields.as_slice() else {
        panic!("two fields");
    };
    assert_eq!((ids.size(), label.size()), (vec![4, 16], vec![4, 16]));
    assert!(ids.narrow(1, 1, 15).equal(&label.narrow(1, 0, 15)));
    session
        .train(&plan, crate::session::Existing::Refuse)
        .unwrap();
    let parameters =
        crate::parameters::Parameters::new(&plan, 42, Device::Cpu, &Default::default());
    let evaluation = &plan.evaluations[0];
    let answers = crate::evaluate::evaluate(evaluation, &parameters.unwrap(), &data, &data.test);
    // a share of 20 · 16 tokens
    let tokens = answers.unwrap().accuracy().unwrap() * 320.0;
    assert!((tokens - tokens.round()).abs() < 1e-9, "{tokens}");
}

/// The first experiment of `docs/texts.md`, and what it trains.
#[test]
fn texts_of_ones_own_are_trained_on() {
    let _alone = alone();
    let folder = crate::testing::Folder::new();
    let rows = [
        "the fox jumps,animal",
        "knowledge flows,thing",
        "the lazy dog,animal",
    ];
    let text = format!("text,topic\n{}\n", rows.repeat(4).join("\n"));
    for name in ["reviews.csv", "reviews_test.csv"] {
        std::fs::write(folder.0.join(name), &text).unwrap();
    }
    let page = include_str!("../../../../docs/texts.md");
    let block = page.split("```kd,file=reviews.kd\n").nth(1).unwrap();
    let vocabulary = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/tokens/uncased/vocab.txt"
    );
    let text = block.split("```").next().unwrap();
    let text = text
        .replace("data/vocab.txt", vocabulary)
        .replace("\"data/", &format!("\"{}/", folder.0.to_string_lossy()))
        .replace("length: 64", "length: 8, vocab: 160")
        .replace("= 30522", "= 160")
        .replace("dim: 128, depth: 4", "dim: 16, depth: 1")
        .replace("class(3)", "class(2)")
        .replace("classes: int = 3", "classes: int = 2");
    let plan = crate::testing::plan(&text);
    let session = folder.session();
    let data = session.data(&plan.data[0]).unwrap();
    let ids = &data.train.range(0, 12).unwrap().fields[0];
    assert_eq!(ids.size(), [12, 8]);
    session
        .train(&plan, crate::session::Existing::Refuse)
        .unwrap();
}

/// Two texts; the words of the second have no class.
const TAGGED: &str = r#"
    data words = jsonl("PATH", test: "PATH") {
        (ids, kinds, mask, word) = column("words") -> wordpiece("VOCABULARY", length: 8, vocab: 160)
        label = column("tags") -> align(word) -> class(3, ignore: -1)
        batch: 2
    }
    model Tagger() {
        input ids: id(160)[N, L]
        output logits = ids -> embedding(160, 3)
    }
    student a = Tagger()
    student b = Tagger()
    edge plain:    words.label ~> a.logits by cross_entropy
    edge weighted: words.label ~> a.logits by cross_entropy(weights: [1, 2, 4])
    edge smoothed: words.label ~> a.logits by cross_entropy(smoothing: 0.1)
    edge soft:     b.logits    ~> a.logits by soft_target(T: 2, mask: words.mask)
    edge other:    words.label ~> b.logits by cross_entropy
    train on words { epochs: 1, optimizer: sgd(lr: 0.1) }
"#;

/// The values of the edges of [`TAGGED`] on its samples, and what is needed to compute them otherwise.
struct Tagged {
    values: HashMap<String, f64>,
    logits: [Tensor; 2],
    label: Tensor,
    mask: Tensor,
    accuracy: f64,
}

/// Those of two samples from `start` on.
fn tagged(rows: &str, start: i64) -> Tagged {
    let folder = crate::testing::Folder::new();
    let path = folder.0.join("words.jsonl");
    std::fs::write(&path, rows).unwrap();
    let vocabulary = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/tokens/uncased/vocab.txt"
    );
    let text = TAGGED.replace("PATH", &path.to_string_lossy());
    let plan = crate::testing::plan(&text.replace("VOCABULARY", vocabulary));
    let data = DataSet::open(&plan.data[0], Device::Cpu).unwrap();
    let parameters = Parameters::new(&plan, 3, Device::Cpu, &HashMap::new()).unwrap();
    let batch = data.train.range(start, 2).unwrap();
    let fields = data.fields();
    let field = |name: &str| {
        let place = fields.iter().position(|field| field == name).unwrap();
        batch.fields[place].shallow_clone()
    };
    let inputs: Vec<&Tensor> = batch.fields.iter().collect();
    let stage = &plan.stages[0];
    let mut step = Executable::new(&stage.step, &fields, &parameters).unwrap();
    let outputs = step.run(&inputs, 2).unwrap();
    let value = |edge: &plan::EdgeLoss| {
        let place = stage
            .step
            .outputs
            .iter()
            .position(|name| *name == edge.value);
        (edge.name.clone(), outputs[place.unwrap()].double_value(&[]))
    };
    let logits = |name: &str| {
        let words = parameters.get(&format!("{name}.logits.weight")).unwrap();
        words.index_select(0, &field("words.ids").flatten(0, 1))
    };
    let evaluation = &plan.evaluations[0];
    let answers = crate::evaluate::evaluate(evaluation, &parameters, &data, &data.test).unwrap();
    Tagged {
        values: stage.edges.iter().map(value).collect(),
        logits: [logits("a"), logits("b")],
        label: field("words.label").flatten(0, 1),
        mask: field("words.mask").flatten(0, 1),
        accuracy: answers.accuracy().unwrap(),
    }
}

#[test]
fn labels_that_do_not_count_are_left_out_of_losses_and_accuracy() {
    let _alone = alone();
    let tagged = tagged(
        r#"{"words": ["the", "lazy", "dog"], "tags": [0, -1, 2]}
           {"words": ["fox", "jumps"], "tags": [-1, 1]}"#,
        0,
    );
    let [a, b] = &tagged.logits;
    let expected = |weights: Option<&Tensor>, smoothing| {
        let mean = tch::Reduction::Mean;
        let loss = a.cross_entropy_loss(&tagged.label, weights, mean, -100, smoothing);
        loss.double_value(&[])
    };
    let weights = Tensor::from_slice(&[1.0f32, 2.0, 4.0]);
    let log = |logits: &Tensor| (logits / 2.0).log_softmax(-1, Kind::Float);
    let kl = (log(b).exp() * (log(b) - log(a))).sum_dim_intlist(-1, false, None::<Kind>);
    let soft = kl.masked_select(&tagged.mask).mean(None::<Kind>) * 4.0;
    for (edge, expected) in [
        ("plain", expected(None, 0.0)),
        ("weighted", expected(Some(&weights), 0.0)),
        ("smoothed", expected(None, 0.1)),
        ("soft", soft.double_value(&[])),
    ] {
        let found = tagged.values[edge];
        assert!(
            (found - expected).abs() < 1e-6,
            "{edge}: {found}, not {expected}"
        );
    }
    let counted = tagged.label.ge(0);
    assert_eq!(counted.sum(Kind::Int64).int64_value(&[]), 3);
    let right = a
        .argmax(-1, false)
        .eq_tensor(&tagged.label)
        .sum(Kind::Int64);
    assert!((tagged.accuracy - right.int64_value(&[]) as f64 / 3.0).abs() < 1e-9);
}

#[test]
fn a_batch_in_which_nothing_counts_gives_nothing() {
    let _alone = alone();
    let tagged = tagged(
        r#"{"words": ["the"], "tags": [0]}
           {"words": ["fox"], "tags": [1]}
           {"words": ["dog"], "tags": [-1]}
           {"words": [], "tags": []}"#,
        2,
    );
    for edge in ["plain", "weighted", "smoothed"] {
        assert_eq!(tagged.values[edge], 0.0, "{edge}");
    }
    assert!(tagged.values["soft"].is_finite());
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
        .train(&plan, crate::session::Existing::Refuse)
        .unwrap();
}
