//! Data sets: loaded once, resident on the device, batched by index.

mod cifar;
mod feed;
mod files;
mod folder;
mod mix;
mod mnist;
mod picture;
mod recipe;
mod samples;
mod source;
mod split;
mod table;

pub use feed::{Epoch, Feed};
pub use recipe::Moment;
pub use split::Split;

use crate::failure::Result;
use crate::random::{derive_seed, permutation};
use kdc::plan;
use recipe::Recipe;
use source::Found;
use split::Columns;
use std::rc::Rc;
use tch::{Device, Tensor};

pub struct DataSet {
    pub plan: plan::DataSet,
    /// The source that was taken, as it was written.
    pub source: String,
    /// Why those before it were not.
    pub passed_over: Vec<String>,
    pub hash: String,
    pub train: Split,
    /// Samples of the training data that are kept apart.
    pub hold_out: Option<Split>,
    pub test: Split,
    device: Device,
}

/// The samples of one step.
pub struct Batch {
    /// In the order of [`DataSet::fields`].
    pub fields: Vec<Tensor>,
    pub size: i64,
}

impl DataSet {
    /// Finds, reads and uploads the data.
    pub fn open(plan: &plan::DataSet, device: Device) -> Result<DataSet> {
        let found = source::find(&plan.sources)?;
        DataSet::new(plan, found, device)
    }

    fn new(plan: &plan::DataSet, found: Found, device: Device) -> Result<DataSet> {
        let mut recipe = Recipe::new(plan, device)?;
        let mut train = Columns::upload(&recipe.columns, &found.splits.train, device)?;
        let hold_out = plan.hold_out.map(|fraction| train.split_off(fraction));
        let hold_out = hold_out.transpose()?;
        recipe.fit(plan, &train)?;
        let recipe = Rc::new(recipe);
        let split = |columns| Split::new(columns, &recipe);
        let test = Columns::upload(&recipe.columns, &found.splits.test, device)?;
        Ok(DataSet {
            plan: plan.clone(),
            source: found.source,
            passed_over: found.passed_over,
            hash: found.hash,
            train: split(train),
            hold_out: hold_out.map(split),
            test: split(test),
            device,
        })
    }

    /// The names of a batch's values: `images.image`.
    pub fn fields(&self) -> Vec<String> {
        let fields = self.plan.fields.iter();
        fields
            .map(|field| format!("{}.{}", self.plan.name, field.name))
            .collect()
    }

    pub fn batch_size(&self) -> i64 {
        self.plan.batch.size as i64
    }

    /// The steps of an epoch.
    pub fn steps(&self) -> i64 {
        let (samples, size) = (self.train.samples, self.batch_size());
        if self.plan.batch.drop_last {
            samples / size
        } else {
            (samples + size - 1) / size
        }
    }

    /// The order of the training samples in an epoch: PyTorch's `randperm` from a generator seeded with
    /// `derive_seed("shuffle", seed, epoch)`.
    pub fn shuffled(&self, seed: u64, epoch: u64) -> Result<Tensor> {
        let order = permutation(
            self.train.samples as usize,
            derive_seed("shuffle", seed, epoch),
        );
        self.on_device(&order)
    }

    fn on_device(&self, index: &[i64]) -> Result<Tensor> {
        Ok(Tensor::f_from_slice(index)?.f_to_device(self.device)?)
    }
}

#[cfg(test)]
mod tests {
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
        let order =
            |seed, epoch| Vec::<i64>::try_from(data.shuffled(seed, epoch).unwrap()).unwrap();
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
        let answers =
            crate::evaluate::evaluate(evaluation, &parameters.unwrap(), &data, &data.test);
        // a share of 20 · 16 tokens
        let tokens = answers.unwrap().accuracy().unwrap() * 320.0;
        assert!((tokens - tokens.round()).abs() < 1e-9, "{tokens}");
    }
}
