//! Data sets: loaded once, resident on the device, batched by index.

mod cifar10;
mod source;

use crate::failure::{Failure, Result};
use crate::random::{derive_seed, permutation};
use kdc::plan::{self, FieldKind, Transform};
use source::{Found, IMAGE, Samples};
use tch::{Device, Kind, TchError, Tensor};

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

/// Samples, as they lie on the device.
pub struct Split {
    /// In the order of [`DataSet::fields`].
    columns: Vec<Column>,
    pub samples: i64,
}

struct Column {
    /// Bytes of images, or whole numbers.
    values: Tensor,
    /// None for whole numbers.
    scaling: Option<Scaling>,
}

/// How bytes become real numbers: to 0…1, then `(x - mean) / std` for each mean and deviation, which are
/// `[C, 1, 1]`.
struct Scaling {
    normalize: Vec<(Tensor, Tensor)>,
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
        let upload = |samples| Split::upload(plan, samples, device);
        let mut train = upload(&found.splits.train)?;
        let test = upload(&found.splits.test)?;
        let hold_out = plan
            .hold_out
            .map(|fraction| train.split_off(fraction))
            .transpose()?;
        Ok(DataSet {
            plan: plan.clone(),
            source: found.source,
            passed_over: found.passed_over,
            hash: found.hash,
            train,
            hold_out,
            test,
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
        Ok(Tensor::f_from_slice(&order)?.f_to_device(self.device)?)
    }
}

impl Split {
    fn upload(plan: &plan::DataSet, samples: &Samples, device: Device) -> Result<Split> {
        let count = samples.labels.len() as i64;
        let columns = plan
            .fields
            .iter()
            .map(|field| match field.kind {
                FieldKind::Real => {
                    let [channels, height, width] = IMAGE;
                    let images = Tensor::f_from_slice(&samples.images)?;
                    Ok(Column {
                        values: images
                            .f_reshape([count, channels, height, width])?
                            .f_to_device(device)?,
                        scaling: Some(Scaling::of(plan, &field.name, device)?),
                    })
                }
                FieldKind::Class(_) | FieldKind::Id(_) => Ok(Column {
                    values: Tensor::f_from_slice(&samples.labels)?
                        .f_to_kind(Kind::Int64)?
                        .f_to_device(device)?,
                    scaling: None,
                }),
                FieldKind::Bool => Err(Failure::Bug(format!(
                    "no source has the field `{}` of truth values",
                    field.name
                ))),
            })
            .collect::<Result<_>>()?;
        Ok(Split {
            columns,
            samples: count,
        })
    }

    /// Takes the given fraction of the samples away, the same ones in every run.
    fn split_off(&mut self, fraction: f64) -> Result<Split> {
        let order = permutation(self.samples as usize, derive_seed("hold_out", 0, 0));
        let (apart, kept) = order.split_at((self.samples as f64 * fraction) as usize);
        let hold_out = self.select(apart)?;
        *self = self.select(kept)?;
        Ok(hold_out)
    }

    fn select(&self, index: &[i64]) -> Result<Split> {
        let columns = self.columns.iter().map(|column| {
            let index = Tensor::f_from_slice(index)?.f_to_device(column.values.device())?;
            Ok(Column {
                values: column.values.f_index_select(0, &index)?,
                scaling: column.scaling.as_ref().map(Scaling::share),
            })
        });
        Ok(Split {
            columns: columns.collect::<Result<_>>()?,
            samples: index.len() as i64,
        })
    }

    /// The samples that `index` names.
    pub fn gather(&self, index: &Tensor) -> Result<Batch> {
        self.batch(index.size()[0], |values| values.f_index_select(0, index))
    }

    /// `size` samples in order, from `start` on.
    pub fn range(&self, start: i64, size: i64) -> Result<Batch> {
        self.batch(size, |values| values.f_narrow(0, start, size))
    }

    fn batch(
        &self,
        size: i64,
        pick: impl Fn(&Tensor) -> std::result::Result<Tensor, TchError>,
    ) -> Result<Batch> {
        let fields = self.columns.iter().map(|column| {
            let values = pick(&column.values)?;
            Ok(match &column.scaling {
                Some(scaling) => scaling.apply(&values)?,
                None => values,
            })
        });
        Ok(Batch {
            fields: fields.collect::<Result<_>>()?,
            size,
        })
    }
}

impl Scaling {
    fn of(plan: &plan::DataSet, field: &str, device: Device) -> Result<Scaling> {
        let per_channel = |values: &[f64]| {
            Tensor::f_from_slice(values)?
                .f_to_kind(Kind::Float)?
                .f_reshape([-1, 1, 1])?
                .f_to_device(device)
        };
        let mut normalize = Vec::new();
        for Transform::Normalize {
            field: of,
            mean,
            std,
        } in &plan.transforms
        {
            if of == field {
                normalize.push((per_channel(mean)?, per_channel(std)?));
            }
        }
        Ok(Scaling { normalize })
    }

    /// As torchvision's `ToTensor` and `Normalize` compute and round it.
    fn apply(&self, bytes: &Tensor) -> std::result::Result<Tensor, TchError> {
        let mut scaled = bytes.f_to_kind(Kind::Float)?.f_div_scalar_(255.0)?;
        for (mean, std) in &self.normalize {
            scaled = scaled.f_sub_(mean)?.f_div_(std)?;
        }
        match scaled.device() {
            Device::Cpu => channels_last(&scaled),
            _ => Ok(scaled),
        }
    }

    fn share(&self) -> Scaling {
        let both = |(mean, std): &(Tensor, Tensor)| (mean.shallow_clone(), std.shallow_clone());
        Scaling {
            normalize: self.normalize.iter().map(both).collect(),
        }
    }
}

/// The same values with the channels of a pixel side by side in memory. Convolutions and pools keep
/// the order, and libtorch's kernels for the CPU are made for it.
fn channels_last(images: &Tensor) -> std::result::Result<Tensor, TchError> {
    let pixels = images.f_permute([0, 2, 3, 1])?.f_contiguous()?;
    pixels.f_permute([0, 3, 1, 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{alone, teacher_plan};

    fn plan() -> plan::DataSet {
        teacher_plan().data.remove(0)
    }

    #[test]
    fn images_are_scaled_as_torchvision_does() {
        let _alone = alone();
        let data = DataSet::open(&plan(), Device::Cpu).unwrap();
        let batch = data.train.range(0, 2).unwrap();
        let byte = data.train.columns[0].values.double_value(&[1, 2, 3, 4]) as f32;
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
            let image = apart.columns[0].values.get(i);
            let same =
                (0..data.train.samples).any(|j| data.train.columns[0].values.get(j) == image);
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
}
