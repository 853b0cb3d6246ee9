//! `images.M`, the number of training samples of a data set, which is known when the data are opened.

use super::{Arg, Mode, Plan, Program, contract};
use crate::shape::{Dim, Shape};
use std::collections::BTreeMap;

/// What stands behind the data set's name in the symbol.
const SUFFIX: &str = ".M";

/// The number of training samples by the name of the data set.
pub type Samples = BTreeMap<String, u64>;

/// The symbol in shapes and arguments.
pub fn samples_of(data: &str) -> Dim {
    Dim::symbol(&format!("{data}{SUFFIX}"))
}

/// Whether a symbol is the number of samples of a data set.
pub fn counts_samples(symbol: &str) -> bool {
    symbol.ends_with(SUFFIX)
}

fn count(symbol: &str, samples: &Samples) -> Option<u64> {
    samples.get(symbol.strip_suffix(SUFFIX)?).copied()
}

impl Plan {
    /// The plan with the numbers of training samples in the place of their symbols.
    pub fn with_samples(&self, samples: &Samples) -> Plan {
        let mut plan = self.clone();
        for parameter in &mut plan.parameters {
            in_shape(&mut parameter.shape, samples);
        }
        plan.programs_mut()
            .for_each(|program| in_program(program, samples));
        if plan.mode == Mode::Fast {
            // whether it pays is known only now
            let steps = plan.stages.iter_mut().map(|stage| &mut stage.step);
            steps.for_each(contract::scores);
        }
        plan
    }
}

fn in_program(program: &mut Program, samples: &Samples) {
    for node in &mut program.nodes {
        in_shape(&mut node.shape, samples);
        node.args.values_mut().for_each(|arg| in_arg(arg, samples));
    }
}

fn in_shape(shape: &mut Shape, samples: &Samples) {
    for dim in &mut shape.0 {
        if let Dim::Symbol { name, times } = dim
            && let Some(count) = count(name, samples)
        {
            *dim = Dim::Known(times.saturating_mul(count));
        }
    }
}

fn in_arg(arg: &mut Arg, samples: &Samples) {
    match arg {
        Arg::Text(text) => {
            if let Some(count) = count(text, samples) {
                *arg = Arg::Int(i64::try_from(count).unwrap_or(i64::MAX));
            }
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
    fn numbers_of_samples_take_the_place_of_their_symbols() {
        let samples = Samples::from([("images".into(), 50), ("others".into(), 7)]);
        let mut shape: Shape = "[images.M, 2*images.M, others.M, N, 128]".parse().unwrap();
        in_shape(&mut shape, &samples);
        assert_eq!(shape.to_string(), "[50, 100, 7, N, 128]");
        let text = |text: &str| Arg::Text(text.into());
        let mut arg = Arg::Formula {
            calculate: "div".into(),
            of: vec![Arg::Int(7), text("images.M"), text("N")],
        };
        in_arg(&mut arg, &samples);
        let of = vec![Arg::Int(7), Arg::Int(50), text("N")];
        let calculate = "div".into();
        assert_eq!(arg, Arg::Formula { calculate, of });
    }
}
