//! Mistakes of `tests/ui` that people make who come from PyTorch. Every message about them names the repair.

use kdc::cli::files::Disk;
use std::path::PathBuf;

/// What they bring along, in the order of the codes.
const HABITS: &[&str] = &[
    // Python
    "E0005/equals_in_call",
    "E0005/equals_in_settings",
    "E0005/hash_comment",
    "E0005/import",
    "E0005/power",
    "E0005/python_class",
    "E0005/python_words",
    "E0005/return",
    "E0005/round_shape",
    "E0005/semicolon",
    "E0005/single_quotes",
    "E0202/binding",
    "E0203/below",
    "E0224/not_whole",
    "E0228/none",
    // PyTorch's names
    "E0201/optimizer",
    "E0210/arguments",
    "E0210/criterion",
    "E0210/functional",
    "E0210/in_channels",
    "E0210/learning_rate",
    "E0210/loss_arguments",
    "E0210/modules",
    "E0210/optim",
    "E0210/same_padding",
    "E0210/temperature",
    "E0210/view",
    "E0210/workers",
    "E0220/kernel",
    "E0220/learning_rate",
    "E0220/tensor",
    "E0221/misspelt",
    "E0225/conv2d",
    "E0407/batch_size",
    "E0407/misspelt",
    "E0407/missing",
    "E0407/scheduler",
    // shapes
    "E0301/cosine_without_pooling",
    "E0301/hint_without_regressor",
    "E0301/loss_on_a_map",
    "E0302/concat",
    "E0302/conv_after_flatten",
    "E0302/normalized_colours",
    "E0302/reshape",
    "E0302/residual",
    "E0303/kernel",
    "E0303/pooled_too_often",
    "E0304/missing",
    "E0304/then_max",
    "E0305/grey",
    "E0306/student",
    // losses and training
    "E0204/layer_as_loss",
    "E0307/label_to_mse",
    "E0307/logits_as_labels",
    "E0308/per_sample",
    "E0401/teacher",
    "E0402/softmax",
    "E0402/standardised",
    "E0403/teacher",
    "E0404/student",
    "E0406/dkd_without_label",
    "E0409/no_train_block",
    "E0410/field",
    "E0411/negative",
    "E0413/keep",
];

#[test]
fn every_habit_is_answered_with_its_repair() {
    for case in HABITS {
        let path = PathBuf::from(format!("tests/ui/{case}.kd"));
        let checked = kdc::check(&Disk, &path);
        assert!(!checked.diagnostics.is_empty(), "{case} is no mistake");
        for diagnostic in &checked.diagnostics {
            assert!(
                !diagnostic.help.is_empty(),
                "{case}: {}",
                diagnostic.message
            );
        }
    }
}
