//! What the engine's tests share. They compile small experiments with kdc itself.

use crate::console::Console;
use crate::data::DataSet;
use crate::parameters::{NamedTensors, Parameters};
use crate::session::Session;
use kdc::hash::Fnv;
use kdc::plan::{Plan, Weights};
use kdc::source::Files;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tch::{Device, Tensor};

const DATA: &str = "
    data images = shapes(train: 90, test: 40)
        -> normalize(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]) -> batch(32)
";

const TEACHER: &str = "
    use \"data.kd\"::images
    model Deep() {
        input image: [N, 3, 32, 32]
        features = image -> conv2d(4, kernel: 3, padding: 1) -> relu -> max_pool2d(4)
        output logits = features -> flatten -> dropout(0.1) -> linear(10)
    }
    student deep = Deep()
    edge images.label ~> deep.logits by cross_entropy
    train on images { epochs: 2, optimizer: adam(lr: 0.001), seed: 42 }
";

/// Learns from the teacher's map, through a layer of its own, and from its answers.
pub const STUDENT: &str = "
    use \"data.kd\"::images
    model Light() {
        input image: [N, 3, 32, 32]
        features = image -> conv2d(2, kernel: 3, padding: 1) -> batch_norm -> relu -> max_pool2d(4)
        output logits = features -> flatten -> dropout(0.1) -> linear(10)
    }
    teacher deep from \"teacher.kd\"
    student light = Light()
    tap regressed = light.features -> conv2d(4, kernel: 3, padding: 1)
    edge ce: images.label ~> light.logits by cross_entropy weight 0.5
    edge hint: deep.features ~> regressed by mse weight 0.25
    edge soft: deep.logits ~> light.logits by soft_target(T: 2) weight 0.25
    train on images { epochs: 2, optimizer: adam(lr: 0.001), seed: 42 }
";

/// For all that draws from the default generator or runs on several threads: one at a time, on one
/// thread.
pub fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    tch::set_num_threads(1);
    guard
}

struct Table(HashMap<PathBuf, String>);

impl Files for Table {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "not there".into())
    }

    fn exists(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    fn list(&self, _: &Path) -> Vec<String> {
        Vec::new()
    }
}

/// The plan of `student.kd`, beside which stand `teacher.kd` and `data.kd`.
pub fn plan(student: &str) -> Plan {
    plan_with(student, TEACHER)
}

pub fn plan_with(student: &str, teacher: &str) -> Plan {
    let files = [
        ("data.kd", DATA),
        ("teacher.kd", teacher),
        ("student.kd", student),
    ];
    let files = files.map(|(name, text)| (name.into(), text.to_string()));
    let checked = kdc::check(&Table(files.into_iter().collect()), Path::new("student.kd"));
    let messages: Vec<_> = checked.diagnostics.iter().map(|d| &d.message).collect();
    checked
        .plan
        .unwrap_or_else(|| panic!("the test's experiment has mistakes: {messages:?}"))
}

/// The plan of the teacher alone.
pub fn teacher_plan() -> Plan {
    Plan {
        experiment: "teacher".into(),
        ..plan(TEACHER)
    }
}

/// The tensors of a file in `tests/fixtures`.
pub fn fixture(name: &str) -> HashMap<String, Tensor> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/").to_string() + name;
    let tensors = Tensor::read_safetensors(path).expect("the fixture is part of the sources");
    tensors.into_iter().collect()
}

/// Of `tests/fixtures/engine.safetensors`, which PyTorch computed.
pub fn golden(name: &str) -> Tensor {
    let mut all = fixture("engine.safetensors");
    let found = all.remove(name);
    found.unwrap_or_else(|| panic!("no golden value {name}"))
}

pub fn data(plan: &Plan) -> DataSet {
    DataSet::open(&plan.data[0], Device::Cpu).expect("shapes need no files")
}

/// Parameters of a plan whose teacher has just been initialised.
pub fn parameters(plan: &Plan, seed: u64) -> Parameters {
    let source = plan
        .networks
        .iter()
        .find_map(|network| match &network.weights {
            Weights::Experiment { plan, .. } => Some(plan),
            Weights::File(_) | Weights::Initialised { .. } | Weights::Follows { .. } => None,
        });
    let teacher = Parameters::new(source.expect("a teacher"), 7, Device::Cpu, &HashMap::new());
    let teacher = teacher.and_then(|t| t.of_network("deep")).expect("weights");
    let loaded: HashMap<String, NamedTensors> = HashMap::from([("deep".into(), teacher)]);
    Parameters::new(plan, seed, Device::Cpu, &loaded).expect("parameters")
}

/// A folder of the test's own, gone when dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("kdc-torch-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Folder(path)
    }

    pub fn session(&self) -> Session {
        Session::new(Device::Cpu, self.0.clone(), Console { quiet: true })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// As `hashed` in `tests/fixtures/golden`.
pub fn hash_of(tensor: &Tensor) -> u64 {
    let values = Vec::<f32>::try_from(tensor.flatten(0, -1)).unwrap();
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    Fnv::of(&bytes)
}
