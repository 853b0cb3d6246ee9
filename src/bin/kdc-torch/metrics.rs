//! What `metrics` asks for.

use crate::choice::AllAnswers;
use crate::evaluate::mean_of;
use crate::failure::{Failure, Result};
use crate::parameters::Parameters;
use crate::session::{Session, changing, data_of};
use kdc::data::tags::Tag;
use kdc::plan::{Evaluation, Formula, Measure, Plan};
use std::collections::BTreeMap;

/// By the network.
type Values = BTreeMap<String, f64>;

/// Whether everything can be measured, which only the data tell.
pub fn check(session: &Session, plan: &Plan) -> Result<()> {
    if plan.metrics.contains(&Measure::EntityF1) {
        for network in changing(plan) {
            tags(session, plan, &network.name)?;
        }
    }
    Ok(())
}

/// What the classes of a network's labels are called, as tags.
fn tags(session: &Session, plan: &Plan, network: &str) -> Result<Vec<Tag>> {
    let evaluation = plan.evaluations.iter().find(|e| e.network == *network);
    let Some(Evaluation { data, label, .. }) = evaluation else {
        return Ok(Vec::new());
    };
    let data = session.data(data_of(plan, data)?)?;
    let names = data.class_names(label).ok_or_else(|| {
        Failure::Usage(format!(
            "`entity_f1` needs to know what the classes of `{label}` are called, but the file has numbers\n             list them: `class(…, names: [\"O\", \"B-PER\", \"I-PER\"])`"
        ))
    })?;
    let tag = |name: &String| {
        Tag::read(name).ok_or_else(|| {
            Failure::Usage(format!(
                "`entity_f1` takes classes such as `O`, `B-PER` and `I-PER`, but one of `{label}` is called `{name}`"
            ))
        })
    };
    names.iter().map(tag).collect()
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
            known => from_answers(session, plan, known, all)?,
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

fn from_answers(
    session: &Session,
    plan: &Plan,
    measure: &Measure,
    all: &AllAnswers,
) -> Result<Values> {
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
            Measure::EntityF1 => given.entity_f1(&tags(session, plan, &network.name)?)?,
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
