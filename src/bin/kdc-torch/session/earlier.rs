//! What to do about runs that an experiment's folder holds already.

use super::Session;
use crate::checkpoint::Checkpoint;
use crate::failure::{Failure, Result};
use crate::reuse::{self, Fit};
use crate::run_folder::{Record, RunFolder, Status};
use kdc::plan::Plan;

/// What to do about an earlier run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Refuse to train where it is finished, go on where it was interrupted.
    Keep,
    Replace,
}

/// What is left to do of a run.
pub(super) enum Left {
    All,
    /// What follows the checkpoint.
    Behind(Checkpoint),
    /// It is finished.
    Nothing(Record),
}

impl Session {
    /// Fails where a finished run stands in the way.
    pub(super) fn make_way(&self, plan: &Plan, existing: Existing) -> Result<()> {
        let statuses: Vec<_> = self.folders(plan).map(|f| (f.status(), f)).collect();
        let finished = |status: Option<Status>| status == Some(Status::Finished);
        let interrupted = |status| matches!(status, Some(Status::Running | Status::Interrupted));
        // of several seeds some may be left
        if existing == Existing::Replace || statuses.iter().any(|(s, _)| interrupted(*s)) {
            return Ok(());
        }
        match statuses.iter().find(|(status, _)| finished(*status)) {
            None => Ok(()),
            Some((_, folder)) => Err(in_the_way(folder)),
        }
    }

    /// Of the experiment's seeds.
    fn folders(&self, plan: &Plan) -> impl Iterator<Item = RunFolder> {
        (plan.seeds.iter()).map(|seed| RunFolder::of(&self.runs, plan, *seed))
    }

    pub(super) fn is_finished(&self, plan: &Plan) -> bool {
        self.folders(plan)
            .all(|folder| folder.status() == Some(Status::Finished))
    }

    /// What is left to do of a run, where the folder may hold an earlier part of it.
    pub(super) fn left(&self, plan: &Plan, folder: &RunFolder, record: &Record) -> Result<Left> {
        let name = &plan.experiment;
        let Some((earlier, fit)) = reuse::earlier(folder, plan, record) else {
            return Ok(Left::All);
        };
        match (earlier.status, fit) {
            (Status::Finished, Fit::Fits) => Ok(Left::Nothing(earlier)),
            (Status::Finished, _) => Err(in_the_way(folder)),
            (Status::Running | Status::Interrupted, Fit::Fits) => {
                let Some(checkpoint) = Checkpoint::read(folder)? else {
                    return Ok(Left::All);
                };
                let epochs = checkpoint.progress.results.epochs;
                self.console.say(&format!(
                    "`{name}` was interrupted, and goes on after epoch {epochs}; with `--force` it begins anew"
                ));
                Ok(Left::Behind(checkpoint))
            }
            (Status::Running | Status::Interrupted, changed) => {
                self.console.say(&format!(
                    "`{name}` was interrupted, and begins anew, as {changed}"
                ));
                Ok(Left::All)
            }
            (Status::Diverged | Status::Refused, _) => Ok(Left::All),
        }
    }
}

fn in_the_way(folder: &RunFolder) -> Failure {
    Failure::Usage(format!(
        "`{}` holds a finished run already\npass `--force` to replace it, or `--runs DIR` to keep both",
        folder.path.display()
    ))
}
