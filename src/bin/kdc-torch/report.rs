//! `eval`: how good the students of a run are, also by the metrics of the file and class by class, and how far
//! they agree with their teachers.

use crate::choice::AllAnswers;
use crate::console::{percent, table};
use crate::evaluate::evaluate;
use crate::failure::{Failure, Result};
use crate::metrics;
use crate::parameters::{NamedTensors, Parameters};
use crate::run_folder::{self, RunFolder};
use crate::session::{Session, data_of, follows, students};
use kdc::plan::{Measure, Plan, Role};
use std::collections::HashMap;

/// Measures the saved students of all seeds on the test samples.
pub fn eval(session: &Session, plan: &Plan) -> Result<()> {
    for &seed in &plan.seeds {
        let folder = RunFolder::of(&session.runs, plan, seed);
        let tables = of_seed(session, plan, seed)?;
        let text = format!("{}\n\n{tables}", folder.path.display());
        session.console.result(&text);
    }
    Ok(())
}

/// The tables of one run.
pub fn of_seed(session: &Session, plan: &Plan, seed: u64) -> Result<String> {
    let folder = RunFolder::of(&session.runs, plan, seed);
    let weights = saved_weights(session, plan, &folder)?;
    let plan = &session.with_samples(plan)?;
    let parameters = Parameters::loaded(plan, session.device, &weights)?;
    put_auxiliary(&parameters, &folder)?;
    tables(session, plan, &parameters)
}

fn saved_weights(
    session: &Session,
    plan: &Plan,
    folder: &RunFolder,
) -> Result<HashMap<String, NamedTensors>> {
    // a student that started from elsewhere is now what it has become
    let mut weights = session.teachers(plan)?;
    let count = students(plan).count();
    for student in students(plan) {
        let path = folder.weights_path(count, &student.name);
        if !path.exists() {
            return Err(Failure::Usage(format!(
                "there is no `{}`: train the experiment first",
                path.display()
            )));
        }
        weights.insert(student.name.clone(), run_folder::read_tensors(&path)?);
    }
    for follower in plan.networks.iter().filter(|n| follows(n)) {
        let path = folder.own_weights_path(&follower.name);
        weights.insert(follower.name.clone(), run_folder::read_tensors(&path)?);
    }
    Ok(weights)
}

/// What taps and losses have learned, if any of them own something: a metric may read it.
fn put_auxiliary(parameters: &Parameters, folder: &RunFolder) -> Result<()> {
    let path = folder.auxiliary_path();
    match path.exists() {
        true => parameters.put(&path, &run_folder::read_tensors(&path)?),
        false => Ok(()),
    }
}

fn tables(session: &Session, plan: &Plan, parameters: &Parameters) -> Result<String> {
    let answers = answers(session, plan, parameters)?;
    let mut metrics = metrics::of_run(session, plan, parameters, &answers)?;
    let measured = || {
        let networks = plan.networks.iter();
        networks.filter_map(|n| Some((n, answers.get(&n.name)?)))
    };
    let teachers: Vec<_> = measured()
        .filter(|(n, _)| n.role == Role::Teacher)
        .collect();
    let has_column = |measure: &Measure| match measure {
        Measure::Accuracy | Measure::Top5 => true,
        Measure::Agreement { with } => teachers.iter().any(|(n, _)| n.name == *with),
        _ => false,
    };
    for measure in plan.metrics.iter().filter(|measure| has_column(measure)) {
        metrics.remove(&measure.to_string());
    }
    let mut rows = vec![vec!["network".to_string(), "top-1".into(), "top-5".into()]];
    rows[0].extend(
        teachers
            .iter()
            .map(|(n, _)| format!("agrees with {}", n.name)),
    );
    rows[0].extend(metrics.keys().cloned());
    for (network, given) in measured() {
        let mut row = vec![
            network.name.clone(),
            percent(given.accuracy()?),
            percent(given.top5()?),
        ];
        for (_, teacher) in &teachers {
            row.push(percent(given.agreement(teacher)?));
        }
        row.extend(metrics::cells(&metrics, &network.name));
        rows.push(row);
    }
    let mut classes = vec![vec!["class".to_string()]];
    classes[0].extend(measured().map(|(n, _)| n.name.clone()));
    let names = class_names(session, plan)?;
    for (_, given) in measured() {
        for (class, share) in given.per_class()?.into_iter().enumerate() {
            if classes.len() <= class + 1 {
                let name = names.get(class).cloned();
                classes.push(vec![name.unwrap_or_else(|| class.to_string())]);
            }
            classes[class + 1].push(percent(share));
        }
    }
    Ok(format!("{}\n\n{}\n", table(&rows), table(&classes)))
}

/// In order; empty where the data do not name them.
fn class_names(session: &Session, plan: &Plan) -> Result<Vec<String>> {
    let Some(evaluation) = plan.evaluations.first() else {
        return Ok(Vec::new());
    };
    let data = session.data(data_of(plan, &evaluation.data)?)?;
    Ok(data
        .class_names(&evaluation.label)
        .unwrap_or_default()
        .to_vec())
}

/// Of all networks whose parameters are there.
fn answers(session: &Session, plan: &Plan, parameters: &Parameters) -> Result<AllAnswers> {
    let mut all = AllAnswers::new();
    for evaluation in &plan.evaluations {
        if parameters.absent_from(&evaluation.program).is_some() {
            continue;
        }
        let data = session.data(data_of(plan, &evaluation.data)?)?;
        let given = evaluate(evaluation, parameters, &data, &data.test)?;
        all.insert(evaluation.network.clone(), given);
    }
    Ok(all)
}
