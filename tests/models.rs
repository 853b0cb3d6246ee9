//! The library's models are those that people have weights for: parameters by name, shape and number.

use crate::unsaved;
use kdc::plan::{ParameterKind, Plan};
use std::collections::BTreeSet;

/// What gives a model its input from a picture of 32×32: a text made of it, or a larger picture.
fn input(model: &str) -> &'static str {
    match model {
        "ViT()" | "DeiT()" => "resize_bilinear(image, 224)",
        "Bert()" => "(random_ids(30522, (N, 12)), random_ids(2, (N, 12)), sum(rows, dim: 2) > 0)",
        "DistilBert()" => "(random_ids(30522, (N, 12)), sum(rows, dim: 2) > 0)",
        "Gpt()" => "random_ids(50257, (N, 12))",
        _ if model.starts_with("Bert") => {
            "(argmax(rows, dim: 2), argmax(rows[:, :, 0:2], dim: 2), sum(rows, dim: 2) > 0)"
        }
        _ if model.starts_with("DistilBert") => "(argmax(rows, dim: 2), sum(rows, dim: 2) > 0)",
        _ if model.starts_with("Gpt") => "argmax(rows, dim: 2)",
        _ => "image",
    }
}

/// A plan with two networks of a model, `a` and `b`, which teach each other: so the number of classes is free.
fn plan(model: &str) -> Plan {
    let name = model.split('(').next().unwrap_or(model);
    let input = input(model);
    let text = format!(
        "use models::{name}
data images = shapes() -> batch(8)
model OnPictures() {{
    input image: [N, 3, 32, 32]
    rows = reshape(image, (N, 12, 256))
    net  = {input} -> {model}
    output answer = net
}}
student a = OnPictures()
student b = OnPictures()
edge a.answer ~> b.answer by mse
edge b.answer ~> a.answer by mse
train on images {{ epochs: 1, optimizer: adam(lr: 0.001) }}
"
    );
    unsaved::plan(text)
}

/// Those of `a`, without what stands in front.
fn parameters(plan: &Plan) -> BTreeSet<String> {
    let own = plan.parameters.iter();
    own.filter_map(|p| Some(format!("{} {}", p.name.strip_prefix("a.net.")?, p.shape)))
        .collect()
}

fn count(plan: &Plan) -> u64 {
    let own = plan.parameters.iter().filter(|p| p.owner == "a");
    let weights = own.filter(|p| p.kind == ParameterKind::Weight);
    weights.filter_map(|p| p.shape.elements_per_sample()).sum()
}

/// The sections of `tests/fixtures/models.txt`: a model as the library writes it, then its parameters.
fn fixture() -> Vec<(String, BTreeSet<String>)> {
    let text = std::fs::read_to_string("tests/fixtures/models.txt").expect("the fixture is there");
    let mut sections: Vec<(String, BTreeSet<String>)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("    "), sections.last_mut()) {
            (Some(parameter), Some((_, section))) => {
                section.insert(parameter.to_string());
            }
            _ => sections.push((line.to_string(), BTreeSet::new())),
        }
    }
    sections
}

#[test]
fn parameters_have_the_names_and_shapes_of_the_code_that_made_the_weights() {
    let sections = fixture();
    assert!(sections.len() >= 10);
    for (model, expected) in sections {
        let found = parameters(&plan(&model));
        let missing: Vec<_> = expected.difference(&found).take(5).collect();
        let extra: Vec<_> = found.difference(&expected).take(5).collect();
        assert!(
            missing.is_empty() && extra.is_empty(),
            "{model} lacks {missing:?} and has {extra:?}"
        );
    }
}

/// As the distillation literature's own code has them at 100 classes (RepDistiller), torchvision's and timm's at 1000, and
/// Hugging Face's BERT, DistilBERT and GPT-2.
#[test]
fn parameters_are_as_many_as_published() {
    for (model, expected) in [
        ("ResNetCifar(8)", 83_892),
        ("ResNetCifar(14)", 181_108),
        ("ResNetCifar(20)", 278_324),
        ("ResNetCifar(32)", 472_756),
        ("ResNetCifar(44)", 667_188),
        ("ResNetCifar(56)", 861_620),
        ("ResNetCifar(110)", 1_736_564),
        ("ResNetCifar(8, [32, 64, 128, 256])", 1_233_540),
        ("ResNetCifar(32, [32, 64, 128, 256])", 7_433_860),
        ("WideResNet(16, 1)", 180_916),
        ("WideResNet(40, 1)", 569_780),
        ("WideResNet(16, 2)", 703_284),
        ("WideResNet(40, 2)", 2_255_156),
        ("VGGCifar(8)", 3_965_028),
        ("VGGCifar(13)", 9_462_180),
        ("MobileNetV2Cifar()", 812_836),
        ("ShuffleNetV2(100, small: true)", 1_355_528),
        ("ResNet50(100, small: true)", 23_705_252),
        ("ResNet18()", 11_689_512),
        ("ResNet34()", 21_797_672),
        ("ResNet50()", 25_557_032),
        ("MobileNetV2()", 3_504_872),
        ("ShuffleNetV2()", 2_278_604),
        ("VGG()", 138_365_992),
        ("ViT()", 5_717_416),
        ("DeiT()", 5_910_800),
        ("Bert()", 108_891_648),
        ("DistilBert()", 66_362_880),
        ("Gpt()", 124_439_808),
    ] {
        assert_eq!(count(&plan(model)), expected, "{model}");
    }
}

/// Names that the literature's code has and no package that can be installed.
#[test]
fn cifar_models_have_the_names_of_the_published_checkpoints() {
    for (model, names) in [
        (
            "ResNetCifar(20)",
            &[
                "conv1.weight",
                "bn1.running_var",
                "layer1.0.conv1.weight",
                "layer2.0.downsample.1.bias",
                "fc.bias",
            ][..],
        ),
        (
            "WideResNet(16, 2)",
            &[
                "conv1.weight",
                "block1.layer.0.bn1.weight",
                "block1.layer.0.convShortcut.weight",
                "bn1.weight",
                "fc.bias",
            ],
        ),
        (
            "VGGCifar(13)",
            &[
                "block0.0.bias",
                "block0.1.weight",
                "block0.3.weight",
                "block4.4.running_mean",
                "classifier.weight",
            ],
        ),
        (
            "MobileNetV2Cifar()",
            &[
                "conv1.0.weight",
                "blocks.1.0.conv.0.weight",
                "blocks.6.0.conv.7.bias",
                "conv2.1.bias",
                "classifier.0.bias",
            ],
        ),
    ] {
        let found = parameters(&plan(model));
        for name in names {
            let there = found.iter().any(|p| p.split(' ').next() == Some(name));
            assert!(there, "{model} has no {name}");
        }
    }
}
