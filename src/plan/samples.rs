//! `M`, the number of training samples, which is known when the data are opened.

use super::{Arg, Mode, Plan, Program, contract};
use crate::shape::{Dim, Shape};

/// The symbol in shapes and arguments.
pub const SAMPLES: &str = "M";

impl Plan {
    /// The plan with the number of training samples in the place of `M`.
    pub fn with_samples(&self, samples: u64) -> Plan {
        let mut plan = self.clone();
        for parameter in &mut plan.parameters {
            in_shape(&mut parameter.shape, samples);
            parameter
                .then
                .iter_mut()
                .for_each(|then| in_program(then, samples));
        }
        for stage in &mut plan.stages {
            in_program(&mut stage.constant, samples);
            in_program(&mut stage.step, samples);
            if plan.mode == Mode::Fast {
                // whether it pays is known only now
                contract::scores(&mut stage.step);
            }
        }
        plan
    }
}

fn in_program(program: &mut Program, samples: u64) {
    for node in &mut program.nodes {
        in_shape(&mut node.shape, samples);
        node.args.values_mut().for_each(|arg| in_arg(arg, samples));
    }
}

fn in_shape(shape: &mut Shape, samples: u64) {
    for dim in &mut shape.0 {
        if let Dim::Symbol { name, times } = dim
            && &**name == SAMPLES
        {
            *dim = Dim::Known(times.saturating_mul(samples));
        }
    }
}

fn in_arg(arg: &mut Arg, samples: u64) {
    match arg {
        Arg::Text(text) if text == SAMPLES => {
            *arg = Arg::Int(i64::try_from(samples).unwrap_or(i64::MAX));
        }
        Arg::List(of) | Arg::Formula { of, .. } => {
            of.iter_mut().for_each(|arg| in_arg(arg, samples));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_samples_takes_the_place_of_its_symbol() {
        let mut shape: Shape = "[M, 2*M, N, 128]".parse().unwrap();
        in_shape(&mut shape, 50);
        assert_eq!(shape.to_string(), "[50, 100, N, 128]");
        let text = |text: &str| Arg::Text(text.into());
        let mut arg = Arg::Formula {
            calculate: "div".into(),
            of: vec![Arg::Int(7), text("M"), text("N")],
        };
        in_arg(&mut arg, 50);
        let of = vec![Arg::Int(7), Arg::Int(50), text("N")];
        let calculate = "div".into();
        assert_eq!(arg, Arg::Formula { calculate, of });
    }
}
