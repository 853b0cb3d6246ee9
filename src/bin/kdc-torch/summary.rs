//! The closing tables.

use crate::console::{duration, percent, table};
use crate::failure::{Failure, Result};
use crate::metrics;
use crate::run_folder::{Record, RunFolder};
use kdc::diag::suggest::counted;
use kdc::plan::{EdgeLoss, ParameterKind, Plan, Role};
use kdc::program::number::grouped;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Of one run: networks with their accuracy, edges with their loss, the time it took.
pub fn of_run(plan: &Plan, record: &Record, folder: &RunFolder) -> String {
    let mut networks = vec![row(["network", "parameters", "test accuracy"])];
    let metrics = &record.results.metrics;
    networks[0].extend(metrics.keys().cloned());
    for network in &plan.networks {
        let role = match network.role {
            Role::Teacher => "teacher",
            Role::Student => "student",
        };
        let accuracy = record.results.test_accuracy.get(&network.name);
        let mut cells = row([
            &format!("{role} {}", network.name),
            &grouped(parameters_of(plan, &network.name)),
            &accuracy.map_or_else(|| "-".to_string(), |a| percent(*a)),
        ]);
        cells.extend(metrics::cells(metrics, &network.name));
        networks.push(cells);
    }
    let mut edges = vec![row(["edge", "weight", "loss"])];
    let mut listed: Vec<&EdgeLoss> = Vec::new();
    for edge in plan.stages.iter().flat_map(|stage| &stage.edges) {
        if listed.iter().any(|other| other.name == edge.name) {
            continue;
        }
        listed.push(edge);
        let loss = record.results.losses.get(&edge.name);
        edges.push(row([
            &format!("{}: {}", edge.name, edge.written),
            &edge.weight.to_string(),
            &loss.map_or_else(|| "-".to_string(), |l| format!("{l:.4}")),
        ]));
    }
    let time = duration(Duration::from_secs_f64(record.results.seconds));
    format!(
        "\n{}\n\n{}\n\n{} in {time}; the results are in {}\n",
        table(&networks),
        table(&edges),
        counted(record.results.epochs as i64, "epoch"),
        folder.path.display()
    )
}

fn parameters_of(plan: &Plan, owner: &str) -> u64 {
    let owned = plan.parameters.iter().filter(|p| p.owner == owner);
    let weights = owned.filter(|p| p.kind != ParameterKind::Buffer);
    weights.filter_map(|p| p.shape.elements_per_sample()).sum()
}

/// `summary.yaml`: what several seeds came to.
#[derive(Serialize)]
pub struct Summary {
    seeds: Vec<u64>,
    /// By the network.
    test_accuracy: BTreeMap<String, Spread>,
    /// By the metric, then by the network.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metrics: BTreeMap<String, BTreeMap<String, Spread>>,
}

#[derive(Serialize)]
pub struct Spread {
    mean: f64,
    /// Of a sample: with n - 1.
    standard_deviation: f64,
    each: Vec<f64>,
}

pub fn over_seeds(records: &[Record]) -> Summary {
    let metrics: BTreeSet<&String> = (records.iter())
        .flat_map(|record| record.results.metrics.keys())
        .collect();
    let of_metric = |metric: &String| {
        let runs = records.iter();
        spreads(runs.filter_map(|record| record.results.metrics.get(metric)))
    };
    Summary {
        seeds: records.iter().map(|record| record.seed).collect(),
        test_accuracy: spreads(records.iter().map(|record| &record.results.test_accuracy)),
        metrics: (metrics.into_iter())
            .map(|metric| (metric.clone(), of_metric(metric)))
            .collect(),
    }
}

/// By the network, from what each run says of it.
fn spreads<'r>(runs: impl Iterator<Item = &'r BTreeMap<String, f64>>) -> BTreeMap<String, Spread> {
    let mut each: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (network, value) in runs.flatten() {
        each.entry(network.clone()).or_default().push(*value);
    }
    (each.into_iter())
        .map(|(network, values)| (network, Spread::of(values)))
        .collect()
}

impl Spread {
    fn of(each: Vec<f64>) -> Spread {
        let n = each.len() as f64;
        let mean = each.iter().sum::<f64>() / n;
        let squares: f64 = each.iter().map(|x| (x - mean).powi(2)).sum();
        Spread {
            mean,
            standard_deviation: (squares / (n - 1.0).max(1.0)).sqrt(),
            each,
        }
    }
}

impl Summary {
    pub fn to_yaml(&self) -> Result<String> {
        serde_yaml::to_string(self)
            .map_err(|e| Failure::Bug(format!("`summary.yaml` cannot be written: {e}")))
    }

    pub fn table(&self) -> String {
        let mut rows = vec![row(["network", "test accuracy"])];
        rows[0].extend(self.metrics.keys().cloned());
        rows[0].push("over seeds".to_string());
        for (network, spread) in &self.test_accuracy {
            let (mean, deviation) = (spread.mean * 100.0, spread.standard_deviation * 100.0);
            let mut cells = row([network, &format!("{mean:.2} ± {deviation:.2} %")]);
            cells.extend(self.metrics.values().map(|of| match of.get(network) {
                Some(Spread {
                    mean,
                    standard_deviation,
                    ..
                }) => {
                    format!("{mean:.4} ± {standard_deviation:.4}")
                }
                None => "-".to_string(),
            }));
            cells.push(spread.each.len().to_string());
            rows.push(cells);
        }
        table(&rows)
    }
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_string).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviation_is_that_of_a_sample() {
        let spread = Spread::of(vec![0.70, 0.71, 0.72]);
        assert!((spread.mean - 0.71).abs() < 1e-12);
        assert!((spread.standard_deviation - 0.01).abs() < 1e-12);
        assert_eq!(Spread::of(vec![0.5]).standard_deviation, 0.0);
    }
}
