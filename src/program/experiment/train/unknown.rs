//! Settings of `train` that kd has not: what other programs call so, and where it belongs here.

use super::settings::SETTINGS;
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::Name;

/// What other programs call a setting, and what kd does.
const NAMES: [(&[&str], &str); 4] = [
    (
        &["num_epochs", "max_epochs", "n_epochs", "num_train_epochs"],
        "epochs",
    ),
    (&["max_steps", "num_steps", "iterations"], "steps"),
    (
        &[
            "gradient_accumulation_steps",
            "accumulation_steps",
            "grad_accum",
        ],
        "accumulate",
    ),
    (
        &[
            "grad_clip",
            "clip_grad",
            "clip_grad_norm",
            "max_grad_norm",
            "gradient_clip",
        ],
        "clip",
    ),
];

/// What is said elsewhere, or in other words.
const ELSEWHERE: [(&[&str], &str); 15] = [
    (
        &["lr", "learning_rate"],
        "it belongs to the optimizer: `optimizer: adam(lr: 0.001)`",
    ),
    (
        &["momentum", "nesterov", "weight_decay", "betas"],
        "it belongs to the optimizer: `optimizer: sgd(lr: 0.1, momentum: 0.9, weight_decay: 5e-4)`",
    ),
    (
        &["groups", "param_groups"],
        "they belong to the optimizer: `optimizer: sgd(lr: 0.1, groups: [group(light.fc, lr: 0.01)])`",
    ),
    (
        &[
            "schedule",
            "scheduler",
            "lr_schedule",
            "lr_scheduler",
            "warmup",
            "warmup_epochs",
        ],
        "a learning rate may change: `optimizer: sgd(lr: 0.1 * warmup(5) * cosine_decay())`",
    ),
    (
        &["batch", "batch_size"],
        "it belongs to the data: end their pipeline with `-> batch(128)`",
    ),
    (
        &["hold_out", "validation_split"],
        "it belongs to the data: `-> hold_out(0.1)` before `batch`",
    ),
    (
        &["shuffle"],
        "leave it out: training samples are shuffled, in an order that depends on the seed, and test samples are not",
    ),
    (
        &["loss", "losses", "criterion"],
        "losses belong to edges: `edge images.label ~> light.logits by cross_entropy`",
    ),
    (
        &["temperature", "T"],
        "it belongs to the loss: `by soft_target(T: 4)`",
    ),
    (
        &["alpha", "weight"],
        "it belongs to the edge: `edge … by … weight 0.5`",
    ),
    (
        &["device", "gpus", "accelerator"],
        "it belongs to the command line: `kdc train file.kd --device cuda`",
    ),
    (
        &["amp", "fp16", "bf16", "mixed_precision", "use_amp"],
        "write `precision: bf16`; losses stay in f32, and nothing has to be scaled",
    ),
    (
        &["early_stopping", "patience"],
        "write `stop: patience(10)`, in epochs",
    ),
    (
        &["save_best", "checkpoint", "save_best_only"],
        "write `keep: best(accuracy)`; what is kept is in the run's folder",
    ),
    (&["ema", "ema_decay"], "write `average: ema(0.999)`"),
];

/// Says so, and which setting was meant, if it was one.
pub(super) fn unknown(name: &Name) -> (Diagnostic, Option<&'static str>) {
    let written = name.text.as_str();
    let message = format!("training has no setting `{written}`");
    let diagnostic = Diagnostic::new(Code::E0407, message).at(name.span, "unknown setting");
    let said = |names: &[&str]| names.contains(&written);
    if let Some((_, ours)) = NAMES.iter().find(|(names, _)| said(names)) {
        let help = format!("it is called `{ours}` here");
        return (diagnostic.replace(help, name.span, *ours), Some(ours));
    }
    if let Some((_, help)) = ELSEWHERE.iter().find(|(names, _)| said(names)) {
        return (diagnostic.help(*help), None);
    }
    match nearest(written, SETTINGS) {
        Some(near) => {
            let help = format!("there is one with a similar name: `{near}`");
            (diagnostic.replace(help, name.span, near), Some(near))
        }
        None => {
            let help = format!("the settings are {}", listed(SETTINGS, SETTINGS.len()));
            (diagnostic.help(help), None)
        }
    }
}
