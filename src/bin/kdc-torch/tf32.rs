//! Where a GPU may round the factors of 32-bit products to TF32, which keeps 10 bits behind the point of 23.

use crate::failure::Result;
use crate::shim;
use kdc::plan::{Mode, Stage};
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tf32 {
    /// In the exact mode.
    Nowhere,
    /// As PyTorch does unless it is told otherwise.
    Convolutions,
    /// `precision: tf32`.
    Everywhere,
}

impl Tf32 {
    /// Of what no stage trains: networks that are measured.
    pub fn of_mode(mode: Mode) -> Tf32 {
        match mode {
            Mode::Exact => Tf32::Nowhere,
            Mode::Fast => Tf32::Convolutions,
        }
    }

    pub fn of_stage(mode: Mode, stage: &Stage) -> Tf32 {
        match (mode, stage.tf32) {
            (Mode::Fast, true) => Tf32::Everywhere,
            _ => Tf32::of_mode(mode),
        }
    }

    /// For all that follows in the process; on a CPU it changes nothing.
    pub fn allow(self) -> Result<()> {
        shim::allow_tf32(self != Tf32::Nowhere, self == Tf32::Everywhere)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{STUDENT, plan};

    #[test]
    fn the_exact_mode_rounds_nothing() {
        let asked = STUDENT.replace("epochs: 2", "epochs: 2, precision: tf32");
        let rounds = |plan: &kdc::plan::Plan| Tf32::of_stage(plan.mode, &plan.stages[0]);
        assert_eq!(rounds(&plan(&asked)), Tf32::Nowhere);
        assert_eq!(rounds(&plan(&asked).fast()), Tf32::Everywhere);
        assert_eq!(rounds(&plan(STUDENT).fast()), Tf32::Convolutions);
        for tf32 in [Tf32::Everywhere, Tf32::Nowhere, Tf32::Convolutions] {
            tf32.allow().unwrap();
        }
    }
}
