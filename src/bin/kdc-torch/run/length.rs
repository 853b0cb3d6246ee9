//! How long a stage lasts.

use crate::data::DataSet;
use kdc::plan::Stage;

/// How long a stage lasts on its data.
pub struct Length {
    pub epochs: u64,
    pub batches: u64,
    /// Of the optimizer.
    pub steps_per_epoch: u64,
    pub steps: u64,
}

impl Length {
    pub fn of(stage: &Stage, data: &DataSet) -> Length {
        let batches_per_epoch = data.steps() as u64;
        // the last step of an epoch takes the batches that are left
        let steps_per_epoch = batches_per_epoch.div_ceil(stage.accumulate);
        let whole = |epochs: u64| (epochs * steps_per_epoch, epochs * batches_per_epoch);
        let (steps, batches) = match (stage.epochs, stage.steps) {
            (Some(epochs), _) => whole(epochs),
            (None, steps) => {
                let steps = steps.unwrap_or(0);
                let (epochs, rest) = (steps / steps_per_epoch, steps % steps_per_epoch);
                (steps, whole(epochs).1 + rest * stage.accumulate)
            }
        };
        Length {
            epochs: batches.div_ceil(batches_per_epoch.max(1)),
            batches,
            steps_per_epoch,
            steps,
        }
    }
}
