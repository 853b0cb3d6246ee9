//! The library's models answer as the code that people have weights for, on the same weights: those of
//! `tests/fixtures/models.py`.

use crate::interpreter::Executable;
use crate::parameters::{NamedTensors, Parameters};
use crate::testing::{alone, plan};
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

/// The logits of a model of the library for a picture of the same making.
fn answer(model: &str) -> Tensor {
    let name = model.split('(').next().unwrap_or(model);
    let plan = plan(&format!(
        "use models::{name}
        use \"data.kd\"::images
        student net = {model}
        edge images.label ~> net.logits by cross_entropy
        train on images {{ epochs: 1, optimizer: sgd(lr: 0.1) }}"
    ));
    let wanted = Parameters::wanted(&plan, "net").unwrap().into_iter();
    let weights: NamedTensors = wanted
        .map(|(n, shape)| (n.clone(), fill(&n, &shape)))
        .collect();
    let weights = HashMap::from([("net".to_string(), weights)]);
    let parameters = Parameters::loaded(&plan, Device::Cpu, &weights).unwrap();
    let program = &plan.evaluations[0].program;
    let picture = fill("picture", &[2, 3, 32, 32]);
    let mut executable = Executable::new(program, &program.fields, &parameters).unwrap();
    let _no_grad = tch::no_grad_guard();
    executable.run(&[&picture], 2).unwrap().remove(0)
}

#[test]
fn models_answer_as_torchvisions_and_timms() {
    let _alone = alone();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/models.safetensors"
    );
    let expected = Tensor::read_safetensors(path).expect("the fixture is part of the sources");
    assert!(expected.len() >= 6);
    for (model, expected) in expected {
        let size = f64::try_from(expected.abs().max()).unwrap();
        let off = f64::try_from((answer(&model) - expected).abs().max()).unwrap();
        assert!(
            off <= 1e-5 * size.max(1.0),
            "{model} is off by {off} of {size}"
        );
    }
}
