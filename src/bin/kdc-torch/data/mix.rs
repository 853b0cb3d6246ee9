//! Mixup (Zhang and others 2018) and CutMix (Yun and others 2019): each sample of a batch with the one before it.

use super::recipe::Moment;
use crate::failure::Result;
use crate::random::Generator;
use kdc::plan::{self, FieldKind};
use tch::{Kind, Tensor};

pub struct Mixing {
    mixup: Option<f64>,
    cutmix: Option<f64>,
    /// The fields' places.
    pictures: Vec<usize>,
    /// With the number of classes.
    labels: Vec<(usize, i64)>,
}

impl Mixing {
    pub fn of(plan: &plan::DataSet) -> Option<Mixing> {
        let places = || plan.fields.iter().enumerate();
        let pictures = places().filter(|(_, field)| field.kind == FieldKind::Real);
        let labels = places().filter_map(|(place, field)| match field.kind {
            FieldKind::Probability(classes) => Some((place, classes as i64)),
            _ => None,
        });
        plan.batch.mixes().then(|| Mixing {
            mixup: plan.batch.mixup,
            cutmix: plan.batch.cutmix,
            pictures: pictures.map(|(place, _)| place).collect(),
            labels: labels.collect(),
        })
    }

    /// In evaluation nothing is mixed: a label is the distribution that is sure of its class.
    pub fn apply(&self, mut fields: Vec<Tensor>, moment: Option<Moment>) -> Result<Vec<Tensor>> {
        for (place, classes) in &self.labels {
            let sure = fields[*place].f_one_hot(*classes)?;
            fields[*place] = sure.f_to_kind(Kind::Float)?;
        }
        if let Some(moment) = moment {
            self.mix(&mut fields, &mut moment.draw("mix"))?;
        }
        Ok(fields)
    }

    fn mix(&self, fields: &mut [Tensor], draw: &mut Generator) -> Result<()> {
        let cut = match (self.mixup, self.cutmix) {
            (Some(_), Some(_)) => draw.below(2) == 1,
            (mixup, _) => mixup.is_none(),
        };
        let alpha = if cut { self.cutmix } else { self.mixup };
        let mut share = draw.beta(alpha.unwrap_or(1.0));
        let middle = (draw.unit(), draw.unit());
        for place in &self.pictures {
            let pictures = &fields[*place];
            let others = pictures.f_roll([1], [0])?;
            fields[*place] = if cut {
                let window = Window::around(middle, share, pictures);
                share = window.rest();
                window.filled(pictures, &others)?
            } else {
                blend(pictures, &others, share)?
            };
        }
        for (place, _) in &self.labels {
            let labels = &fields[*place];
            fields[*place] = blend(labels, &labels.f_roll([1], [0])?, share)?;
        }
        Ok(())
    }
}

fn blend(own: &Tensor, other: &Tensor, share: f64) -> Result<Tensor> {
    Ok(own
        .f_mul_scalar(share)?
        .f_add(&other.f_mul_scalar(1.0 - share)?)?)
}

/// The part of a picture that another fills.
struct Window {
    rows: (i64, i64),
    columns: (i64, i64),
    size: (i64, i64),
}

impl Window {
    /// It would leave `share` of the area, were it not cut off at the border.
    fn around(middle: (f64, f64), share: f64, pictures: &Tensor) -> Window {
        let sizes = pictures.size();
        let size = (sizes[2], sizes[3]);
        let half = 0.5 * (1.0 - share).sqrt();
        let span = |middle: f64, extent: i64| {
            let (middle, half) = (
                (middle * extent as f64) as i64,
                (half * extent as f64) as i64,
            );
            ((middle - half).max(0), (middle + half).min(extent))
        };
        Window {
            rows: span(middle.0, size.0),
            columns: span(middle.1, size.1),
            size,
        }
    }

    /// The share of the area outside.
    fn rest(&self) -> f64 {
        let area = (self.rows.1 - self.rows.0) * (self.columns.1 - self.columns.0);
        1.0 - area as f64 / (self.size.0 * self.size.1) as f64
    }

    fn filled(&self, pictures: &Tensor, others: &Tensor) -> Result<Tensor> {
        let part = |of: &Tensor| {
            of.f_narrow(2, self.rows.0, self.rows.1 - self.rows.0)?
                .f_narrow(3, self.columns.0, self.columns.1 - self.columns.0)
        };
        let mut filled = pictures.f_empty_like()?;
        filled.f_copy_(pictures)?;
        part(&filled)?.f_copy_(&part(others)?)?;
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    const COUNT: i64 = 4;

    fn mixing(mixup: Option<f64>, cutmix: Option<f64>) -> Mixing {
        Mixing {
            mixup,
            cutmix,
            pictures: vec![0],
            labels: vec![(1, COUNT)],
        }
    }

    /// The n-th picture is n all over, and of class n.
    fn fields() -> Vec<Tensor> {
        let numbers = Tensor::arange(COUNT, (Kind::Int64, Device::Cpu));
        let pictures = numbers.to_kind(Kind::Float).view([COUNT, 1, 1, 1]);
        vec![
            pictures.expand([COUNT, 3, 8, 8], false).contiguous(),
            numbers,
        ]
    }

    fn mixed(mixing: &Mixing, step: u64) -> (Tensor, Tensor) {
        let moment = Moment {
            seed: 1,
            epoch: 1,
            step,
        };
        let mut fields = mixing.apply(fields(), Some(moment)).unwrap();
        let labels = fields.remove(1);
        (fields.remove(0), labels)
    }

    #[test]
    fn labels_tell_how_much_of_whom_is_in_a_picture() {
        for mixing in [
            mixing(Some(1.0), None),
            mixing(None, Some(1.0)),
            mixing(Some(1.0), Some(1.0)),
        ] {
            for step in 0..10 {
                let (pictures, labels) = mixed(&mixing, step);
                let sums = labels.sum_dim_intlist(1, false, Kind::Float);
                assert!(sums.allclose(
                    &Tensor::ones([COUNT], (Kind::Float, Device::Cpu)),
                    1e-6,
                    1e-6,
                    false
                ));
                // the mean of a picture is the mean of the classes under its label
                let classes = Tensor::arange(COUNT, (Kind::Float, Device::Cpu));
                let expected = labels.matmul(&classes);
                let means = pictures.mean_dim([1i64, 2, 3].as_slice(), false, Kind::Float);
                assert!(
                    means.allclose(&expected, 1e-5, 1e-5, false),
                    "{means:?} {expected:?}"
                );
            }
        }
    }

    #[test]
    fn a_cut_picture_has_whole_pixels_and_a_mixed_one_has_not() {
        let whole = |mixing: &Mixing| {
            let all = (0..20).map(|step| mixed(mixing, step).0);
            let whole = all.filter(|p| p.equal(&p.round()));
            whole.count()
        };
        assert_eq!(whole(&mixing(None, Some(1.0))), 20);
        assert_eq!(whole(&mixing(Some(1.0), None)), 0);
        assert!((3..18).contains(&whole(&mixing(Some(1.0), Some(1.0)))));
    }

    #[test]
    fn evaluation_mixes_nothing() {
        let evaluated = mixing(Some(1.0), None).apply(fields(), None).unwrap();
        assert!(evaluated[0].equal(&fields()[0]));
        let sure = Tensor::eye(COUNT, (Kind::Float, Device::Cpu));
        assert!(evaluated[1].equal(&sure));
    }
}
