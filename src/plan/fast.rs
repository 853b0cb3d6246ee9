//! The fast mode: what computes the same up to rounding.
//!
//! A plan is made in the exact mode, in which training gives PyTorch's bits on a CPU. The passes below change
//! the order in which numbers are added or multiplied, and nothing else.

use super::{FieldKind, Plan, Weights, angles, fold, joined, pooled, winograd};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Exact,
    Fast,
}

impl Mode {
    pub fn is_exact(&self) -> bool {
        *self == Mode::Exact
    }
}

impl Plan {
    /// The plan in the fast mode, with the plans of its teachers.
    pub fn fast(mut self) -> Plan {
        self.mode = Mode::Fast;
        self.lay_channels_last();
        for stage in &mut self.stages {
            fold::batch_norms(&mut stage.constant);
            winograd::convolutions(&mut stage.constant);
            angles::products(&mut stage.step);
            joined::convolutions(&mut stage.step);
            for program in [&mut stage.constant, &mut stage.step] {
                pooled::convolutions(program, &self.parameters);
            }
            stage.fused = true;
        }
        for evaluation in &mut self.evaluations {
            fold::batch_norms(&mut evaluation.program);
            winograd::convolutions(&mut evaluation.program);
            pooled::convolutions(&mut evaluation.program, &self.parameters);
        }
        for network in &mut self.networks {
            if let Weights::Experiment { plan, .. } = &mut network.weights {
                **plan = plan.as_ref().clone().fast();
            }
        }
        self
    }

    /// The channels of a pixel lie side by side in memory: libtorch's kernels for the CPU are made for it, and
    /// convolutions and pools keep the order.
    fn lay_channels_last(&mut self) {
        let fields = self.data.iter_mut().flat_map(|data| &mut data.fields);
        for field in fields.filter(|field| field.kind == FieldKind::Real) {
            field.channels_last = field.shape.rank() == 4;
        }
    }
}
