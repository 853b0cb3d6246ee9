//! `eval`: how good the students of a run are, class by class, and how far they agree with their teachers.

use crate::console::{percent, table};
use crate::evaluate::{Answers, evaluate};
use crate::failure::{Failure, Result};
use crate::parameters::{NamedTensors, Parameters};
use crate::run_folder::{self, RunFolder};
use crate::session::{Session, data_of, follows, students};
use kdc::plan::{Plan, Role};
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

fn tables(session: &Session, plan: &Plan, parameters: &Parameters) -> Result<String> {
    let mut answers: Vec<(&str, Role, Answers)> = Vec::new();
    for network in &plan.networks {
        for evaluation in plan
            .evaluations
            .iter()
            .filter(|e| e.network == network.name)
        {
            if parameters.absent_from(&evaluation.program).is_some() {
                continue;
            }
            let data = session.data(data_of(plan, &evaluation.data)?)?;
            let given = evaluate(evaluation, parameters, &data, &data.test)?;
            answers.push((&network.name, network.role, given));
        }
    }
    let teachers: Vec<_> = answers.iter().filter(|a| a.1 == Role::Teacher).collect();
    let mut rows = vec![vec!["network".to_string(), "top-1".into(), "top-5".into()]];
    rows[0].extend(
        teachers
            .iter()
            .map(|(name, ..)| format!("agrees with {name}")),
    );
    for (name, _, given) in &answers {
        let mut row = vec![
            name.to_string(),
            percent(given.accuracy()?),
            percent(given.top5()?),
        ];
        for (_, _, teacher) in &teachers {
            row.push(percent(given.agreement(teacher)?));
        }
        rows.push(row);
    }
    let mut classes = vec![vec!["class".to_string()]];
    classes[0].extend(answers.iter().map(|(name, ..)| name.to_string()));
    for (_, _, given) in &answers {
        for (class, share) in given.per_class()?.into_iter().enumerate() {
            if classes.len() <= class + 1 {
                classes.push(vec![class.to_string()]);
            }
            classes[class + 1].push(percent(share));
        }
    }
    Ok(format!("{}\n\n{}\n", table(&rows), table(&classes)))
}
