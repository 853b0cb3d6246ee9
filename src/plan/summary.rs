//! A plan in a few lines, for people.

use super::{Cost, Costs, EdgeLoss, Network, Plan, Pruned, Role, Stage, Weights};
use crate::program::number::grouped;
use std::path::Path;

impl Plan {
    /// How it is trained, who learns, from what, and what that costs.
    pub fn summary(&self) -> String {
        let training = self.stages.iter().map(|stage| vec![self.training(stage)]);
        let parts = [
            table(training.collect()),
            table(self.networks.iter().map(Network::row).collect()),
            table(
                self.stages
                    .iter()
                    .flat_map(|stage| self.edges(stage))
                    .collect(),
            ),
            table(self.costs()),
            table(self.kept()),
        ];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        format!(
            "{}\n\n{}",
            self.experiment,
            parts.collect::<Vec<_>>().join("\n")
        )
    }

    /// `train warm on images: 3 epochs, batches of 128, adam, lr 0.001`
    pub fn training(&self, stage: &Stage) -> String {
        let name = stage.name.as_ref().map(|name| format!(" {name}"));
        let name = name.unwrap_or_default();
        let length = match (stage.epochs, stage.steps) {
            (Some(1), _) => "1 epoch".to_string(),
            (Some(epochs), _) => format!("{} epochs", grouped(epochs)),
            (None, steps) => format!("{} steps", grouped(steps.unwrap_or(0))),
        };
        let data = self.data.iter().find(|data| data.name == stage.data);
        let batch = data.map(|data| format!(", batches of {}", data.batch.size));
        let batch = batch.unwrap_or_default();
        let (optimizer, lr) = (stage.optimizer.name(), stage.optimizer.lr());
        format!(
            "train{name} on {}: {length}{batch}, {optimizer}, lr {lr}",
            stage.data
        )
    }

    fn edges(&self, stage: &Stage) -> Vec<Vec<String>> {
        let several = self.stages.len() > 1;
        let when = stage.name.as_ref().map(|name| format!("stage {name}"));
        let when = when.unwrap_or_default();
        let row = |edge: &EdgeLoss| {
            let weight = format!("weight {}", edge.weight);
            match several {
                true => vec![weight, when.clone(), edge.written.clone()],
                false => vec![weight, edge.written.clone()],
            }
        };
        stage.edges.iter().map(row).collect()
    }

    fn costs(&self) -> Vec<Vec<String>> {
        let head = ["", "parameters", "multiply-adds of a sample"];
        let mut rows = vec![head.map(str::to_string).to_vec()];
        let mut row = |what: &str, parameters: u64, multiply_adds: u64, more: String| {
            let numbers = [grouped(parameters), grouped(multiply_adds)];
            rows.push([vec![what.to_string()], numbers.to_vec(), vec![more]].concat());
        };
        let Costs {
            teacher,
            student,
            auxiliary,
            loss,
        } = &self.cost;
        for (what, cost) in [
            ("teachers", teacher),
            ("students", student),
            ("taps", auxiliary),
            ("losses", loss),
        ] {
            if *cost != Cost::default() {
                row(what, cost.parameters, cost.multiply_adds, String::new());
            }
        }
        let never = self.never_computed();
        if !never.is_empty() {
            let names: Vec<&str> = never.iter().map(|value| value.value.as_str()).collect();
            let parameters = never.iter().map(|value| value.parameters).sum();
            let multiply_adds = never.iter().map(|value| value.multiply_adds).sum();
            row("not computed", parameters, multiply_adds, names.join(", "));
        }
        rows
    }

    /// What all stages leave out.
    fn never_computed(&self) -> Vec<&Pruned> {
        let Some((first, others)) = self.stages.split_first() else {
            return Vec::new();
        };
        let leaves_out = |stage: &Stage, value: &str| stage.pruned.iter().any(|p| p.value == value);
        let values = first.pruned.iter();
        values
            .filter(|p| others.iter().all(|stage| leaves_out(stage, &p.value)))
            .collect()
    }

    /// What teachers answer once.
    fn kept(&self) -> Vec<Vec<String>> {
        let row = |stage: &Stage| {
            let bytes = grouped(stage.kept()?.bytes);
            let values = stage.constant.outputs.join(", ");
            let rounded = stage.rounded().map(|to| format!(", rounded to {to}"));
            let rounded = rounded.unwrap_or_default();
            Some(vec![
                "kept between epochs".to_string(),
                values,
                format!("{bytes} bytes a sample{rounded}"),
            ])
        };
        let mut rows: Vec<Vec<String>> = self.stages.iter().filter_map(row).collect();
        rows.dedup();
        rows
    }
}

impl Network {
    fn row(&self) -> Vec<String> {
        let role = match self.role {
            Role::Teacher => "teacher",
            Role::Student => "student",
        };
        let origin = self.origin().map(|origin| format!(", {origin}"));
        let model = format!("{}{}", self.model, origin.unwrap_or_default());
        vec![self.name.clone(), role.to_string(), model]
    }

    /// Where its weights come from, if they are not drawn: `trained by teacher.kd`. Whom it follows its model says.
    pub fn origin(&self) -> Option<String> {
        let file_name = |path: &str| {
            let name = Path::new(path)
                .file_name()
                .map(|name| name.to_string_lossy());
            name.map_or_else(|| path.to_string(), |name| name.into_owned())
        };
        match &self.weights {
            Weights::Initialised { .. } | Weights::Follows { .. } => None,
            Weights::Experiment { file, .. } => Some(format!("trained by {}", file_name(file))),
            Weights::File(file) => Some(format!("weights from {}", file_name(&file.path))),
        }
    }
}

/// Rows with their columns below each other; numbers, which a digit begins, at the right.
fn table(rows: Vec<Vec<String>>) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let length = |text: &String| text.chars().count();
    let widest = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(length)
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths);
        let cells =
            cells.map(
                |(cell, width)| match cell.starts_with(|c: char| c.is_ascii_digit()) {
                    true => format!("{cell:>width$}"),
                    false => format!("{cell:<width$}"),
                },
            );
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(&format!("  {}\n", line.trim_end()));
    }
    text
}
