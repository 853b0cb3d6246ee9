//! What PyTorch calls things, and what kd calls them: for people who come from there.

/// What to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This name in its place.
    Name(&'static str),
    /// This loss: what other programs for distillation call it.
    Loss(&'static str),
    /// Nothing: leave it out, because …
    LeaveOut(&'static str),
    /// Something that is not just another name, in words.
    Say(&'static str),
}

use Answer::{LeaveOut, Loss, Name, Say};

/// What a module, function or method of PyTorch is in kd: of `nn.Conv2d`, `torch.nn.Conv2d`, `Conv2d`,
/// `F.relu`, `view`. None if PyTorch has no such name, or kd the same.
pub fn callable(name: &str) -> Option<Answer> {
    let last = name.rsplit('.').next().unwrap_or(name);
    if let Some((_, answer)) = CALLABLES.iter().find(|(torch, _)| *torch == last) {
        return Some(*answer);
    }
    // `nn.ReLU6`, `F.relu`: only the module's name is too much, or the capitals.
    let lower = last.to_ascii_lowercase();
    super::find(&lower)
        .filter(|op| op.name != name)
        .map(|op| Name(op.name))
}

/// What an argument of PyTorch is in kd, when a call of this operation has it.
pub fn argument(operation: &str, name: &str) -> Option<Answer> {
    let takes = |kd| super::find(operation).is_none_or(|op| op.argument(kd).is_some());
    ARGUMENTS
        .iter()
        .filter(|(of, torch, _)| *torch == name && (of.is_empty() || of.contains(&operation)))
        .map(|(_, _, answer)| *answer)
        .find(|answer| !matches!(answer, Name(kd) if !takes(kd)))
}

/// What to write for a word that PyTorch takes as an argument's value: `padding: "same"`.
pub fn word(argument: &str, value: &str) -> Option<&'static str> {
    WORDS
        .iter()
        .find(|(of, word, _)| *of == argument && *word == value)
        .map(|(_, _, say)| *say)
}

/// Why an operation of kd is not told the size of its input, where PyTorch's begins with it.
pub fn number_of_the_input(operation: &str) -> Option<&'static str> {
    match operation {
        "batch_norm" => Some(CHANNELS),
        "layer_norm" => Some(FEATURES),
        _ => None,
    }
}

const CALLABLES: &[(&str, Answer)] = &[
    ("Conv2d", Name("conv2d")),
    ("Conv2D", Name("conv2d")),
    ("ConvTranspose2d", Name("conv_transpose2d")),
    ("Linear", Name("linear")),
    ("Dense", Name("linear")),
    ("Embedding", Name("embedding")),
    ("BatchNorm1d", Name("batch_norm")),
    ("BatchNorm2d", Name("batch_norm")),
    ("BatchNormalization", Name("batch_norm")),
    ("LayerNorm", Name("layer_norm")),
    ("GroupNorm", Name("group_norm")),
    ("normalize", Name("l2norm")),
    ("MaxPool2d", Name("max_pool2d")),
    ("MaxPooling2D", Name("max_pool2d")),
    ("AvgPool2d", Name("avg_pool2d")),
    ("AvgPool1d", Name("avg_pool1d")),
    ("AdaptiveAvgPool2d", Name("adaptive_avg_pool2d")),
    ("GlobalAveragePooling2D", Name("global_avg_pool")),
    (
        "interpolate",
        Say("write `resize_nearest(x, size)` or `resize_bilinear(x, size)`"),
    ),
    (
        "Upsample",
        Say("write `resize_nearest(size)` or `resize_bilinear(size)`"),
    ),
    ("LeakyReLU", Name("leaky_relu")),
    ("PReLU", Name("prelu")),
    ("SiLU", Name("silu")),
    ("swish", Name("silu")),
    ("LogSoftmax", Name("log_softmax")),
    ("logsoftmax", Name("log_softmax")),
    (
        "Dropout2d",
        Say("`dropout` drops single numbers; whole channels cannot be dropped"),
    ),
    ("DropPath", Name("drop_path")),
    ("StochasticDepth", Name("drop_path")),
    ("stochastic_depth", Name("drop_path")),
    ("Identity", Name("nothing")),
    ("view", Name("reshape")),
    ("cat", Name("concat")),
    ("concatenate", Name("concat")),
    ("swapaxes", Name("transpose")),
    ("t", Name("transpose")),
    ("mm", Name("matmul")),
    ("bmm", Name("matmul")),
    ("gather", Name("pick")),
    ("index_select", Name("take")),
    ("split", Name("chunk")),
    ("randint", Name("random_ids")),
    ("scaled_dot_product_attention", Name("attention")),
    (
        "MultiheadAttention",
        Say("write the projections as layers and `attention(query, key, value)` between them"),
    ),
    ("maximum", Name("max")),
    ("minimum", Name("min")),
    ("ndtr", Name("normal_cdf")),
    ("vector_norm", Name("norm")),
    ("smooth_l1_loss", Name("smooth_l1")),
    ("SmoothL1Loss", Name("smooth_l1")),
    ("clamp", Say("write `min(max(x, low), high)`")),
    ("clip", Say("write `min(max(x, low), high)`")),
    ("square", Say("write `x ^ 2`")),
    ("permute_dims", Name("permute")),
    (
        "contiguous",
        Say("leave it out: memory layout is not the language's concern"),
    ),
    (
        "Sequential",
        Say("write the layers as one chain: `x -> conv2d(16, kernel: 3) -> relu`"),
    ),
    ("ModuleList", Say("write the layers with `for` or `repeat`")),
    ("Module", Say("write `model Name(…) { … }`")),
    ("Parameter", Say("write `param name: [shape] = start`")),
    ("CrossEntropyLoss", Name("cross_entropy")),
    ("NLLLoss", Say("use `cross_entropy`, which takes logits")),
    ("nll_loss", Say("use `cross_entropy`, which takes logits")),
    ("KLDivLoss", Name("soft_target")),
    ("kl_div", Name("soft_target")),
    ("MSELoss", Name("mse")),
    ("mse_loss", Name("mse")),
    ("CosineEmbeddingLoss", Name("cosine")),
    ("CosineSimilarity", Name("cosine")),
    ("cosine_similarity", Name("cosine")),
    ("Normalize", Name("normalize")),
    ("Resize", Name("resize")),
    ("CenterCrop", Name("center_crop")),
    ("RandomCrop", Name("crop")),
    ("RandomResizedCrop", Name("random_resized_crop")),
    ("RandomHorizontalFlip", Name("flip")),
    ("ColorJitter", Name("color_jitter")),
    ("RandAugment", Name("rand_augment")),
    (
        "ToTensor",
        Say("leave it out: pictures are numbers from 0 to 1 from the start"),
    ),
    (
        "Compose",
        Say("write the transforms as one chain: `shapes() -> flip -> batch(128)`"),
    ),
    (
        "DataLoader",
        Say("write `data name = source -> … -> batch(128)`"),
    ),
    ("CIFAR10", Name("cifar10")),
    ("CIFAR100", Name("cifar100")),
    ("MNIST", Name("mnist")),
    ("ImageFolder", Name("folder")),
    ("DatasetFolder", Name("folder")),
    ("Adam", Name("adam")),
    ("AdamW", Name("adamw")),
    ("SGD", Name("sgd")),
    ("load", Name("weights")),
    ("load_state_dict", Name("weights")),
    ("CosineAnnealingLR", Say("write `0.1 * cosine_decay()`")),
    (
        "LinearLR",
        Say("write `0.1 * warmup(5)` or `0.1 * linear_decay()`"),
    ),
    (
        "OneCycleLR",
        Say("write `0.1 * warmup(5) * cosine_decay()`"),
    ),
    (
        "MultiStepLR",
        Say("write `0.1 * step_decay([150, 180], factor: 0.1)`"),
    ),
    (
        "StepLR",
        Say("write the epochs: `0.1 * step_decay([30, 60, 90], factor: 0.1)`"),
    ),
    ("kd", Loss("soft_target")),
    ("kl", Loss("soft_target")),
    ("KD", Loss("soft_target")),
    ("KDLoss", Loss("soft_target")),
    ("HintLoss", Loss("mse")),
    ("ATLoss", Loss("at")),
    ("CRDLoss", Loss("crd")),
    ("DISTLoss", Loss("dist")),
    ("LogitsDISTLoss", Loss("dist")),
    ("DKDLoss", Loss("dkd")),
    ("RKDLoss", Loss("rkd")),
    ("SPKDLoss", Loss("sp")),
    ("VIDLoss", Loss("vid")),
    (
        "no_grad",
        Say(
            "leave it out: gradient never flows back along `~>`; `detach` stops it inside a formula",
        ),
    ),
];

/// The operations that it is about (empty for all), PyTorch's name, what to write.
const ARGUMENTS: &[(&[&str], &str, Answer)] = &[
    (&[], "kernel_size", Name("kernel")),
    (&["adam", "adamw", "sgd"], "learning_rate", Name("lr")),
    (&[], "out_channels", Name("channels")),
    (&[], "filters", Name("channels")),
    (&[], "in_channels", LeaveOut(CHANNELS)),
    (&[], "in_features", LeaveOut(FEATURES)),
    (&[], "out_features", Name("features")),
    (&["linear"], "units", Name("features")),
    (&["embedding"], "num_embeddings", Name("count")),
    (&["embedding"], "embedding_dim", Name("features")),
    (&["group_norm"], "num_groups", Name("groups")),
    (&[], "num_features", LeaveOut(CHANNELS)),
    (&[], "num_channels", LeaveOut(CHANNELS)),
    (
        &[],
        "normalized_shape",
        LeaveOut("the last dimension is normalised, and its size is known"),
    ),
    (&["batch"], "batch_size", Name("size")),
    (&["batch"], "workers", LeaveOut(WORKERS)),
    (&["batch"], "num_workers", LeaveOut(WORKERS)),
    (&["batch"], "pin_memory", LeaveOut(WORKERS)),
    (
        &["batch"],
        "shuffle",
        LeaveOut("leave it out: training samples are shuffled, and test samples are not"),
    ),
    (
        &["cifar10", "cifar100", "mnist"],
        "download",
        LeaveOut("leave it out: kdc downloads no data"),
    ),
    (
        &["cifar10", "cifar100", "mnist"],
        "train",
        LeaveOut("leave it out: a data set has training and test samples"),
    ),
    (
        &[],
        "pretrained",
        Say("weights come from a file: `teacher deep = ResNet18() from \"resnet18.pt\"`"),
    ),
    (
        &["crd", "dist", "dkd", "lskd", "soft_target"],
        "tau",
        Name("T"),
    ),
    (&["cross_entropy", "class"], "ignore_index", Name("ignore")),
    (&["wordpiece"], "do_lower_case", Name("lowercase")),
    (&["wordpiece", "bpe", "pack"], "max_length", Name("length")),
    (&[], "keepdim", Name("keep")),
    (&[], "keepdims", Name("keep")),
    (&[], "axis", Name("dim")),
    (&["flatten"], "start_dim", Name("from")),
    (&["flatten"], "dim", Name("from")),
    (
        &["flatten"],
        "end_dim",
        LeaveOut("`flatten` always goes to the last dimension"),
    ),
    (&["leaky_relu"], "negative_slope", Name("slope")),
    (&["prelu"], "init", Name("start")),
    (
        &["prelu"],
        "num_parameters",
        Say("write `per_channel: true` for a slope for each channel"),
    ),
    (&[], "output_size", Name("size")),
    (&["one_hot"], "num_classes", Name("classes")),
    (
        &["std", "var"],
        "unbiased",
        Say("write `correction: 1` for unbiased, `correction: 0` for not"),
    ),
    (
        &["crd", "dist", "dkd", "lskd", "soft_target"],
        "temperature",
        Name("T"),
    ),
    (&["cross_entropy"], "label_smoothing", Name("smoothing")),
    (&["cross_entropy"], "weight", Name("weights")),
    (&["permute"], "dims", Name("order")),
    (&["chunk"], "chunks", Name("parts")),
    (&["attention"], "attn_mask", Name("mask")),
    (&["attention"], "dropout_p", Name("dropout")),
    (&["attention"], "is_causal", Name("causal")),
    (&["random_ids"], "high", Name("below")),
    (&["random_ids"], "size", Name("shape")),
    (&["transpose"], "dim0", Name("a")),
    (&["transpose"], "dim1", Name("b")),
    (
        &["conv2d", "depthwise_conv2d", "conv_transpose2d"],
        "padding_mode",
        LeaveOut("padding is always with zeros"),
    ),
    (
        &[],
        "inplace",
        LeaveOut("kdc decides by itself what can be overwritten"),
    ),
    (&[], "ceil_mode", LeaveOut("sizes are rounded down")),
    (
        &[],
        "affine",
        LeaveOut("`weight` and `bias` are always there"),
    ),
    (
        &[],
        "track_running_stats",
        LeaveOut("running statistics are always kept"),
    ),
    (
        &[],
        "device",
        LeaveOut("the device is chosen when the file is run: `--device`"),
    ),
    (
        &[],
        "dtype",
        LeaveOut("the precision is a setting of `train`"),
    ),
    (
        &[],
        "reduction",
        LeaveOut("what a loss averages over is part of its formula"),
    ),
];

const CHANNELS: &str = "the input's channels are known";
const FEATURES: &str = "the input's last dimension is known";

const WORKERS: &str = "leave it out: data are kept in memory, and pictures are decoded on all cores without being asked";

/// An argument, a word that PyTorch takes for it, and what to write.
const WORDS: &[(&str, &str, &str)] = &[
    (
        "padding",
        "same",
        "write the number: half the kernel, rounded down, keeps the size (`kernel: 3, padding: 1`)",
    ),
    ("padding", "valid", "write `padding: 0`, or leave it out"),
    ("approximate", "tanh", "write `approximate: true`"),
    ("approximate", "none", "leave it out"),
    ("mode", "nearest", "write `resize_nearest(x, size)`"),
    ("mode", "bilinear", "write `resize_bilinear(x, size)`"),
    (
        "reduction",
        "mean",
        "leave it out: what a loss averages over is part of its formula",
    ),
    (
        "reduction",
        "batchmean",
        "leave it out: what a loss averages over is part of its formula",
    ),
];
