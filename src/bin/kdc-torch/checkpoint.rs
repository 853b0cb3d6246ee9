//! Where a run stands after an epoch: one that is interrupted, or killed, goes on from there and ends as if it had not
//! been. Each epoch draws its numbers from seeds of its own, so that no generator needs to be kept.
//!
//! `checkpoint.safetensors` has the parameters and states, what the steps have left behind besides, everything as
//! it was after the best epoch, each by their numbers, and the [progress](Progress) as the bytes of a YAML text.

use crate::choice::Marks;
use crate::failure::{Failure, Result};
use crate::parameters::NamedTensors;
use crate::run_folder::{Results, RunFolder, read_tensors};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use tch::{Device, Tensor};

const FILE: &str = "checkpoint.safetensors";
const PROGRESS: &str = "progress";

/// A run after an epoch.
pub struct Checkpoint {
    pub progress: Progress,
    /// As [`Parameters::snapshot`](crate::parameters::Parameters::snapshot) orders them.
    pub parameters: Vec<Tensor>,
    /// As [`Trainer::left`](crate::trainer::Trainer::left) orders it.
    pub left: Vec<Tensor>,
    /// Of the best epoch, as the parameters; empty where none is kept.
    pub kept: Vec<Tensor>,
}

#[derive(Serialize, Deserialize)]
pub struct Progress {
    /// Its place among the plan's.
    pub stage: usize,
    /// That the optimizer has taken in the stage.
    pub steps: u64,
    /// Of the epochs before the stage.
    pub before: u64,
    pub results: Results,
    pub marks: Marks,
}

impl Checkpoint {
    /// What a run has left in its folder; none where it was interrupted in its first epoch.
    pub fn read(folder: &RunFolder) -> Result<Option<Checkpoint>> {
        let path = folder.path.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let mut tensors: HashMap<String, Tensor> = read_tensors(&path)?.into_iter().collect();
        let damaged = || {
            Failure::Usage(format!(
                "`{}` is no checkpoint of this version of kdc\npass `--force` to train anew",
                path.display()
            ))
        };
        let text = tensors.remove(PROGRESS).ok_or_else(damaged)?;
        let text = Vec::<u8>::try_from(text).map_err(|_| damaged())?;
        let progress = serde_yaml::from_slice(&text).map_err(|_| damaged())?;
        let [parameters, left, kept] = ["parameter", "left", "kept"].map(|kind| {
            (0..)
                .map_while(|number| tensors.remove(&name(kind, number)))
                .collect()
        });
        Ok(Some(Checkpoint {
            progress,
            parameters,
            left,
            kept,
        }))
    }

    pub fn write(&self, folder: &RunFolder) -> Result<()> {
        let text = serde_yaml::to_string(&self.progress)
            .map_err(|e| Failure::Bug(format!("a checkpoint cannot be written: {e}")))?;
        let mut tensors: NamedTensors =
            vec![(PROGRESS.to_string(), Tensor::f_from_slice(text.as_bytes())?)];
        let kinds = [
            ("parameter", &self.parameters),
            ("left", &self.left),
            ("kept", &self.kept),
        ];
        for (kind, all) in kinds {
            for (number, tensor) in all.iter().enumerate() {
                let tensor = tensor.f_detach()?.f_to_device(Device::Cpu)?;
                tensors.push((name(kind, number), tensor.f_contiguous()?));
            }
        }
        folder.write_tensors(&folder.path.join(FILE), &tensors)
    }

    /// Of a run that is over.
    pub fn remove(folder: &RunFolder) -> Result<()> {
        let path = folder.path.join(FILE);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Failure::Usage(format!(
                "`{}` cannot be removed: {e}",
                path.display()
            ))),
            _ => Ok(()),
        }
    }
}

fn name(kind: &str, number: usize) -> String {
    format!("{kind} {number}")
}
