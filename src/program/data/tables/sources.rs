//! Where samples come from.

use crate::program::declared::{Declared, Parameter, Wants};

/// Of samples, or of classes.
const COUNT: Wants = Wants::Int {
    min: 1,
    max: 1_000_000,
};

const FOLDER: Parameter = Parameter::required(
    "path",
    Wants::Text,
    "the folder, relative to where kdc is started",
)
.positional();

pub static SOURCES: &[Declared] = &[
    Declared {
        name: "cifar10",
        doc: "CIFAR-10, the official binary version: `data_batch_1.bin` … `test_batch.bin` in a folder. `image: [N, 3, 32, 32]`, `label: class(10)`.",
        parameters: &[FOLDER],
    },
    Declared {
        name: "cifar100",
        doc: "CIFAR-100, the official binary version: `train.bin` and `test.bin` in a folder. `image: [N, 3, 32, 32]`, `label: class(100)`, the fine one.",
        parameters: &[FOLDER],
    },
    Declared {
        name: "mnist",
        doc: "MNIST, the official files, unpacked: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte` in a folder. `image: [N, 1, 28, 28]`, `label: class(10)`.",
        parameters: &[FOLDER],
    },
    Declared {
        name: "folder",
        doc: "Pictures in folders, PNG or JPEG: `PATH/train/CLASS/….png` and `PATH/test/CLASS/….png`. The classes are numbered by their names in order. `image` has pictures of three colours and any size, so that `resize((h, w))`, `center_crop` or `random_resized_crop` comes first; `label: class(classes)`.",
        parameters: &[
            FOLDER,
            Parameter::required("classes", COUNT, "the number of folders for classes"),
            Parameter::optional(
                "train",
                Wants::Text,
                "the folder of the training pictures; `train` unless said",
            ),
            Parameter::optional(
                "test",
                Wants::Text,
                "the folder of the test pictures; `test` unless said",
            ),
        ],
    },
    Declared {
        name: "csv",
        doc: "A table with commas; its first row names the columns. Which fields there are the block says: `label = column(\"species\") -> class(200)`.",
        parameters: TABLE,
    },
    Declared {
        name: "jsonl",
        doc: "A file with a JSON object on each line. Which fields there are the block says: `age = column(\"age\") -> number`.",
        parameters: TABLE,
    },
    Declared {
        name: "parquet",
        doc: "A Parquet file, with numbers, truth values, strings and lists of them. Which fields there are the block says: `label = column(\"label\") -> class(4)`.",
        parameters: TABLE,
    },
    Declared {
        name: "npz",
        doc: "NumPy arrays, as `numpy.savez` writes them; the first dimension is that of the samples. Which fields there are the block says: `image = column(\"x\") -> tensor([1, 28, 28])`.",
        parameters: TABLE,
    },
    Declared {
        name: "phrases",
        doc: "Built-in sequences of 64 different tokens in a small made-up language, whose next token follows in part from those before it. `ids: id(64)[N, length]`; `label: class(64)[N, length]`, the token after each.",
        parameters: &[
            Parameter::optional(
                "train",
                COUNT,
                "the number of training sequences; 4,000 unless said",
            ),
            Parameter::optional(
                "test",
                COUNT,
                "the number of test sequences; 1,000 unless said",
            ),
            Parameter::optional(
                "length",
                Wants::Int {
                    min: 1,
                    max: 10_000,
                },
                "the number of tokens in a sequence; 32 unless said",
            ),
        ],
    },
    Declared {
        name: "shapes",
        doc: "Built-in pictures of ten drawn shapes, of the same form as CIFAR-10's. The same numbers draw the same pictures everywhere.",
        parameters: &[
            Parameter::optional(
                "train",
                COUNT,
                "the number of training pictures; 8,000 unless said",
            ),
            Parameter::optional(
                "test",
                COUNT,
                "the number of test pictures; 2,000 unless said",
            ),
        ],
    },
];

const TABLE: &[Parameter] = &[
    Parameter::required(
        "path",
        Wants::Text,
        "the file with the training samples, relative to where kdc is started; `*` in its name stands for any text, and all files that fit are read in the order of their names",
    )
    .positional(),
    Parameter::optional(
        "test",
        Wants::Text,
        "the file or files with the test samples; needed for training",
    ),
];
