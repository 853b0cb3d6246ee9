//! Data of one's own, trained on.

use crate::testing::alone;
use tch::{Device, Kind};

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
    let text = include_str!("../../../../../examples/own_folder.kd");
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
        .train(&plan, crate::session::Existing::Keep)
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
        .train(&plan, crate::session::Existing::Keep)
        .unwrap();
}

/// `examples/tokens_teacher.kd`, on fewer phrases.
#[test]
fn tokens_are_trained_on_and_each_one_counts() {
    let _alone = alone();
    let text = include_str!("../../../../../examples/tokens_teacher.kd");
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
        .train(&plan, crate::session::Existing::Keep)
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
    let page = include_str!("../../../../../docs/texts.md");
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
        .train(&plan, crate::session::Existing::Keep)
        .unwrap();
}
