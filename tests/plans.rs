//! `tests/plan/NAME.yaml` is the plan of `examples/NAME.kd`, of which the plans of other examples in it are left
//! out: those are held against their own. `KDC_BLESS=1 cargo test plans` writes what comes
//! out; read it before it is committed.

use crate::shipped::shipped;
use crate::{golden, unsaved};
use kdc::cli::files::{Disk, walk};
use kdc::diag::Severity;
use kdc::plan::{Arg, Keep, Node, Part, Plan, Program, Weights};
use std::path::{Path, PathBuf};

/// The examples that are experiments, with their plans.
fn plans() -> Vec<(PathBuf, Plan)> {
    let examples = walk(Path::new("examples")).expect("the examples are there");
    examples
        .into_iter()
        .filter_map(|path| {
            let plan = kdc::check(&Disk, &path).plan?;
            let golden = Path::new("tests/plan").join(path.file_name()?);
            Some((golden.with_extension("yaml"), plan))
        })
        .collect()
}

#[test]
fn examples_give_the_golden_plans() {
    let plans = plans();
    for (path, plan) in &plans {
        golden::hold(path, &without_others(plan.clone(), &plans).to_yaml());
    }
}

/// A plan with only the names, sources and costs of those in it, which are the plans of their own files.
fn without_others(mut plan: Plan, plans: &[(PathBuf, Plan)]) -> Plan {
    for network in &mut plan.networks {
        let Weights::Experiment { plan: other, .. } = &mut network.weights else {
            continue;
        };
        let own = plans
            .iter()
            .find(|(_, own)| own.sources[0].file == other.sources[0].file);
        assert_eq!(own.map(|(_, own)| own), Some(&**other), "{}", network.name);
        other.data.clear();
        other.networks.clear();
        other.parameters.clear();
        other.stages.clear();
        other.evaluations.clear();
    }
    plan
}

/// Also as files of a user's own, who copies them to change them.
#[test]
fn every_file_of_the_project_checks_clean() {
    for (path, _) in shipped() {
        let checked = kdc::check(&Disk, &path);
        let diagnostics = checked.diagnostics.iter();
        let errors = diagnostics.filter(|d| d.severity == Severity::Error);
        let messages: Vec<&str> = errors.map(|d| d.message.as_str()).collect();
        assert_eq!(messages, Vec::<&str>::new(), "{}", path.display());
    }
}

#[test]
fn every_golden_plan_has_an_example() {
    let known: Vec<PathBuf> = plans().into_iter().map(|(golden, _)| golden).collect();
    for entry in std::fs::read_dir("tests/plan").unwrap() {
        let path = entry.unwrap().path();
        assert!(
            known.contains(&path),
            "{} belongs to no example",
            path.display()
        );
    }
}

#[test]
fn what_is_printed_can_be_read_again() {
    for (golden, plan) in plans() {
        let again = Plan::from_yaml(&plan.to_yaml());
        assert_eq!(again.as_ref(), Ok(&plan), "{}", golden.display());
    }
}

fn plan(path: &str) -> Plan {
    let checked = kdc::check(&Disk, Path::new(path));
    checked.plan.expect("it has no errors")
}

/// Multiply-adds by hand. `DeepNN`: 1024·27·128 + 1024·1152·64 + 256·576·64 + 256·576·32 in the convolutions,
/// 2048·512 + 512·10 in the classifier. `LightNN`: 1024·27·16 + 256·144·16, and 1024·256 + 256·10. The
/// regressor: 64·144·32. Parameters as PyTorch counts them.
#[test]
fn costs_are_those_of_the_tutorial() {
    let (convolutions, classifier) = (93_192_192, 1_053_696);
    let teacher = plan("examples/teacher.kd").cost;
    assert_eq!(teacher.student.parameters, 1_186_986);
    assert_eq!(teacher.student.multiply_adds, convolutions + classifier);
    let kd = plan("examples/kd.kd").cost;
    assert_eq!(
        (kd.teacher, kd.auxiliary),
        (teacher.student, teacher.auxiliary)
    );
    assert_eq!(kd.student.parameters, 267_738);
    assert_eq!(kd.student.multiply_adds, 1_296_896);
    let hint = plan("examples/hint.kd").cost;
    assert_eq!(hint.student, kd.student);
    assert_eq!(hint.teacher.parameters, 1_186_986 - 1_054_218);
    assert_eq!(hint.teacher.multiply_adds, convolutions);
    assert_eq!(hint.auxiliary.parameters, 16 * 32 * 9 + 32);
    assert_eq!(hint.auxiliary.multiply_adds, 294_912);
    assert_eq!(hint.auxiliary.parameter_bytes, 4 * (16 * 32 * 9 + 32));
}

#[test]
fn what_no_edge_reaches_is_pruned() {
    let pruned = |path| {
        let stage = plan(path).stages.remove(0);
        let names = stage.pruned.into_iter().filter(|p| p.parameters > 0);
        names.map(|p| (p.value, p.parameters)).collect::<Vec<_>>()
    };
    let classifier = vec![("deep.logits".to_string(), 1_054_218)];
    assert_eq!(pruned("examples/hint.kd"), classifier);
    assert_eq!(pruned("examples/cosine.kd"), classifier);
    assert_eq!(pruned("examples/kd.kd"), []);
}

/// The plan of a student that is trained, with this before its logits.
fn student(between: &str) -> Plan {
    unsaved::plan(format!(
        "use \"cifar10.kd\"::images
model Net() {{
    input image: [N, 3, 32, 32]
    {between}
    output logits = end -> flatten -> linear(10)
}}
student net = Net()
edge images.label ~> net.logits by cross_entropy
train on images {{ epochs: 1, optimizer: adam(lr: 0.001) }}
"
    ))
}

/// The operations of a network that leads to `logits`, and whether each writes in place.
fn body(between: &str) -> Vec<Node> {
    let stage = student(between).stages.remove(0);
    let nodes = stage.step.nodes.into_iter();
    nodes.take_while(|node| node.op != "flatten").collect()
}

#[test]
fn a_relu_beside_a_pooling_is_one_operation_with_it() {
    let operations = |between| {
        let described = body(between).into_iter().map(|node| {
            let relu = node.args.contains_key("relu");
            node.op + if relu { " relu" } else { "" }
        });
        described.collect::<Vec<_>>()
    };
    assert_eq!(
        operations("end = image -> conv2d(4, kernel: 3) -> relu -> max_pool2d(2)"),
        ["conv2d", "max_pool2d relu"]
    );
    assert_eq!(
        operations("end = image -> relu -> max_pool2d(2) -> relu -> max_pool2d(2) -> relu"),
        ["max_pool2d relu", "max_pool2d relu"]
    );
    assert_eq!(
        operations(
            "map = image -> max_pool2d(2)
             end = relu(map) + map"
        ),
        ["max_pool2d", "relu", "add"]
    );
    assert_eq!(
        operations(
            "map = image -> conv2d(4, kernel: 3) -> relu
             end = max_pool2d(map, 3, stride: 1, padding: 1) + map"
        ),
        ["conv2d", "relu", "max_pool2d", "add"]
    );
    assert_eq!(
        operations("end = image -> conv2d(4, kernel: 3) -> relu -> avg_pool2d(2)"),
        ["conv2d", "relu", "avg_pool2d"]
    );
}

#[test]
fn a_relu_writes_over_what_nothing_else_reads() {
    let in_place = |between| {
        let body = body(between).into_iter();
        body.filter(|node| node.op == "relu")
            .map(|node| node.args.contains_key("in_place"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        in_place("end = image -> conv2d(4, kernel: 3) -> batch_norm -> relu -> sigmoid -> relu"),
        [true, false]
    );
    assert_eq!(in_place("end = image -> relu"), [false]);
    assert_eq!(
        in_place(
            "map = image -> conv2d(4, kernel: 3)
             end = map + relu(map)"
        ),
        [false]
    );
}

/// What the plan decides about the teachers' answers, in the one stage of an experiment on these data that takes
/// so long.
fn cache(data: &str, length: &str) -> (Keep, u64, u64) {
    let text = format!(
        "use models::LightNN
data images = {data}
teacher deep from \"teacher.kd\"
student light = LightNN(classes: 10)
edge deep.logits ~> light.logits by soft_target(T: 2)
train on images {{ {length}, optimizer: adam(lr: 0.001) }}
"
    );
    let mut plan = unsaved::plan(text);
    let cache = plan.stages.remove(0).cache.expect("there is a teacher");
    (cache.keep, cache.views, cache.bytes)
}

#[test]
fn a_teachers_answers_are_kept_where_that_saves_passes() {
    let plain = "shapes() -> batch(128)";
    let crop = "shapes() -> augment(crop(32, padding: 4) -> flip) -> batch(128)";
    assert_eq!(cache(plain, "epochs: 10"), (Keep::Auto, 1, 40));
    assert_eq!(cache(plain, "epochs: 1"), (Keep::Off, 1, 40));
    assert_eq!(cache(plain, "epochs: 1, seed: [1, 2]"), (Keep::Auto, 1, 40));
    assert_eq!(cache(plain, "steps: 50"), (Keep::Off, 1, 40));
    assert_eq!(cache(plain, "epochs: 10, cache: off").0, Keep::Off);
    assert_eq!(cache(plain, "epochs: 10, cache: disk").0, Keep::Disk);
    assert_eq!(cache(plain, "epochs: 10, store: f32").2, 40);
    assert_eq!(cache(plain, "epochs: 10, store: bf16").2, 20);
    assert_eq!(cache(plain, "epochs: 10, store: f16").2, 20);
    // of 162 views a tenth comes again only after a while
    assert_eq!(cache(crop, "epochs: 240"), (Keep::Auto, 162, 40));
    assert_eq!(cache(crop, "epochs: 10"), (Keep::Off, 162, 40));
    assert_eq!(cache(crop, "epochs: 10, cache: memory").0, Keep::Memory);
    let endless = "shapes() -> augment(rand_augment()) -> batch(128)";
    assert_eq!(cache(endless, "epochs: 240").0, Keep::Off);
    assert_eq!(cache(endless, "epochs: 240, cache: memory").0, Keep::Off);
}

#[test]
fn numbers_change_their_kind_where_the_plan_says() {
    let text = "use \"cifar10.kd\"::images
model Net() {
    input image: [N, 3, 32, 32]
    map = image -> conv2d(4, kernel: 3) -> batch_norm -> relu -> max_pool2d(2)
    output logits = map -> conv2d(4, kernel: 3) -> sigmoid -> flatten -> linear(10)
}
student net = Net()
edge images.label ~> net.logits by cross_entropy
train on images { epochs: 2, precision: bf16, optimizer: adam(lr: 0.001) }
";
    let stage = unsaved::plan(text).stages.remove(0);
    let described = stage.step.nodes.iter().map(|node| {
        let kind = node.args.get("to").or(node.args.get("precision"));
        let kind = kind.map(|kind| format!(" {kind}")).unwrap_or_default();
        format!("{}{kind}", node.op)
    });
    let body: Vec<String> = described.take(12).collect();
    assert_eq!(
        body,
        [
            "cast bf16",
            "conv2d bf16",
            "batch_norm",
            "max_pool2d",
            "conv2d bf16",
            "cast f32",
            "sigmoid",
            "flatten",
            "cast bf16",
            "linear bf16",
            "cast f32",
            "log_softmax",
        ]
    );
    let cast = &stage.step.nodes[0];
    assert_eq!(
        (cast.value.as_str(), cast.shape.to_string()),
        ("images.image in bf16", "[N, 3, 32, 32]".into())
    );
}

/// `tests/fast.yaml` is the fast plan of `tests/fast.kd`.
#[test]
fn the_fast_plan_is_the_golden_one() {
    let text = include_str!("fast.kd").to_string();
    golden::hold("tests/fast.yaml", &unsaved::plan(text).fast().to_yaml());
}

#[test]
fn convolutions_of_weights_that_stay_are_winograds_where_it_pays() {
    let operations = |between: &str| -> Vec<String> {
        let between = format!("map = image -> conv2d(32, kernel: 1)\n    {between}");
        let plan = student(&between).fast();
        let marks = |node: &Node| {
            let marks = ["winograd", "relu", "pool"].into_iter();
            let marks = marks.filter(|mark| node.args.contains_key(*mark));
            [node.op.as_str()]
                .into_iter()
                .chain(marks)
                .collect::<Vec<_>>()
                .join(" ")
        };
        // while it learns, its weights change
        assert!(
            plan.stages[0]
                .step
                .nodes
                .iter()
                .all(|node| !node.args.contains_key("winograd"))
        );
        let nodes = &plan.evaluations[0].program.nodes;
        nodes[1..nodes.len() - 2].iter().map(marks).collect()
    };
    let all =
        "end = map -> conv2d(32, kernel: 3, padding: 1) -> batch_norm -> relu -> max_pool2d(2)";
    assert_eq!(operations(all), ["conv2d winograd relu pool"]);
    assert_eq!(
        operations("end = map -> conv2d(32, kernel: 3) -> relu -> conv2d(32, kernel: 3)"),
        ["conv2d winograd relu", "conv2d winograd"]
    );
    assert_eq!(
        operations("end = map -> conv2d(24, kernel: 3) -> max_pool2d(2) -> max_pool2d(3)"),
        ["conv2d winograd pool", "max_pool2d"]
    );
    assert_eq!(
        operations("end = map -> conv2d(24, kernel: 3) -> relu -> max_pool2d(3, stride: 2)"),
        ["conv2d winograd", "max_pool2d relu"]
    );
    assert_eq!(
        operations(
            "few = map -> conv2d(32, kernel: 3)
             end = relu(few) + few"
        ),
        ["conv2d winograd", "relu", "add"]
    );
    for other in [
        "conv2d(32, kernel: 3, stride: 2)",
        "conv2d(32, kernel: 3, dilation: 2)",
        "conv2d(32, kernel: 3, groups: 2)",
        "conv2d(32, kernel: 5)",
        "conv2d(16, kernel: 3)",
    ] {
        assert_eq!(operations(&format!("end = map -> {other}")), ["conv2d"]);
    }
    // pictures of 5x5 need four tiles
    assert_eq!(
        operations("end = map -> avg_pool2d(6) -> conv2d(32, kernel: 3, padding: 1)"),
        ["avg_pool2d", "conv2d"]
    );
}

#[test]
fn a_convolution_of_few_channels_is_one_operation_with_its_pooling() {
    let operations = |between: &str| -> Vec<String> {
        let exact = student(between);
        let operations = |plan: &Plan| -> Vec<String> {
            let nodes = plan.stages[0].step.nodes.iter();
            let nodes = nodes.map(|node| node.op.clone());
            nodes.take_while(|op| op != "flatten").collect()
        };
        assert!(!operations(&exact).contains(&"pooled_conv2d".to_string()));
        operations(&exact.fast())
    };
    for one in [
        "conv2d(16, kernel: 3) -> relu -> max_pool2d(2)",
        "conv2d(16, kernel: 5, padding: 2) -> max_pool2d(4) -> relu",
        "conv2d(32, kernel: 3, bias: false) -> max_pool2d(3)",
    ] {
        assert_eq!(
            operations(&format!("end = image -> {one}")),
            ["pooled_conv2d"]
        );
    }
    for two in [
        "conv2d(24, kernel: 3) -> max_pool2d(2)",
        "conv2d(1024, kernel: 3) -> max_pool2d(2)",
        "conv2d(16, kernel: 3, stride: 2) -> max_pool2d(2)",
        "conv2d(16, kernel: 3, dilation: 2) -> max_pool2d(2)",
        "conv2d(16, kernel: 3) -> max_pool2d(3, stride: 2)",
        "conv2d(16, kernel: 3) -> max_pool2d(2, padding: 1)",
    ] {
        assert_eq!(
            operations(&format!("end = image -> {two}")),
            ["conv2d", "max_pool2d"]
        );
    }
    assert_eq!(
        operations(
            "map = image -> conv2d(16, kernel: 1)
    end = concat((map -> max_pool2d(2), map -> avg_pool2d(2)), dim: 1)"
        ),
        ["conv2d", "max_pool2d", "avg_pool2d", "concat"]
    );
}

/// The gates of `reviewkd` lead all channels of two maps to one for each.
#[test]
fn a_convolution_that_leads_to_few_channels_joins_no_maps() {
    let operations = |to: u64| -> Vec<String> {
        let text = format!(
            "use \"cifar10.kd\"::images
model Net() {{
    input image: [N, 3, 32, 32]
    a = image -> conv2d(4, kernel: 3, padding: 1)
    b = image -> conv2d(6, kernel: 1)
    output logits = concat((a, b), dim: 1) -> conv2d({to}, kernel: 1) -> flatten -> linear(10)
}}
student net = Net()
edge images.label ~> net.logits by cross_entropy
train on images {{ epochs: 2, optimizer: adam(lr: 0.001) }}
"
        );
        let stage = unsaved::plan(text).fast().stages.remove(0);
        let nodes = stage.step.nodes.iter();
        nodes.take(4).map(|node| node.op.clone()).collect()
    };
    assert_eq!(operations(5)[2..], ["joined_conv2d", "flatten"]);
    assert_eq!(operations(6)[2..], ["concat", "conv2d"]);
}

#[test]
fn a_norm_that_nothing_moves_is_folded_into_its_convolution() {
    let text = "use \"cifar10.kd\"::images
model Net() {
    input image: [N, 3, 32, 32]
    map = image -> conv2d(4, kernel: 3) -> batch_norm -> relu
    output logits = map -> conv2d(8, kernel: 3) -> relu -> batch_norm -> flatten -> linear(10)
}
teacher deep = Net() from \"deep.pt\"
student net = Net()
edge deep.logits ~> net.logits by soft_target(T: 2)
train on images { epochs: 2, optimizer: adam(lr: 0.001) }
";
    let plan = unsaved::plan(text).fast();
    let operations = |program: &Program| -> Vec<String> {
        let nodes = program.nodes.iter().take_while(|node| node.op != "flatten");
        nodes.map(|node| node.op.clone()).collect()
    };
    let stage = &plan.stages[0];
    let folded = ["conv2d", "relu", "conv2d", "relu", "batch_norm"];
    assert_eq!(operations(&stage.constant), folded);
    assert_eq!(
        operations(&stage.step)[..3],
        ["conv2d", "batch_norm", "relu"]
    );
    let first = &stage.constant.nodes[0];
    assert_eq!(first.value, "deep.map.1");
    assert_eq!(first.parameters["norm_weight"], "deep.map.1.weight");
    assert_eq!(first.args["norm_eps"], Arg::Number(1e-5));
    for evaluation in &plan.evaluations {
        assert_eq!(operations(&evaluation.program), folded);
    }
}

#[test]
fn a_mean_likelihood_that_nothing_else_reads_is_one_operation() {
    let losses = |rest: &str| {
        let text = format!(
            "use models::LightNN
data images = shapes() -> batch(128)
student light = LightNN(classes: 10)
{rest}
train on images {{ epochs: 2, optimizer: adam(lr: 0.001) }}
"
        );
        let stage = unsaved::plan(text).stages.remove(0);
        let nodes = stage
            .step
            .nodes
            .into_iter()
            .filter(|n| n.part == Part::Loss);
        nodes.map(|node| node.op).collect::<Vec<_>>()
    };
    let plain = "edge images.label ~> light.logits by cross_entropy";
    assert_eq!(losses(plain), ["log_softmax", "nll_loss"]);
    let both = "loss own(logits: [N, C], label: label(C)[N]) {
        likely = mean(pick(log_softmax(logits, dim: -1), label, dim: -1))
        output -likely + likely * likely
    }
    edge images.label ~> light.logits by own";
    assert_eq!(
        losses(both),
        ["log_softmax", "pick", "mean", "neg", "mul", "add"]
    );
}

#[test]
fn where_all_labels_count_a_mean_has_no_mask() {
    let losses = |definition: &str, mask: &str| {
        let text = format!(
            "use models::LightNN
data images = shapes() -> batch(128)
{definition}
loss own(logits: [N, C], label: label(C)[N]) {{
    output mean(pick(logits, label, dim: 1), mask: {mask})
}}
student light = LightNN(classes: 10)
edge images.label ~> light.logits by own
train on images {{ epochs: 2, optimizer: adam(lr: 0.001) }}
"
        );
        let stage = unsaved::plan(text).stages.remove(0);
        let nodes = stage.step.nodes.into_iter();
        let nodes = nodes.filter(|node| node.part == Part::Loss);
        nodes.map(|node| node.op).collect::<Vec<_>>()
    };
    for mask in [
        "none",
        "counted(label)",
        "counted(label: label)",
        "label -> counted",
    ] {
        assert_eq!(losses("", mask), ["pick", "mean"], "{mask}");
    }
    let own = "fn counted(label: label(C)[N]) = label != 0";
    assert_eq!(losses(own, "counted(label)"), ["pick", "ne", "mean"]);
}

/// A memory bank of 300 rows, of which each sample is held against 101.
#[test]
fn scores_against_rows_of_a_table_copy_no_rows() {
    let text = "use models::LightNN
use losses::crd
data images = shapes(train: 300) -> batch(64)
student light = LightNN(classes: 10)
student other = LightNN(classes: 10)
edge bank: other.flat ~> light.flat by crd(index: images.index, negatives: 100)
edge images.label ~> other.logits by cross_entropy
train on images { epochs: 2, optimizer: adam(lr: 0.001) }
";
    let plan = unsaved::plan(text);
    let count = |plan: &Plan, op: &str| {
        let nodes = plan.stages[0].step.nodes.iter();
        nodes.filter(|node| node.op == op).count()
    };
    let samples = |count| [("images".to_string(), count)].into();
    let exact = plan.with_samples(&samples(300));
    // the scores against both banks, and their rows that change
    assert_eq!((count(&exact, "take"), count(&exact, "scores")), (4, 0));
    let fast = plan.clone().fast().with_samples(&samples(300));
    assert_eq!((count(&fast, "take"), count(&fast, "scores")), (2, 2));
    let rows = |plan: &Plan| {
        let mut nodes = plan.stages[0].step.nodes.iter();
        nodes.any(|node| node.part == Part::Loss && node.shape.rank() == 3)
    };
    assert!(rows(&exact) && !rows(&fast));
    // a table that is far longer is cheaper to take from
    let long = plan.fast().with_samples(&samples(1_000_000));
    assert_eq!(count(&long, "scores"), 0);
}

#[test]
fn a_plan_whose_data_are_opened_leaves_no_number_of_samples_open() {
    let text = "use models::LightNN
use losses::crd
data images = shapes(train: 300) -> batch(64)
fn per_sample(student: [N, C], index: id(M)) = mean(student) / M
model Shared() {
    input image: [N, 3, 32, 32]
    input index: id(M)[N]
    output logits = linear(flatten(image) * (2 / M), 10)
}
student light = LightNN(classes: 10)
student other = Shared(images.image, images.index)
edge other.logits ~> light.flat by crd(index: images.index, negatives: 100)
edge images.label ~> other.logits by cross_entropy
train on images { epochs: 2, optimizer: adam(lr: 0.001), metrics: [per_sample(index: images.index)] }
";
    let plan = unsaved::plan(text);
    let open = |plan: &Plan| plan.to_yaml().matches("images.M").count();
    assert_ne!(open(&plan), 0);
    let sized = plan.with_samples(&[("images".to_string(), 300)].into());
    assert_eq!(open(&sized), 0, "{}", sized.to_yaml());
}

#[test]
fn a_tap_that_two_edges_use_is_computed_once() {
    let text = "use models::LightNN
use \"cifar10.kd\"::images

teacher deep from \"teacher.kd\"
student light = LightNN(classes: 10)

tap pooled  = deep.flat -> avg_pool1d(2)
tap lifted  = light.flat -> linear(1024)

edge images.label ~> light.logits by cross_entropy
edge pooled       ~> light.flat   by cosine
edge pooled       ~> lifted       by mse

train on images { epochs: 1, optimizer: adam(lr: 0.001) }
";
    let stage = unsaved::plan(text).stages.remove(0);
    let nodes = || stage.constant.nodes.iter().chain(&stage.step.nodes);
    let pools = nodes().filter(|node| node.op == "avg_pool1d");
    assert_eq!(pools.count(), 1);
    let convolutions = nodes().filter(|node| node.op == "conv2d");
    assert_eq!(convolutions.count(), 4 + 2);
}

/// One dimension is one, from whichever end it is counted.
#[test]
fn dimensions_counted_from_the_end_are_shared_with_those_from_the_front() {
    let text = "use models::LightNN
use \"cifar10.kd\"::images
loss from_the_front(student: [N, C], label: class(C)) {
    output -mean(pick(log_softmax(student, dim: 1), label, dim: 1))
}
loss from_the_end(student: [N, C], label: class(C)) {
    output -mean(pick(log_softmax(student, dim: -1), label, dim: -1), dim: (0,))
}
student light = LightNN(classes: 10)
edge images.label ~> light.logits by from_the_front
edge images.label ~> light.logits by from_the_end
train on images { epochs: 1, optimizer: adam(lr: 0.001) }
";
    let step = unsaved::plan(text).stages.remove(0).step;
    for op in ["log_softmax", "pick"] {
        let nodes: Vec<_> = step.nodes.iter().filter(|node| node.op == op).collect();
        assert_eq!(nodes.len(), 1, "{op}");
        assert_eq!(nodes[0].args["dim"], Arg::Int(1), "{op}");
    }
}

/// What `fit` makes of a target `[N, 8, 8, 8]`, its layers and parameters, for a source.
fn fit(source: &str) -> (String, u64, Vec<String>) {
    let text = format!(
        "use \"cifar10.kd\"::images
model Net() {{
    input image: [N, 3, 32, 32]
    map = image -> conv2d(8, kernel: 4, stride: 4)
    output logits = map -> flatten -> linear(10)
}}
model Other() {{
    input image: [N, 3, 32, 32]
    wide = {source}
    output logits = wide -> flatten -> linear(10)
}}
student net = Net()
student other = Other()
edge images.label ~> net.logits by cross_entropy
edge images.label ~> other.logits by cross_entropy
edge hint: other.wide ~> net.map -> fit by mse
train on images {{ epochs: 1, optimizer: adam(lr: 0.001) }}
"
    );
    let plan = unsaved::plan(text);
    let fit = plan.stages[0].edges[2].fits[0].clone();
    assert_eq!(fit.of, "net.map");
    let own = plan.parameters.iter().filter(|p| p.owner == "hint");
    let own: Vec<_> = own.map(|p| format!("{} {}", p.name, p.shape)).collect();
    let learns = plan.stages[0]
        .learns
        .iter()
        .filter(|n| n.starts_with("hint."));
    assert_eq!(learns.count(), own.len());
    (fit.layers, fit.parameters, own)
}

#[test]
fn fit_is_the_layer_between_two_shapes() {
    let cases = [
        ("image -> conv2d(8, kernel: 4, stride: 4)", "nothing", 0),
        (
            "image -> conv2d(16, kernel: 4, stride: 4)",
            "conv2d(channels: 16, kernel: 1)",
            16 * 8 + 16,
        ),
        (
            "image -> conv2d(8, kernel: 8, stride: 8)",
            "avg_pool2d(kernel: 2)",
            0,
        ),
        (
            "image -> conv2d(16, kernel: 8, stride: 8)",
            "conv2d(channels: 16, kernel: 3, stride: 2, padding: 1)",
            16 * 8 * 9 + 16,
        ),
        (
            "image -> conv2d(16, kernel: 2, stride: 2)",
            "conv_transpose2d(channels: 16, kernel: 4, stride: 2, padding: 1)",
            16 * 8 * 16 + 16,
        ),
        (
            "image -> adaptive_avg_pool2d((24, 24))",
            "conv_transpose2d(channels: 3, kernel: 3, stride: 3, padding: 0)",
            3 * 8 * 9 + 3,
        ),
        (
            "image -> adaptive_avg_pool2d((7, 5))",
            "conv2d(channels: 3, kernel: (2, 4))",
            3 * 8 * 8 + 3,
        ),
        ("image -> flatten -> linear(8)", "global_avg_pool", 0),
        (
            "image -> flatten -> linear(20)",
            "global_avg_pool -> linear(features: 20)",
            8 * 20 + 20,
        ),
    ];
    for (source, layers, parameters) in cases {
        let found = fit(source);
        assert_eq!(
            (found.0.as_str(), found.1),
            (layers, parameters),
            "{source}"
        );
    }
    let lifted = fit("image -> conv2d(16, kernel: 4, stride: 4)").2;
    assert_eq!(
        lifted,
        ["hint.fit.weight [16, 8, 1, 1]", "hint.fit.bias [16]"]
    );
}
