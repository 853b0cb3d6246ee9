//! Views: what the augmentation of a data set may make of one sample, where that is finitely many.

use super::{DataSet, DataSource, PictureChange, Read, Transform, When};
use std::collections::HashMap;

/// What training may see of a sample's fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Views {
    /// One for each way in which these draws can come out; without draws every epoch sees the same.
    Finite(Vec<Draw>),
    /// Why there is no end of them.
    Endless(String),
}

/// A transform that draws one of finitely many outcomes for each sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draw {
    /// Among [`DataSet::transforms`].
    pub transform: usize,
    pub outcomes: Outcomes,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcomes {
    /// Where a crop begins: first its row is drawn, then its column.
    Corner(Corners),
    /// Whether left and right are exchanged.
    Flip { probability: f64 },
}

/// Where the corner of a part may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corners {
    pub rows: u64,
    pub columns: u64,
}

impl Corners {
    /// Of a part of a picture, heights before widths, around which lies a border so many pixels wide.
    pub fn of(picture: (u64, u64), part: (u64, u64), padding: u64) -> Corners {
        let starts = |whole: u64, part: u64| (whole + 2 * padding + 1).saturating_sub(part);
        Corners {
            rows: starts(picture.0, part.0),
            columns: starts(picture.1, part.1),
        }
    }

    /// The number of a corner, row after row.
    pub fn outcome(self, row: u64, column: u64) -> u64 {
        row * self.columns + column
    }

    /// The row and the column of an outcome.
    pub fn place(self, outcome: u64) -> (u64, u64) {
        (outcome / self.columns, outcome % self.columns)
    }
}

impl Outcomes {
    pub fn count(self) -> u64 {
        match self {
            Outcomes::Corner(Corners { rows, columns }) => rows.saturating_mul(columns),
            Outcomes::Flip { .. } => 2,
        }
    }
}

/// How many views a sample has.
pub fn count(draws: &[Draw]) -> u64 {
    let counts = draws.iter().map(|draw| draw.outcomes.count());
    counts.fold(1, u64::saturating_mul)
}

/// How many of so many views are expected to come up in that many draws of one.
pub fn distinct(views: u64, draws: f64) -> f64 {
    let views = views as f64;
    let none = (draws * (-1.0 / views).ln_1p()).exp();
    (views * (1.0 - none)).min(draws)
}

/// Height and width, where all pictures of a field have the same.
type Size = Option<(u64, u64)>;

impl DataSet {
    /// The views of a sample that these fields together show in training.
    pub fn views(&self, fields: &[&str]) -> Views {
        if self.batch.mixes() {
            return Views::Endless("samples are mixed at random".into());
        }
        let (behind, columns) = self.behind(fields);
        let mut sizes: HashMap<&str, Size> = columns
            .iter()
            .map(|column| (*column, self.size_of(column)))
            .collect();
        let mut draws = Vec::new();
        for place in behind {
            let transform = &self.transforms[place];
            let from = transform.from().unwrap_or(transform.field());
            let size = sizes.get(from).copied().flatten();
            let Transform::Picture { change, when, .. } = transform else {
                sizes.insert(transform.field(), size);
                continue;
            };
            if *when == When::Evaluation {
                continue;
            }
            match outcomes(change, size) {
                Ok(outcomes) => draws.extend(outcomes.map(|outcomes| Draw {
                    transform: place,
                    outcomes,
                })),
                Err(why) => return Views::Endless(why),
            }
            sizes.insert(transform.field(), change.size_after(size));
        }
        Views::Finite(draws)
    }

    /// Of a column's pictures in all sources.
    fn size_of(&self, column: &str) -> Size {
        let mut sizes = self.sources.iter().map(|source| match source {
            DataSource::Cifar10 { .. }
            | DataSource::Cifar100 { .. }
            | DataSource::Shapes { .. } => Some((32, 32)),
            DataSource::Mnist { .. } => Some((28, 28)),
            DataSource::Table { columns, .. } => {
                let column = columns.iter().find(|c| c.field == column)?;
                match &column.read {
                    Read::Tensor(shape) => match shape.as_slice() {
                        [_, height, width] => Some((*height, *width)),
                        _ => None,
                    },
                    _ => None,
                }
            }
            DataSource::Folder { .. } | DataSource::Phrases { .. } => None,
        });
        let first = sizes.next().flatten();
        first.filter(|_| sizes.all(|size| size == first))
    }
}

/// What a change draws, if anything.
fn outcomes(change: &PictureChange, size: Size) -> Result<Option<Outcomes>, String> {
    let endless = |name: &str| Err(format!("`{name}` has no end of outcomes"));
    match change {
        PictureChange::Crop {
            size: part,
            padding,
        } => match size {
            Some(size) => Ok(Some(Outcomes::Corner(Corners::of(size, *part, *padding)))),
            None => Err("the pictures have sizes of their own where they are cropped".into()),
        },
        PictureChange::Flip { probability } => Ok(Some(Outcomes::Flip {
            probability: *probability,
        })),
        PictureChange::Resize { .. } | PictureChange::CenterCrop { .. } => Ok(None),
        PictureChange::RandomResizedCrop { .. } => endless("random_resized_crop"),
        PictureChange::RandAugment { .. } => endless("rand_augment"),
        PictureChange::ColorJitter { .. } => endless("color_jitter"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Batch;

    fn data(changes: Vec<PictureChange>) -> DataSet {
        let change = |change| Transform::Picture {
            field: "image".into(),
            when: When::Training,
            change,
        };
        DataSet {
            name: "images".into(),
            sources: vec![DataSource::Shapes {
                train: 10,
                test: 10,
            }],
            fields: Vec::new(),
            transforms: changes.into_iter().map(change).collect(),
            batch: Batch {
                size: 2,
                drop_last: false,
                mixup: None,
                cutmix: None,
            },
            hold_out: None,
        }
    }

    fn crop(side: u64, padding: u64) -> PictureChange {
        PictureChange::Crop {
            size: (side, side),
            padding,
        }
    }

    const FLIP: PictureChange = PictureChange::Flip { probability: 0.5 };

    fn number(data: &DataSet) -> u64 {
        match data.views(&["image"]) {
            Views::Finite(draws) => count(&draws),
            Views::Endless(why) => panic!("{why}"),
        }
    }

    #[test]
    fn a_padded_crop_and_a_flip_make_162_views() {
        assert_eq!(number(&data(vec![])), 1);
        assert_eq!(number(&data(vec![crop(32, 4), FLIP])), 162);
        assert_eq!(number(&data(vec![crop(28, 0), crop(27, 0)])), 25 * 4);
    }

    #[test]
    fn what_other_fields_go_through_does_not_count() {
        let mut data = data(vec![crop(32, 4)]);
        data.transforms.insert(
            0,
            Transform::Copy {
                field: "plain".into(),
                from: "image".into(),
            },
        );
        assert_eq!(data.views(&["plain"]), Views::Finite(vec![]));
        assert_eq!(number(&data), 81);
    }

    #[test]
    fn views_come_up_again() {
        assert_eq!(distinct(1, 10.0), 1.0);
        assert_eq!(distinct(2, 2.0), 1.5);
        assert!((distinct(162, 240.0) - 125.3).abs() < 0.1);
    }

    #[test]
    fn some_have_no_end() {
        let jitter = PictureChange::RandAugment {
            operations: 2,
            magnitude: 9,
        };
        let mut mixed = data(vec![]);
        mixed.batch.mixup = Some(0.2);
        let mut of_own_size = data(vec![crop(32, 4)]);
        of_own_size
            .sources
            .push(DataSource::Mnist { path: "m".into() });
        for endless in [data(vec![FLIP, jitter]), mixed, of_own_size] {
            assert!(matches!(endless.views(&["image"]), Views::Endless(_)));
        }
    }
}
