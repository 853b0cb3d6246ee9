//! A case of `tests/fixtures/losses.json` as an experiment: networks that give tensors of its shapes, and the edge.

use crate::testing::{plan, plan_with};
use kdc::plan::Plan;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The edge whose loss is looked at.
pub const EDGE: &str = "it";
/// As many as the programs' banks have rows.
const SAMPLES: u64 = 90;

#[derive(Clone, Deserialize)]
pub struct Case {
    pub name: String,
    pub loss: String,
    pub arguments: String,
    /// Shapes without the batch.
    pub students: Vec<Vec<i64>>,
    pub teachers: Vec<Vec<i64>>,
    /// Of the label, if the loss takes one.
    pub classes: Option<i64>,
    /// Shapes of what else it takes by name.
    pub named: BTreeMap<String, Vec<i64>>,
    /// Whether it takes the samples' numbers.
    pub indexed: bool,
}

pub fn cases() -> Vec<Case> {
    let text = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/losses.json"
    ));
    serde_json::from_str(text).expect("the fixture is part of the sources")
}

impl Case {
    pub fn plan(&self) -> Plan {
        let teacher = format!(
            "use \"data.kd\"::images
             {}
             {TRAIN}",
            self.deep()
        );
        let student = format!(
            "use \"data.kd\"::images
             teacher deep from \"teacher.kd\"
             {}
             {TRAIN}",
            self.light()
        );
        plan_with(&student, &teacher).with_samples(&samples())
    }

    /// The loss between two networks that both learn, with other settings.
    pub fn between_students(&self, settings: &str) -> Plan {
        let text = format!(
            "use \"data.kd\"::images
             {}
             {}
             train on images {{ steps: 1, optimizer: adam(lr: 0.001), {settings} }}",
            self.deep(),
            self.light()
        );
        plan(&text).with_samples(&samples())
    }

    /// The network on the left.
    fn deep(&self) -> String {
        format!(
            "model Deep() {{
                 input image: [N, 3, 32, 32]
                 {}{}{}{}
             }}
             student deep = Deep()
             edge images.label ~> deep.answer by cross_entropy",
            outputs("t", &self.teachers),
            self.named
                .iter()
                .map(|(name, shape)| output(name, shape))
                .collect::<String>(),
            self.classes
                .map_or(String::new(), |classes| output("right", &[classes])),
            output("answer", &[10]),
        )
    }

    /// The network on the right, and the edge.
    fn light(&self) -> String {
        let label = self
            .classes
            .map(|_| "tap label = argmax(deep.right, dim: 1)\n".to_string());
        let named = self.named.keys();
        // The mean over the batch, for want of a tensor that does not depend on it.
        let named = named.map(|name| format!("tap {name} = mean(deep.{name}, dim: 0)\n"));
        format!(
            "model Light() {{
                 input image: [N, 3, 32, 32]
                 {}
             }}
             student light = Light()
             {}
             edge {EDGE}: {} ~> {} by {}({})",
            outputs("s", &self.students),
            label.into_iter().chain(named).collect::<String>(),
            match self.teachers.as_slice() {
                [] => "label".to_string(),
                teachers => side("deep.t", teachers.len()),
            },
            side("light.s", self.students.len()),
            self.loss,
            self.written_arguments(),
        )
    }

    fn written_arguments(&self) -> String {
        let label = self.classes.filter(|_| !self.teachers.is_empty());
        let label = label.map(|_| "label".to_string());
        let named = label.into_iter().chain(self.named.keys().cloned());
        let named = named.map(|name| format!("{name}: {name}, "));
        let index = self.indexed.then(|| "index: images.index, ".to_string());
        named.chain(index).chain([self.arguments.clone()]).collect()
    }
}

/// `(deep.t0, deep.t1)`
fn side(start: &str, count: usize) -> String {
    let tensors: Vec<String> = (0..count).map(|i| format!("{start}{i}")).collect();
    match tensors.as_slice() {
        [one] => one.clone(),
        many => format!("({})", many.join(", ")),
    }
}

fn samples() -> kdc::plan::Samples {
    [("images".into(), SAMPLES)].into()
}

const TRAIN: &str = "train on images { epochs: 1, optimizer: adam(lr: 0.001) }";

/// Model outputs of these shapes: `s0`, `s1`, …
fn outputs(letter: &str, shapes: &[Vec<i64>]) -> String {
    let shapes = shapes.iter().enumerate();
    shapes
        .map(|(i, shape)| output(&format!("{letter}{i}"), shape))
        .collect()
}

fn output(name: &str, shape: &[i64]) -> String {
    let sizes: Vec<String> = shape.iter().map(i64::to_string).collect();
    format!(
        "output {name} = image -> flatten -> linear({}) -> reshape((N, {}))\n",
        shape.iter().product::<i64>(),
        sizes.join(", ")
    )
}
