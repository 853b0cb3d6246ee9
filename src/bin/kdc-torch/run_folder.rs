//! `runs/<experiment>/`: what a run leaves behind. Every file is written under a temporary name and renamed.

use crate::failure::{Failure, Result};
use crate::parameters::NamedTensors;
use kdc::plan::{Optimizer, Plan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use tch::Tensor;

/// The files of one run.
pub struct RunFolder {
    pub path: PathBuf,
}

/// `run.yaml`: how the run was made and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub status: Status,
    pub experiment: String,
    pub seed: u64,
    pub versions: Versions,
    pub device: String,
    /// Of the CPU; results differ in the last bits from one number to another.
    pub threads: u64,
    pub data: Vec<DataRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<WeightsRecord>,
    pub stages: Vec<StageRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitState>,
    pub results: Results,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Also what a run that was killed leaves behind.
    Running,
    Finished,
    Interrupted,
    /// A loss became infinite or NaN.
    Diverged,
    /// What the experiment expects of a network did not hold.
    Refused,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Versions {
    pub kdc: String,
    pub libtorch: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataRecord {
    pub name: String,
    pub source: String,
    pub hash: String,
    pub training_samples: i64,
    pub test_samples: i64,
}

/// A file that a network's weights came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightsRecord {
    pub network: String,
    pub file: String,
    pub hash: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    pub batch: u64,
    pub optimizer: Optimizer,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// That were finished, of all stages.
    pub epochs: u64,
    pub seconds: f64,
    /// Each edge's mean loss in the last epoch that it was part of, without its weight.
    pub losses: BTreeMap<String, f64>,
    /// On the test samples, as a share of 1, of teachers and students.
    pub test_accuracy: BTreeMap<String, f64>,
    /// What `metrics` asks for, by the metric, then by the network.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, BTreeMap<String, f64>>,
}

/// What git knows of the working directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GitState {
    pub commit: String,
    /// Whether files differ from that commit.
    pub changed: bool,
}

impl RunFolder {
    /// A run of one seed has the experiment's folder; runs of several have one each within it.
    pub fn of(runs: &Path, plan: &Plan, seed: u64) -> RunFolder {
        let experiment = runs.join(&plan.experiment);
        RunFolder {
            path: match plan.seeds.len() {
                0 | 1 => experiment,
                _ => experiment.join(format!("seed-{seed}")),
            },
        }
    }

    pub fn record(&self) -> Option<Record> {
        let text = std::fs::read_to_string(self.path.join("run.yaml")).ok()?;
        serde_yaml::from_str(&text).ok()
    }

    /// Of the run that it holds.
    pub fn status(&self) -> Option<Status> {
        self.record().map(|record| record.status)
    }

    pub fn plan(&self) -> Option<Plan> {
        let text = std::fs::read_to_string(self.path.join("plan.yaml")).ok()?;
        Plan::from_yaml(&text).ok()
    }

    pub fn weights_path(&self, students: usize, network: &str) -> PathBuf {
        match students {
            1 => self.path.join("student.safetensors"),
            _ => self.own_weights_path(network),
        }
    }

    pub fn own_weights_path(&self, network: &str) -> PathBuf {
        self.path.join(format!("{network}.safetensors"))
    }

    /// Parameters of taps and losses.
    pub fn auxiliary_path(&self) -> PathBuf {
        self.path.join("auxiliary.safetensors")
    }

    /// Removes what an earlier run left, so that results of two runs never stand side by side.
    pub fn clear(&self) -> Result<()> {
        let Ok(entries) = std::fs::read_dir(&self.path) else {
            return Ok(());
        };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let extension = path
                .extension()
                .and_then(|e| e.to_str())
                .unwrap_or_default();
            if ["safetensors", "jsonl", "yaml", "tmp"].contains(&extension) {
                std::fs::remove_file(&path).map_err(|e| {
                    Failure::Usage(format!("`{}` cannot be removed: {e}", path.display()))
                })?;
            }
        }
        Ok(())
    }

    pub fn read_text(&self, name: &str) -> Result<String> {
        let path = self.path.join(name);
        std::fs::read_to_string(&path)
            .map_err(|e| Failure::Usage(format!("`{}` cannot be read: {e}", path.display())))
    }

    pub fn write_text(&self, name: &str, text: &str) -> Result<()> {
        self.write(&self.path.join(name), |path| {
            Ok(std::fs::write(path, text)?)
        })
    }

    pub fn write_record(&self, record: &Record) -> Result<()> {
        let text = serde_yaml::to_string(record)
            .map_err(|e| Failure::Bug(format!("`run.yaml` cannot be written: {e}")))?;
        self.write_text("run.yaml", &text)
    }

    pub fn write_tensors(&self, path: &Path, tensors: &NamedTensors) -> Result<()> {
        self.write(path, |path| Ok(Tensor::write_safetensors(tensors, path)?))
    }

    fn write(
        &self,
        path: &Path,
        write: impl Fn(&Path) -> std::result::Result<(), Box<dyn std::error::Error>>,
    ) -> Result<()> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".tmp");
        let temporary = PathBuf::from(temporary);
        std::fs::create_dir_all(&self.path)
            .map_err(Into::into)
            .and_then(|()| write(&temporary))
            .and_then(|()| Ok(std::fs::rename(&temporary, path)?))
            .map_err(|e| Failure::Usage(format!("`{}` cannot be written: {e}", path.display())))
    }
}

/// The tensors of a safetensors file.
pub fn read_tensors(path: &Path) -> Result<NamedTensors> {
    Tensor::read_safetensors(path)
        .map_err(|e| Failure::Usage(format!("`{}` cannot be read: {e}", path.display())))
}

impl GitState {
    /// None outside of a repository, or without git.
    pub fn here() -> Option<GitState> {
        let git = |args: &[&str]| {
            let output = Command::new("git").args(args).output().ok()?;
            let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
            output.status.success().then_some(text)
        };
        Some(GitState {
            commit: git(&["rev-parse", "HEAD"])?,
            changed: !git(&["status", "--porcelain"])?.is_empty(),
        })
    }
}
