//! The library's models answer as the code that people have weights for, on the same weights: those of
//! `tests/fixtures/models.py`.

use crate::interpreter::Executable;
use crate::parameters::{NamedTensors, Parameters};
use crate::testing::{alone, fixture, hash_of, plan};
use kdc::plan::Plan;
use std::collections::HashMap;
use tch::{Device, Kind, Tensor};

/// The numbers of a parameter, made from their places and its name. As `fill` in `models.py`.
fn fill(name: &str, shape: &[i64]) -> Tensor {
    let count: i64 = shape.iter().product();
    let place = Tensor::arange(count, (Kind::Double, Device::Cpu));
    let name_sum: i64 = name.bytes().map(i64::from).sum();
    let wave = ((&place * &place) * 0.001 + &place + name_sum)
        .sin()
        .reshape(shape);
    let many = shape.len() > 1;
    let filled = if many && name.ends_with("weight") {
        wave * (4.0 / (count / shape[0]) as f64).sqrt()
    } else if name.ends_with("running_var") {
        wave * 0.3 + 1.0
    } else if name.ends_with("weight") {
        wave * 0.2 + 1.0
    } else {
        wave * if many { 0.5 } else { 0.1 }
    };
    filled.to_kind(Kind::Float)
}

/// An experiment with a student that leads a picture through a model of the library; a text model gets a text that
/// is made of the picture, and ten numbers for its fourth token count.
fn experiment(model: &str) -> Plan {
    let name = model.split('(').next().unwrap_or(model);
    let ids = "argmax(rows, dim: 2)";
    let types = "argmax(rows[:, :, 0:2], dim: 2)";
    let mask = "sum(rows, dim: 2) > 0";
    let input = match name {
        "BertForTokenClassification" => format!("({ids}, {types}, {mask})"),
        "DistilBert" => format!("({ids}, {mask})"),
        "Gpt" => ids.to_string(),
        _ => "image".to_string(),
    };
    let output = match input.as_str() {
        "image" => "net",
        _ => "net[:, 3, 0:10]",
    };
    plan(&format!(
        "use models::{name}
        use \"data.kd\"::images
        model OnPictures() {{
            input image: [N, 3, 32, 32]
            rows = reshape(image, (N, 12, 256))
            net = {input} -> {model}
            output logits = {output}
        }}
        student net = OnPictures()
        edge images.label ~> net.logits by cross_entropy
        train on images {{ epochs: 1, optimizer: sgd(lr: 0.1) }}"
    ))
}

/// The logits of a model for a picture of the same making as its weights.
fn answer(model: &str) -> Tensor {
    let plan = experiment(model);
    let wanted = Parameters::wanted(&plan, "net").unwrap().into_iter();
    let weights = wanted.map(|(name, shape)| {
        let filled = fill(name.trim_start_matches("net."), &shape);
        (name, filled)
    });
    let weights: HashMap<String, NamedTensors> = [("net".into(), weights.collect())].into();
    let parameters = Parameters::loaded(&plan, Device::Cpu, &weights).unwrap();
    let program = &plan.evaluations[0].program;
    let picture = fill("picture", &[2, 3, 32, 32]);
    let mut executable = Executable::new(program, &program.fields, &parameters).unwrap();
    let _no_grad = tch::no_grad_guard();
    executable.run(&[&picture], 2).unwrap().remove(0)
}

#[test]
fn models_answer_as_torchvisions_timms_and_hugging_faces() {
    let _alone = alone();
    let expected = fixture("models.safetensors");
    assert!(expected.len() >= 11);
    for (model, expected) in expected {
        let size = f64::try_from(expected.abs().max()).unwrap();
        let off = f64::try_from((answer(&model) - expected).abs().max()).unwrap();
        assert!(
            off <= 1e-5 * size.max(1.0),
            "{model} is off by {off} of {size}"
        );
    }
}

#[test]
fn models_start_as_torchvisions_and_hugging_faces() {
    let _alone = alone();
    let expected = fixture("starts.safetensors");
    for model in [
        "ResNet18(classes: 10)",
        "MobileNetV2(classes: 10)",
        "DistilBert(vocab: 256, dim: 32, depth: 2, heads: 2)",
    ] {
        let plan = experiment(model);
        let parameters = Parameters::new(&plan, 42, Device::Cpu, &HashMap::new()).unwrap();
        let next = Tensor::rand([5], (Kind::Float, Device::Cpu));
        let find = |name: &str| expected.get(name);
        assert!(
            next.equal(find(&format!("{model} next")).unwrap()),
            "{model}"
        );
        let own = parameters.of_network("net").unwrap();
        let there = expected
            .iter()
            .filter(|(name, _)| name.starts_with(&format!("{model}.")));
        assert_eq!(own.len(), there.count());
        for (name, tensor) in own {
            let name = format!("{model}{}", name.trim_start_matches("net"));
            let expected = find(&name).map(|hash| i64::try_from(hash).unwrap() as u64);
            // of Hugging Face's the first row is 0
            if !name.ends_with("word_embeddings.weight") {
                assert_eq!(Some(hash_of(&tensor)), expected, "{name}");
            }
        }
    }
}
