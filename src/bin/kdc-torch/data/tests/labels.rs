//! Labels that do not count.

use crate::data::DataSet;
use crate::interpreter::Executable;
use crate::parameters::Parameters;
use crate::run_folder::RunFolder;
use crate::testing::alone;
use kdc::plan;
use std::collections::HashMap;
use tch::{Device, Kind, Tensor};

/// Two texts; the words of the second have no class.
const TAGGED: &str = r#"
    data words = jsonl("PATH", test: "PATH") {
        (ids, kinds, mask, word) = column("words") -> wordpiece("VOCABULARY", length: 8, vocab: 160)
        label = column("tags") -> align(word) -> class(3, ignore: -1)
        batch: 2
    }
    model Tagger() {
        input ids: id(160)[N, L]
        output logits = ids -> embedding(160, 3)
    }
    student a = Tagger()
    student b = Tagger()
    edge plain:    words.label ~> a.logits by cross_entropy
    edge weighted: words.label ~> a.logits by cross_entropy(weights: [1, 2, 4])
    edge both:     words.label ~> a.logits by cross_entropy(weights: [1, 2, 4], smoothing: 0.1)
    edge smoothed: words.label ~> a.logits by cross_entropy(smoothing: 0.1)
    edge soft:     b.logits    ~> a.logits by soft_target(T: 2, mask: words.mask)
    edge states:   b.logits    ~> a.logits by hidden(mask: words.mask)
    edge other:    words.label ~> b.logits by cross_entropy
    train on words { epochs: 1, optimizer: sgd(lr: 0.1) }
"#;

/// The values of the edges of [`TAGGED`] on its samples, and what is needed to compute them otherwise.
struct Tagged {
    values: HashMap<String, f64>,
    logits: [Tensor; 2],
    label: Tensor,
    mask: Tensor,
    /// The logits of `a`, lifted as the edge `states` does.
    lifted: Tensor,
    accuracy: f64,
}

/// [`TAGGED`] on these rows.
fn experiment(folder: &crate::testing::Folder, rows: &str) -> String {
    let path = folder.0.join("words.jsonl");
    std::fs::write(&path, rows).unwrap();
    let vocabulary = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/tokens/uncased/vocab.txt"
    );
    TAGGED
        .replace("PATH", &path.to_string_lossy())
        .replace("VOCABULARY", vocabulary)
}

/// Those of two samples from `start` on.
fn tagged(rows: &str, start: i64) -> Tagged {
    let folder = crate::testing::Folder::new();
    let plan = crate::testing::plan(&experiment(&folder, rows));
    let data = DataSet::open(&plan.data[0], Device::Cpu).unwrap();
    let parameters = Parameters::new(&plan, 3, Device::Cpu, &HashMap::new()).unwrap();
    let batch = data.train.range(start, 2).unwrap();
    let fields = data.fields();
    let field = |name: &str| {
        let place = fields.iter().position(|field| field == name).unwrap();
        batch.fields[place].shallow_clone()
    };
    let inputs: Vec<&Tensor> = batch.fields.iter().collect();
    let stage = &plan.stages[0];
    let mut step = Executable::new(&stage.step, &fields, &parameters).unwrap();
    let outputs = step.run(&inputs, 2).unwrap();
    let value = |edge: &plan::EdgeLoss| {
        let place = stage
            .step
            .outputs
            .iter()
            .position(|name| *name == edge.value);
        (edge.name.clone(), outputs[place.unwrap()].double_value(&[]))
    };
    let logits = |name: &str| {
        let words = parameters.get(&format!("{name}.logits.weight")).unwrap();
        words.index_select(0, &field("words.ids").flatten(0, 1))
    };
    let lift = |name: &str| parameters.get(&format!("states.lifted.{name}")).unwrap();
    let evaluation = &plan.evaluations[0];
    let answers = crate::evaluate::evaluate(evaluation, &parameters, &data, &data.test).unwrap();
    Tagged {
        values: stage.edges.iter().map(value).collect(),
        logits: [logits("a"), logits("b")],
        label: field("words.label").flatten(0, 1),
        lifted: logits("a").linear(lift("weight"), Some(lift("bias"))),
        mask: field("words.mask").flatten(0, 1),
        accuracy: answers.accuracy().unwrap(),
    }
}

#[test]
fn labels_that_do_not_count_are_left_out_of_losses_and_accuracy() {
    let _alone = alone();
    let tagged = tagged(
        r#"{"words": ["the", "lazy", "dog"], "tags": [0, -1, 2]}
           {"words": ["fox", "jumps"], "tags": [-1, 1]}"#,
        0,
    );
    let [a, b] = &tagged.logits;
    let expected = |weights: Option<&Tensor>, smoothing| {
        let mean = tch::Reduction::Mean;
        let loss = a.cross_entropy_loss(&tagged.label, weights, mean, -100, smoothing);
        loss.double_value(&[])
    };
    let weights = Tensor::from_slice(&[1.0f32, 2.0, 4.0]);
    let log = |logits: &Tensor| (logits / 2.0).log_softmax(-1, Kind::Float);
    let kl = (log(b).exp() * (log(b) - log(a))).sum_dim_intlist(-1, false, None::<Kind>);
    let soft = kl.masked_select(&tagged.mask).mean(None::<Kind>) * 4.0;
    let far = (&tagged.lifted - b)
        .square()
        .mean_dim(-1, false, None::<Kind>);
    let states = far.masked_select(&tagged.mask).mean(None::<Kind>);
    for (edge, expected) in [
        ("states", states.double_value(&[])),
        ("plain", expected(None, 0.0)),
        ("weighted", expected(Some(&weights), 0.0)),
        ("smoothed", expected(None, 0.1)),
        ("both", expected(Some(&weights), 0.1)),
        ("soft", soft.double_value(&[])),
    ] {
        let found = tagged.values[edge];
        assert!(
            (found - expected).abs() < 1e-6,
            "{edge}: {found}, not {expected}"
        );
    }
    let counted = tagged.label.ge(0);
    assert_eq!(counted.sum(Kind::Int64).int64_value(&[]), 3);
    let right = a
        .argmax(-1, false)
        .eq_tensor(&tagged.label)
        .sum(Kind::Int64);
    assert!((tagged.accuracy - right.int64_value(&[]) as f64 / 3.0).abs() < 1e-9);
}

#[test]
fn a_batch_in_which_nothing_counts_gives_nothing() {
    let _alone = alone();
    let tagged = tagged(
        r#"{"words": ["the"], "tags": [0]}
           {"words": ["fox"], "tags": [1]}
           {"words": ["dog"], "tags": [-1]}
           {"words": [], "tags": []}"#,
        2,
    );
    for edge in ["plain", "weighted", "smoothed", "both"] {
        assert_eq!(tagged.values[edge], 0.0, "{edge}");
    }
    assert!(tagged.values["soft"].is_finite());
    assert!(tagged.values["states"].is_finite());
}

#[test]
fn a_network_that_knows_all_that_counts_is_right_everywhere() {
    let _alone = alone();
    let folder = crate::testing::Folder::new();
    let text = experiment(
        &folder,
        r#"{"words": ["the", "lazy", "dog"], "tags": [0, -1, 2]}
           {"words": ["fox", "jumps"], "tags": [-1, 1]}"#,
    );
    let plan = crate::testing::plan(&text.replace(
        "epochs: 1, optimizer: sgd(lr: 0.1)",
        "epochs: 60, optimizer: adam(lr: 0.1), metrics: [perplexity]",
    ));
    let session = folder.session();
    session
        .train(&plan, crate::session::Existing::Keep)
        .unwrap();
    let run = RunFolder::of(&session.runs, &plan, plan.seeds[0]);
    let epochs = std::fs::read_to_string(run.path.join("metrics.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(epochs.lines().last().unwrap()).unwrap();
    assert_eq!(last["training_accuracy"], 1.0);
    let results = run.record().unwrap().results;
    let perplexity = results.metrics["perplexity"]["a"];
    assert!((1.0..1.5).contains(&perplexity), "{perplexity}");
}

/// `F.cross_entropy` divides by the number of samples where labels are distributions; here what is sure of its
/// class weighs the same as the class.
#[test]
fn a_mixed_label_weighs_what_its_classes_weigh() {
    let _alone = alone();
    let plan = crate::testing::plan(
        "data mixed = shapes(train: 8) -> batch(4) -> mixup(0.2)
         model Small() {
             input image: [N, 3, 32, 32]
             output logits = image -> flatten -> linear(10)
         }
         student light = Small()
         edge mixed.label ~> light.logits by cross_entropy(weights: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
         train on mixed { epochs: 1, optimizer: sgd(lr: 0.1) }",
    );
    let parameters = Parameters::new(&plan, 3, Device::Cpu, &HashMap::new()).unwrap();
    let image = Tensor::rand([4, 3, 32, 32], (Kind::Float, Device::Cpu));
    let label = Tensor::rand([4, 10], (Kind::Float, Device::Cpu)).softmax(-1, Kind::Float);
    let program = &plan.stages[0].step;
    let fields = ["mixed.image", "mixed.label"].map(String::from);
    let mut step = Executable::new(program, &fields, &parameters).unwrap();
    let found = step.run(&[&image, &label], 4).unwrap()[0].double_value(&[]);

    let parameter = |name| parameters.get(name).unwrap();
    let flat = image.flatten(1, -1);
    let logits = flat.linear(
        parameter("light.logits.1.weight"),
        Some(parameter("light.logits.1.bias")),
    );
    let weighed = &label * Tensor::arange_start(1, 11, (Kind::Float, Device::Cpu));
    let sum = |tensor: Tensor| tensor.sum(Kind::Double).double_value(&[]);
    let expected = -sum(&weighed * logits.log_softmax(-1, Kind::Float)) / sum(weighed);
    assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
}
