//! What `metrics` asks for.

use crate::choice::AllAnswers;
use crate::evaluate::mean_of;
use crate::failure::Result;
use crate::parameters::Parameters;
use crate::session::{Session, changing, data_of};
use kdc::plan::{Evaluation, Formula, Measure, Metric, Plan};
use std::collections::BTreeMap;

/// By the network.
type Values = BTreeMap<String, f64>;

/// Whether everything can be measured, which only the data tell.
pub fn check(session: &Session, plan: &Plan) -> Result<()> {
    for evaluation in plan.evaluations.iter().filter(|e| needs_tags(plan, e)) {
        let data = session.data(data_of(plan, &evaluation.data)?)?;
        data.tags(&evaluation.label)?;
    }
    Ok(())
}

fn needs_tags(plan: &Plan, evaluation: &Evaluation) -> bool {
    let of_stages = plan.stages.iter().flat_map(|stage| {
        let expected = stage.expect.iter().map(|expected| &expected.score);
        let stop = stage.stop.iter().map(|stop| &stop.score);
        expected.chain(stop).chain(&stage.keep)
    });
    let mut own = of_stages.filter(|score| score.network == evaluation.network);
    plan.metrics.contains(&Measure::EntityF1) || own.any(|score| score.metric == Metric::EntityF1)
}

/// By the metric, then by the network: of all networks that change.
pub fn of_run(
    session: &Session,
    plan: &Plan,
    parameters: &Parameters,
    all: &AllAnswers,
) -> Result<BTreeMap<String, Values>> {
    let metric = |measure: &Measure| {
        let values = match measure {
            Measure::Formula { of, .. } => formulas(session, plan, parameters, of)?,
            known => from_answers(plan, known, all)?,
        };
        Ok((measure.to_string(), values))
    };
    plan.metrics.iter().map(metric).collect()
}

/// What a table says of a network, metric by metric.
pub fn cells(metrics: &BTreeMap<String, Values>, network: &str) -> Vec<String> {
    let values = metrics.values().map(|values| values.get(network));
    let cells = values.map(|v| v.map_or_else(|| "-".to_string(), |v| format!("{v:.4}")));
    cells.collect()
}

fn from_answers(plan: &Plan, measure: &Measure, all: &AllAnswers) -> Result<Values> {
    let mut values = Values::new();
    for network in changing(plan) {
        let Some(given) = all.get(&network.name) else {
            continue;
        };
        let value = match measure {
            Measure::Accuracy => given.accuracy()?,
            Measure::Top5 => given.top5()?,
            Measure::Calibration => given.calibration()?,
            Measure::Perplexity => given.perplexity()?,
            Measure::EntityF1 => given.entity_f1()?,
            Measure::Agreement { with } => match all.get(with) {
                Some(other) => given.agreement(other)?,
                None => continue,
            },
            Measure::Formula { .. } => continue,
        };
        values.insert(network.name.clone(), value);
    }
    Ok(values)
}

fn formulas(
    session: &Session,
    plan: &Plan,
    parameters: &Parameters,
    of: &[Formula],
) -> Result<Values> {
    let mut values = Values::new();
    for Formula { network, program } in of {
        let evaluation = plan.evaluations.iter().find(|e| e.network == *network);
        let lacking = parameters.absent_from(program);
        let (Some(evaluation), None) = (evaluation, lacking) else {
            continue;
        };
        let data = session.data(data_of(plan, &evaluation.data)?)?;
        let value = mean_of(program, parameters, &data, &data.test)?;
        values.insert(network.clone(), value);
    }
    Ok(values)
}
