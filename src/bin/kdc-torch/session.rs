//! Training experiments: one at a time, those they learn from first.

mod earlier;

use crate::checkpoint::Checkpoint;
use crate::choice::AllAnswers;
use crate::console::{Console, percent};
use crate::constants::Answers;
use crate::data::DataSet;
use crate::evaluate::evaluate;
use crate::failure::{Failure, Result};
use crate::libtorch::{self, device_name};
use crate::metrics;
use crate::parameters::{NamedTensors, Parameters};
use crate::reuse::{self, Fit, first_seed};
use crate::run::{Outcome, Run};
use crate::run_folder::{self, DataRecord, GitState, Record, Results, RunFolder, Status};
use crate::run_folder::{StageRecord, Versions, WeightsRecord};
use crate::summary;
use crate::tf32::Tf32;
use crate::weights;
pub use earlier::Existing;
use earlier::Left;
use kdc::plan::{self, Plan, Program, Role, Samples, Weights};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use tch::Device;

/// What all experiments of one call share.
pub struct Session {
    pub device: Device,
    /// Where run folders stand.
    pub runs: PathBuf,
    pub console: Console,
    /// Whether runs say in the end where the time went.
    pub profile: bool,
    /// What teachers gave, for all that follows.
    pub answers: Answers,
    opened: RefCell<Vec<Rc<DataSet>>>,
}

impl Session {
    pub fn new(device: Device, runs: PathBuf, console: Console) -> Session {
        Session {
            device,
            profile: false,
            answers: Answers::new(runs.join(".answers")),
            runs,
            console,
            opened: RefCell::default(),
        }
    }

    /// Trains one experiment after the other.
    pub fn train_all(&self, plans: &[Plan], existing: Existing) -> Result<()> {
        for plan in plans {
            self.make_way(plan, existing)?;
        }
        for plan in plans {
            // an experiment of this call has needed it as its teacher
            if existing == Existing::Keep && self.is_finished(plan) && self.fit(plan)? == Fit::Fits
            {
                let name = &plan.experiment;
                self.console
                    .say(&format!("`{name}` was trained on the way"));
            } else {
                self.train_seeds(plan, existing)?;
            }
        }
        Ok(())
    }

    #[cfg(test)]
    pub fn train(&self, plan: &Plan, existing: Existing) -> Result<()> {
        self.train_all(std::slice::from_ref(plan), existing)
    }

    /// Trains the experiment once for each of its seeds, over what stands in the way.
    fn train_seeds(&self, plan: &Plan, existing: Existing) -> Result<()> {
        metrics::check(self, plan)?;
        let teachers = self.teachers(plan)?;
        let mut records = Vec::new();
        for &seed in &plan.seeds {
            records.push(self.train_seed(plan, seed, &teachers, existing)?);
        }
        if records.len() > 1 {
            let folder = RunFolder {
                path: self.runs.join(&plan.experiment),
            };
            let summary = summary::over_seeds(&records);
            folder.write_text("summary.yaml", &summary.to_yaml()?)?;
            self.console.summary(&summary.table());
        }
        Ok(())
    }

    /// The weights of all networks that come from another experiment or from a file, by the network's name.
    /// Trains what is missing or no longer fits; files are read first, for they may be the wrong ones.
    pub fn teachers(&self, plan: &Plan) -> Result<HashMap<String, NamedTensors>> {
        let mut weights = HashMap::new();
        for network in &plan.networks {
            if let Weights::File(file) = &network.weights {
                let wanted = Parameters::wanted(plan, &network.name)?;
                let found = weights::load(&network.name, file, &wanted)?;
                self.console.say(&format!(
                    "`{}` from `{}`: {} of its {} parameters",
                    network.name,
                    file.path,
                    found.len(),
                    wanted.len()
                ));
                weights.insert(network.name.clone(), found);
            }
        }
        for network in &plan.networks {
            if let Weights::Experiment {
                file,
                network: student,
                plan: source,
            } = &network.weights
            {
                let mut fit = self.fit(source)?;
                let path = student_weights(&self.runs, source, student);
                if fit == Fit::Fits && !path.exists() {
                    fit = Fit::Missing;
                }
                if fit == Fit::Fits {
                    self.console.say(&format!(
                        "`{}` from \"{file}\": reusing {}, as {fit}",
                        network.name,
                        path.display()
                    ));
                } else {
                    self.console.say(&format!(
                        "`{}` from \"{file}\": training it first, as {fit}",
                        network.name
                    ));
                    let existing = match fit {
                        Fit::Unfinished => Existing::Keep,
                        _ => Existing::Replace,
                    };
                    self.train_seeds(source, existing)?;
                }
                weights.insert(network.name.clone(), run_folder::read_tensors(&path)?);
            }
        }
        Ok(weights)
    }

    fn fit(&self, plan: &Plan) -> Result<Fit> {
        for data in &plan.data {
            self.data(data)?;
        }
        let hash = |data: &plan::DataSet| Some(self.data(data).ok()?.hash.clone());
        Ok(reuse::fit(&self.runs, plan, &hash))
    }

    /// The data set, opened once in a session.
    pub fn data(&self, plan: &plan::DataSet) -> Result<Rc<DataSet>> {
        if let Some(data) = self.opened.borrow().iter().find(|data| data.plan == *plan) {
            return Ok(data.clone());
        }
        let data = Rc::new(DataSet::open(plan, self.device)?);
        let why = match data.passed_over.as_slice() {
            [] => String::new(),
            reasons => format!(", as {}", reasons.join(" and ")),
        };
        self.console.say(&format!(
            "data `{}`: {}{why}; {} training and {} test samples",
            plan.name, data.source, data.train.samples, data.test.samples
        ));
        self.opened.borrow_mut().push(data.clone());
        Ok(data)
    }

    /// The plan with the numbers of training samples that its data sets have.
    pub fn with_samples(&self, plan: &Plan) -> Result<Plan> {
        let count = |data: &kdc::plan::DataSet| {
            let samples = self.data(data)?.train.samples as u64;
            Ok((data.name.clone(), samples))
        };
        let samples: Result<Samples> = plan.data.iter().map(count).collect();
        Ok(plan.with_samples(&samples?))
    }

    fn train_seed(
        &self,
        plan: &Plan,
        seed: u64,
        teachers: &HashMap<String, NamedTensors>,
        existing: Existing,
    ) -> Result<Record> {
        let folder = RunFolder::of(&self.runs, plan, seed);
        let mut record = self.new_record(plan, seed)?;
        let left = match existing {
            Existing::Keep => self.left(plan, &folder, &record)?,
            Existing::Replace => Left::All,
        };
        let checkpoint = match left {
            Left::All => None,
            Left::Behind(checkpoint) => Some(checkpoint),
            Left::Nothing(record) => {
                let name = &plan.experiment;
                self.console
                    .say(&format!("`{name}`, seed {seed}: trained already"));
                return Ok(record);
            }
        };
        if checkpoint.is_none() {
            folder.clear()?;
        }
        folder.write_text("plan.yaml", &plan.to_yaml())?;
        folder.write_record(&record)?;
        self.console.say(&format!(
            "training `{}`, seed {seed}, on {}",
            plan.experiment, record.device
        ));

        Tf32::of_mode(plan.mode).allow()?;
        let plan = &self.with_samples(plan)?;
        let parameters = Parameters::new(plan, seed, self.device, teachers)?;
        for stage in &plan.stages {
            require_all(&parameters, &stage.constant)?;
            require_all(&parameters, &stage.step)?;
        }
        let teachers = plan.networks.iter().filter(|n| !changes(n));
        let mut all = self.measure(plan, teachers, &parameters, &mut record.results)?;
        let mut run = Run::new(self, plan, seed, &parameters, &folder);
        let outcome = run.all_stages(&mut record.results, checkpoint)?;
        if self.profile {
            self.console.summary(&run.times.table(&plan.cost));
        }
        record.status = match outcome {
            Outcome::Finished => Status::Finished,
            Outcome::Interrupted => Status::Interrupted,
            Outcome::Diverged(_) => Status::Diverged,
            Outcome::Refused(_) => Status::Refused,
        };
        if !matches!(outcome, Outcome::Interrupted) {
            Checkpoint::remove(&folder)?;
        }
        if let Outcome::Diverged(why) | Outcome::Refused(why) = outcome {
            folder.write_record(&record)?;
            return Err(Failure::Training(why));
        }
        save(plan, &parameters, &folder)?;
        if let Outcome::Interrupted = outcome {
            folder.write_record(&record)?;
            let goes_on = match record.results.epochs {
                0 => String::new(),
                epochs => format!("; the same command goes on after epoch {epochs}"),
            };
            self.console.say(&format!(
                "interrupted; what there was is in `{}`{goes_on}",
                folder.path.display()
            ));
            return Err(Failure::Interrupted);
        }
        all.extend(self.measure(plan, changing(plan), &parameters, &mut record.results)?);
        record.results.metrics = metrics::of_run(self, plan, &parameters, &all)?;
        folder.write_record(&record)?;
        self.console
            .summary(&summary::of_run(plan, &record, &folder));
        Ok(record)
    }

    /// Measures networks on the test samples.
    fn measure<'p>(
        &self,
        plan: &'p Plan,
        networks: impl Iterator<Item = &'p plan::Network>,
        parameters: &Parameters,
        results: &mut Results,
    ) -> Result<AllAnswers> {
        let mut all = AllAnswers::new();
        for network in networks {
            for evaluation in plan
                .evaluations
                .iter()
                .filter(|e| e.network == network.name)
            {
                if let Some(name) = parameters.absent_from(&evaluation.program) {
                    self.console.say(&format!(
                        "teacher `{}`: not measured, as its file lacks `{name}`",
                        network.name
                    ));
                    continue;
                }
                let data = self.data(data_of(plan, &evaluation.data)?)?;
                let answers = evaluate(evaluation, parameters, &data, &data.test)?;
                let accuracy = answers.accuracy()?;
                results.test_accuracy.insert(network.name.clone(), accuracy);
                if !changes(network) {
                    self.console.say(&format!(
                        "teacher `{}`: {} of the test samples right",
                        network.name,
                        percent(accuracy)
                    ));
                }
                all.insert(network.name.clone(), answers);
            }
        }
        Ok(all)
    }

    fn new_record(&self, plan: &Plan, seed: u64) -> Result<Record> {
        let data = plan.data.iter().map(|set| {
            let data = self.data(set)?;
            Ok(DataRecord {
                name: set.name.clone(),
                source: data.source.clone(),
                hash: data.hash.clone(),
                training_samples: data.train.samples,
                test_samples: data.test.samples,
            })
        });
        let weights = reuse::weights_files(plan).map(|(network, file)| {
            Ok(WeightsRecord {
                network: network.to_string(),
                file: file.path.clone(),
                hash: weights::hash(file)?,
            })
        });
        let stages = plan.stages.iter().map(|stage| {
            Ok(StageRecord {
                name: stage.name.clone(),
                epochs: stage.epochs,
                steps: stage.steps,
                batch: data_of(plan, &stage.data)?.batch.size,
                optimizer: stage.optimizer.clone(),
            })
        });
        Ok(Record {
            status: Status::Running,
            experiment: plan.experiment.clone(),
            seed,
            versions: Versions {
                kdc: env!("CARGO_PKG_VERSION").to_string(),
                libtorch: libtorch::VERSION.to_string(),
            },
            device: device_name(self.device),
            threads: tch::get_num_threads() as u64,
            data: data.collect::<Result<_>>()?,
            weights: weights.collect::<Result<_>>()?,
            stages: stages.collect::<Result<_>>()?,
            git: GitState::here(),
            results: Results::default(),
        })
    }
}

/// Fails if a program reads a parameter that the file of a teacher lacks.
fn require_all(parameters: &Parameters, program: &Program) -> Result<()> {
    match parameters.absent_from(program) {
        None => Ok(()),
        Some(name) => Err(Failure::Usage(format!(
            "an edge needs `{name}`, which the teacher's file of weights lacks\n`missing:` may name only \
             what no edge needs"
        ))),
    }
}

pub fn data_of<'a>(plan: &'a Plan, name: &str) -> Result<&'a plan::DataSet> {
    let found = plan.data.iter().find(|data| data.name == name);
    found.ok_or_else(|| Failure::Bug(format!("the plan has no data `{name}`")))
}

pub fn students(plan: &Plan) -> impl Iterator<Item = &plan::Network> {
    plan.networks.iter().filter(|n| n.role == Role::Student)
}

/// Students, and networks that follow them.
pub fn changing(plan: &Plan) -> impl Iterator<Item = &plan::Network> {
    plan.networks.iter().filter(|n| changes(n))
}

fn changes(network: &plan::Network) -> bool {
    network.role == Role::Student || follows(network)
}

pub fn follows(network: &plan::Network) -> bool {
    matches!(network.weights, Weights::Follows { .. })
}

fn student_weights(runs: &std::path::Path, plan: &Plan, student: &str) -> PathBuf {
    RunFolder::of(runs, plan, first_seed(plan)).weights_path(students(plan).count(), student)
}

fn save(plan: &Plan, parameters: &Parameters, folder: &RunFolder) -> Result<()> {
    let count = students(plan).count();
    for student in students(plan) {
        let path = folder.weights_path(count, &student.name);
        let mut tensors = parameters.of_network(&student.name)?;
        tensors.extend(parameters.named(&student.grafted)?);
        folder.write_tensors(&path, &tensors)?;
    }
    for follower in plan.networks.iter().filter(|n| follows(n)) {
        let path = folder.own_weights_path(&follower.name);
        folder.write_tensors(&path, &parameters.of_network(&follower.name)?)?;
    }
    let auxiliary = parameters.auxiliary(plan)?;
    if !auxiliary.is_empty() {
        folder.write_tensors(&folder.auxiliary_path(), &auxiliary)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
