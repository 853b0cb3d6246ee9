use super::*;
use crate::testing::{alone, golden, parameters, plan};
use tch::Kind;

const NETWORK: &str = "
    use \"data.kd\"::images
    model Net() {
        input image: [N, 3, 32, 32]
        features = image -> conv2d(4, kernel: 3, padding: 1) -> relu -> max_pool2d(8)
        output logits = features -> flatten -> linear(10)
    }
    student net = Net()
    edge ce: images.label ~> net.logits by cross_entropy
";
const TRAIN: &str = "\ntrain on images { epochs: 1, optimizer: sgd(lr: 0.1), seed: 42 }";
/// A layer that learns beside the network.
const TAP: &str = "
    tap wide = net.features -> conv2d(8, kernel: 1)
    edge even: net.features ~> wide by first
    loss first(a: [N, C, H, W], b: [N, D, H, W]) { output mean(a^2) }
";

fn drawn(text: &str) -> (Parameters, Tensor) {
    let plan = plan(text);
    let parameters = Parameters::new(&plan, 42, Device::Cpu, &HashMap::new()).unwrap();
    (parameters, Tensor::rand([5], (Kind::Float, Device::Cpu)))
}

#[test]
fn weights_and_what_is_drawn_next_are_pytorchs() {
    let _alone = alone();
    let (parameters, next) = drawn(&format!("{NETWORK}{TRAIN}"));
    let names = ["0.weight", "0.bias", "3.weight", "3.bias"];
    let own = parameters.of_network("net").unwrap();
    assert_eq!(own.len(), names.len());
    for ((own, tensor), name) in own.iter().zip(names) {
        assert!(tensor.equal(&golden(&format!("init.{name}"))), "{own}");
    }
    assert!(next.equal(&golden("init.next")));
}

#[test]
fn params_and_states_start_as_pytorch_draws_them() {
    let _alone = alone();
    let (parameters, _) = drawn(&format!(
        "use \"data.kd\"::images
        model Net() {{
            input image: [N, 3, 32, 32]
            param token: [1, 1, 48] = trunc_normal(0.02)
            param wide: [5, 7] = trunc_normal(2, mean: 0.5)
            param spread: [4, 3] = normal(0.5, mean: -1)
            param even: [9] = uniform(0.3)
            state bank: [6, 4] = normal -> l2norm
            state count: [] = -1
            own = sum(token) + sum(wide) + sum(spread) + sum(even) + sum(bank) + count
            output logits = (image -> flatten -> linear(10)) + own
        }}
        student net = Net()
        edge ce: images.label ~> net.logits by cross_entropy{TRAIN}"
    ));
    for name in ["token", "wide", "spread", "even", "bank"] {
        let (own, expected) = (format!("net.{name}"), golden(&format!("starts.{name}")));
        assert!(parameters.get(&own).unwrap().equal(&expected), "{name}");
    }
    let count = parameters.get("net.count").unwrap();
    assert!(count.equal(&Tensor::from(-1f32)));
}

#[test]
fn of_several_inits_the_one_that_names_the_layer_counts_then_the_outer_one() {
    let _alone = alone();
    let (parameters, _) = drawn(&format!(
        "use \"data.kd\"::images
        model Block() {{
            input x: [N, C, H, W]
            init last.weight = zeros
            init conv2d.bias = 3
            output x -> conv2d(4, kernel: 1) as first -> batch_norm as last
        }}
        model Net() {{
            input image: [N, 3, 32, 32]
            init batch_norm.weight = 2
            init conv2d.bias = 4
            init conv2d.bias = 5
            init stem.bias = 6
            stem = image -> conv2d(4, kernel: 1) -> batch_norm
            output logits = stem -> Block as block -> global_avg_pool -> linear(10)
        }}
        student net = Net()
        edge ce: images.label ~> net.logits by cross_entropy{TRAIN}"
    ));
    for (name, expected) in [
        ("stem.0.bias", 6.0),
        ("stem.1.bias", 6.0),
        ("stem.1.weight", 2.0),
        ("block.first.bias", 5.0),
        ("block.last.weight", 0.0),
        ("block.last.bias", 0.0),
    ] {
        let found = parameters.get(&format!("net.{name}")).unwrap();
        assert!(
            found.equal(&Tensor::from_slice(&[expected as f32; 4])),
            "{name}"
        );
    }
}

#[test]
fn a_tap_changes_nobody_elses_weights() {
    let _alone = alone();
    let (without, next) = drawn(&format!("{NETWORK}{TRAIN}"));
    let (with, next_with) = drawn(&format!("{NETWORK}{TAP}{TRAIN}"));
    for (name, tensor) in without.of_network("net").unwrap() {
        let same = with.get(&format!("net.{name}")).unwrap();
        assert!(tensor.equal(same), "{name}");
    }
    assert!(next.equal(&next_with));
    let tap = with.get("wide.weight").or(with.get("wide.0.weight"));
    assert!(f64::try_from(tap.unwrap().std(false)).unwrap() > 0.0);
}

#[test]
fn files_hold_pytorchs_names() {
    let _alone = alone();
    let plan = plan(crate::testing::STUDENT);
    let parameters = parameters(&plan, 1);
    let names = |tensors: NamedTensors| tensors.into_iter().map(|(n, _)| n).collect::<Vec<_>>();
    let own = names(parameters.of_network("light").unwrap());
    assert_eq!(own[..2], ["features.0.weight", "features.0.bias"]);
    assert!(
        own.contains(&"features.1.running_var".to_string()),
        "{own:?}"
    );
    let auxiliary = names(parameters.auxiliary(&plan).unwrap());
    assert!(
        auxiliary.iter().all(|n| n.starts_with("regressed.")),
        "{auxiliary:?}"
    );
    assert_eq!(auxiliary.len(), 2);
}

#[test]
fn weights_of_another_shape_are_refused() {
    let _alone = alone();
    let plan = plan(crate::testing::STUDENT);
    let wrong = ["features.0.weight", "features.0.bias"].map(|name| {
        (
            name.to_string(),
            Tensor::zeros([1], (Kind::Float, Device::Cpu)),
        )
    });
    let loaded = HashMap::from([("deep".to_string(), wrong.into())]);
    let failure = Parameters::new(&plan, 1, Device::Cpu, &loaded)
        .err()
        .unwrap();
    let text = failure.to_string();
    assert!(
        text.contains("features.0.weight") && text.contains("[4, 3, 3, 3]"),
        "{text}"
    );
    assert_eq!(failure.exit_code(), 3);
}
