mod hostile;

use super::*;
use crate::testing::{Folder, alone, plan};
use std::path::PathBuf;

fn fixture(name: &str) -> WeightsFile {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/weights");
    named(folder.join(name))
}

fn named(path: PathBuf) -> WeightsFile {
    WeightsFile {
        path: path.display().to_string(),
        at: "net.kd:3".into(),
        ..WeightsFile::default()
    }
}

fn expected() -> NamedTensors {
    Tensor::read_safetensors(fixture("expected.safetensors").path).unwrap()
}

/// Names and shapes of the network of the fixtures.
fn net() -> Vec<(String, Vec<i64>)> {
    let expected = expected().into_iter();
    let own = expected.filter(|(name, _)| !name.starts_with("views."));
    own.map(|(name, tensor)| (name, tensor.size())).collect()
}

fn assert_fits(file: &WeightsFile) {
    let loaded = load("net", file, &net()).unwrap();
    assert_eq!(loaded.len(), 8);
    let expected = expected();
    for (name, tensor) in loaded {
        let (_, same) = expected.iter().find(|(n, _)| *n == name).unwrap();
        assert!(tensor.equal(same), "{name} of {}", file.path);
    }
}

fn refused(file: &WeightsFile, wanted: &[(String, Vec<i64>)]) -> String {
    let failure = load("net", file, wanted).unwrap_err();
    assert_eq!(failure.exit_code(), 2);
    let text = failure.to_string();
    assert!(text.contains("net.kd:3"), "{text}");
    text
}

#[test]
fn what_torch_save_wrote_is_read_to_the_bit() {
    let _alone = alone();
    assert_fits(&fixture("state.pt"));
    assert_fits(&fixture("legacy.pth"));
}

#[test]
fn a_checkpoint_is_unwrapped() {
    let _alone = alone();
    let stripped = WeightsFile {
        strip: Some("module.".into()),
        ..fixture("checkpoint.pth")
    };
    assert_fits(&stripped);
    assert_fits(&WeightsFile {
        key: Some("model".into()),
        ..stripped.clone()
    });
    assert_fits(&fixture("best.pth"));
    assert_fits(&fixture("nested.pt"));
    assert_fits(&WeightsFile {
        key: Some("net.ema".into()),
        ..fixture("two.pt")
    });
    let text = refused(&fixture("two.pt"), &net());
    assert!(
        text.contains("write `key: \"net.ema\"` or `key: \"net.model\"`"),
        "{text}"
    );
    let elsewhere = WeightsFile {
        key: Some("weights".into()),
        ..stripped
    };
    let text = refused(&elsewhere, &net());
    assert!(
        text.contains("it has no `weights`; it has `epoch`, `best`, `opt`, `model`"),
        "{text}"
    );
}

#[test]
fn tensors_that_share_or_turn_their_numbers_are_what_they_look_like() {
    let _alone = alone();
    for name in ["views.pt", "legacy_views.pth"] {
        let found = read("net", &fixture(name)).unwrap();
        let expected = expected()
            .into_iter()
            .filter_map(|(name, tensor)| Some((name.strip_prefix("views.")?.to_string(), tensor)));
        let expected: Vec<_> = expected.collect();
        assert_eq!(found.len(), expected.len());
        for (name, tensor) in &found {
            let (_, same) = expected.iter().find(|(n, _)| n == name).unwrap();
            assert!(tensor.to_kind(Kind::Float).equal(same), "{name}");
        }
    }
}

#[test]
fn half_precision_becomes_floats_and_whole_numbers_are_refused() {
    let _alone = alone();
    let held = read("net", &fixture("views.pt")).unwrap();
    let others: Vec<String> = held.into_iter().map(|(name, _)| name).collect();
    let one = |name: &str| {
        let file = WeightsFile {
            rename: vec![(name.into(), "wanted".into())],
            ignore: others.clone(),
            ..fixture("views.pt")
        };
        load("net", &file, &[("wanted".into(), vec![5])])
    };
    for name in ["float64", "float16", "bfloat16"] {
        let loaded = one(name).unwrap();
        assert_eq!(
            Vec::<f32>::try_from(&loaded[0].1).unwrap(),
            [0., 1., 2., 3., 4.]
        );
    }
    let text = one("int32").unwrap_err().to_string();
    assert!(
        text.contains("`wanted` has numbers of the kind Int"),
        "{text}"
    );
}

#[test]
fn what_does_not_fit_is_listed_with_what_would_mend_it() {
    let _alone = alone();
    let text = refused(&fixture("checkpoint.pth"), &net());
    for part in [
        "of 8 parameters, 8 missing, 8 not expected\n",
        "conv.bias [4]; the file has module.conv.bias [4]",
        "with `strip: \"module.\"` it fits",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }

    let mut other = net();
    for (name, _) in &mut other {
        *name = name.replace("norm", "bn1").replace("fc", "head");
    }
    let text = refused(&fixture("state.pt"), &other);
    let rename = "with `rename: [(\"norm\", \"bn1\"), (\"fc\", \"head\")]` it fits";
    assert!(text.contains(rename), "{text}");

    let mut other = net();
    for (_, shape) in other.iter_mut().filter(|(name, _)| name == "fc.weight") {
        shape.reverse();
    }
    let text = refused(&fixture("state.pt"), &other);
    assert!(
        text.contains("fc.weight is [4, 10] here and [10, 4] in the file"),
        "{text}"
    );
    assert!(
        text.contains("with `transpose: [\"fc.weight\"]` it fits"),
        "{text}"
    );

    let mut more = net();
    more.push(("extra.weight".into(), vec![7, 7]));
    let text = refused(&fixture("state.pt"), &more);
    assert!(text.contains("`missing:` allows"), "{text}");
}

#[test]
fn what_may_be_missing_or_passed_over_is() {
    let _alone = alone();
    let mut wanted = net();
    for (_, shape) in wanted.iter_mut().filter(|(name, _)| name.starts_with("fc")) {
        shape[0] = 100;
    }
    let text = refused(&fixture("state.pt"), &wanted);
    assert!(
        text.contains(r#"`ignore: ["fc.*"], missing: ["fc.*"]` leaves these out"#),
        "{text}"
    );
    let head = WeightsFile {
        ignore: vec!["fc.*".into()],
        missing: vec!["fc.*".into()],
        ..fixture("state.pt")
    };
    let loaded = load("net", &head, &wanted).unwrap();
    assert_eq!(loaded.len(), 6);
}

#[test]
fn an_argument_that_does_nothing_is_a_mistake() {
    let _alone = alone();
    let plain = fixture("state.pt");
    for (file, words) in [
        (
            WeightsFile {
                strip: Some("modul.".into()),
                ..plain.clone()
            },
            "`modul.`, which `strip` says",
        ),
        (
            WeightsFile {
                rename: vec![("gamma".into(), "weight".into())],
                ..plain.clone()
            },
            "`gamma`, which `rename` says",
        ),
        (
            WeightsFile {
                rename: vec![("module.".into(), "".into())],
                ..plain.clone()
            },
            "and `strip: \"module.\"` what names begin with",
        ),
        (
            WeightsFile {
                missing: vec!["head.*".into()],
                ..plain.clone()
            },
            "no parameter called `head.*`, which `missing` says",
        ),
        (
            WeightsFile {
                transpose: vec!["conv.*".into()],
                ..plain.clone()
            },
            "`conv.*`, which `transpose` says",
        ),
        (
            WeightsFile {
                rename: vec![("conv".into(), "x".into()), ("norm".into(), "x".into())],
                ..plain
            },
            "both become `x.",
        ),
    ] {
        let text = refused(&file, &net());
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn what_is_no_file_of_numbers_is_told() {
    let _alone = alone();
    let folder = Folder::new();
    let told = |name: &str| refused(&named(folder.0.join(name)), &net());
    std::fs::create_dir(folder.0.join("folder.pt")).unwrap();
    assert!(told("folder.pt").contains("folder.pt`, which is a folder"));
    assert!(told("none.pt").contains("none.pt`, which is not there"));
    let nan = expected()
        .into_iter()
        .map(|(name, tensor)| match name.as_str() {
            "fc.bias" => (name, tensor * f64::NAN),
            _ => (name, tensor),
        });
    let own: Vec<_> = nan
        .filter(|(name, _)| !name.starts_with("views."))
        .collect();
    let path = folder.0.join("nan.safetensors");
    Tensor::write_safetensors(&own, &path).unwrap();
    assert!(told("nan.safetensors").contains("`fc.bias` has values that are no number"));
    let bytes = std::fs::read(&path).unwrap();
    for end in [0, 7, 60, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..end]).unwrap();
        assert!(told("nan.safetensors").contains("it is cut short, or no safetensors file"));
    }
}

const STARTS_FROM: &str = "
    use \"data.kd\"::images
    model Deep() {
        input image: [N, 3, 32, 32]
        features = image -> conv2d(4, kernel: 3, padding: 1) -> relu -> max_pool2d(4)
        output logits = features -> flatten -> linear(10)
    }
    teacher deep = Deep() from \"deep.safetensors\"
    student light = Deep() from weights(\"deep.safetensors\", missing: [\"logits.*\"], ignore: [\"logits.*\"])
    edge ce: images.label ~> light.logits by cross_entropy
    edge soft: deep.logits ~> light.logits by soft_target(T: 2)
    train on images { epochs: 1, optimizer: sgd(lr: 0.1), seed: 42 }
";

/// The plan above with its files in a folder.
fn plan_in(folder: &Folder) -> kdc::plan::Plan {
    let mut plan = plan(STARTS_FROM);
    for network in &mut plan.networks {
        if let kdc::plan::Weights::File(file) = &mut network.weights {
            file.path = folder.0.join(&file.path).display().to_string();
        }
    }
    plan
}

fn write_deep(folder: &Folder, value: f64) {
    let shapes: [(&str, &[i64]); 4] = [
        ("features.0.weight", &[4, 3, 3, 3]),
        ("features.0.bias", &[4]),
        ("logits.1.weight", &[10, 256]),
        ("logits.1.bias", &[10]),
    ];
    let tensors = shapes.map(|(name, shape)| {
        let tensor = Tensor::full(shape, value, (Kind::Float, tch::Device::Cpu));
        (name, tensor)
    });
    Tensor::write_safetensors(&tensors, folder.0.join("deep.safetensors")).unwrap();
}

#[test]
fn networks_start_from_files_and_are_trained_again_when_these_change() {
    use crate::parameters::Parameters;
    use crate::reuse::{Fit, fit};
    use crate::session::Existing;
    let _alone = alone();
    let folder = Folder::new();
    let plan = plan_in(&folder);
    let session = folder.session();
    let missing = session
        .train(&plan, Existing::Keep)
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("which is not there\nstudent.kd:"),
        "{missing}"
    );

    write_deep(&folder, 0.5);
    let loaded = session.teachers(&plan).unwrap();
    let parameters = Parameters::new(&plan, 42, tch::Device::Cpu, &loaded).unwrap();
    let mean = |name: &str| f64::try_from(parameters.get(name).unwrap().mean(None)).unwrap();
    assert_eq!(mean("deep.logits.1.weight"), 0.5);
    assert_eq!(mean("light.features.0.weight"), 0.5);
    // PyTorch draws all of a network, whatever is loaded into it then
    tch::manual_seed(42);
    let drawn = |shape: &[i64], bound: f64| {
        Tensor::empty(shape, (Kind::Float, tch::Device::Cpu)).uniform_(-bound, bound)
    };
    let _ = drawn(&[4, 3, 3, 3], 1.0);
    let _ = drawn(&[4], 1.0);
    let head = drawn(&[10, 256], 1.0 / 16.0);
    assert!(
        parameters
            .get("light.logits.1.weight")
            .unwrap()
            .equal(&head)
    );

    session.train(&plan, Existing::Keep).unwrap();
    let data = |data: &kdc::plan::DataSet| Some(session.data(data).ok()?.hash.clone());
    assert_eq!(fit(&folder.0, &plan, &data), Fit::Fits);
    let mut moved = plan.clone();
    std::fs::copy(
        folder.0.join("deep.safetensors"),
        folder.0.join("moved.safetensors"),
    )
    .unwrap();
    for network in &mut moved.networks {
        if let kdc::plan::Weights::File(file) = &mut network.weights {
            file.path = file.path.replace("deep.safe", "moved.safe");
        }
    }
    assert_eq!(fit(&folder.0, &moved, &data), Fit::Fits);
    write_deep(&folder, 0.25);
    assert_eq!(fit(&folder.0, &plan, &data), Fit::Changed(vec!["weights"]));
}

#[test]
fn a_teacher_may_lack_only_what_no_edge_needs() {
    let _alone = alone();
    let folder = Folder::new();
    write_deep(&folder, 0.5);
    let mut plan = plan_in(&folder);
    if let kdc::plan::Weights::File(file) = &mut plan.networks[0].weights {
        file.missing = vec!["logits.*".into()];
        file.ignore = vec!["logits.*".into()];
    }
    let session = folder.session();
    let text = session
        .train(&plan, crate::session::Existing::Keep)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("an edge needs `deep.logits.1.bias`"),
        "{text}"
    );
}
