//! What columns of tables hold.

use crate::program::declared::{Declared, Parameter, Wants};

/// Where a field of a table begins.
pub static COLUMN: &[Declared] = &[
    Declared {
        name: "column",
        doc: "A column of a table. What follows says what it holds: `number`, `class`, `tensor`, `load_image`, `wordpiece`, `bpe`, `tokens` or `align`.",
        parameters: &[
            Parameter::required("name", Wants::Text, "as the file names it").positional(),
        ],
    },
    Declared {
        name: "next_token",
        doc: "The token after each: `label = next_token(ids)`, `class(vocab)[N, length]`. After `pack` it is the one that follows in the joined texts; else none counts behind a text's last token.",
        parameters: &[Parameter::required(
            "tokens",
            Wants::Field,
            "tokens, of `wordpiece`, `bpe` or `tokens`",
        )
        .positional()],
    },
];

/// The number of tokens of one sample.
const TOKEN_COUNT: Wants = Wants::Int {
    min: 1,
    max: 100_000,
};

const LENGTH: Parameter =
    Parameter::required("length", TOKEN_COUNT, "the number of tokens of a sample");

const VOCABULARY: Wants = Wants::Int {
    min: 1,
    max: 100_000_000,
};

pub const NUMBER: Declared = Declared {
    name: "number",
    doc: "Says that a column holds a number: `[N]`.",
    parameters: &[],
};

pub const CLASS: Declared = Declared {
    name: "class",
    doc: "Says that a column holds a class: a whole number from 0 on, or a word. Words are numbered as `names` lists them, or else in alphabetical order, from those of the training samples. `class(count)[N]`. With `ignore`, samples whose column holds that number do not count, in `cross_entropy` and in what is measured.",
    parameters: &[
        Parameter::required(
            "count",
            Wants::Int {
                min: 1,
                max: 1_000_000,
            },
            "the number of classes",
        )
        .positional(),
        Parameter::optional(
            "ignore",
            Wants::Int {
                min: -1_000_000,
                max: 1_000_000,
            },
            "the number in the place of a class where there is none",
        ),
        Parameter::optional(
            "names",
            Wants::Texts,
            "what the classes are called, from class 0 on: `[\"O\", \"B-PER\", \"I-PER\"]`",
        ),
    ],
};

pub const TENSOR: Declared = Declared {
    name: "tensor",
    doc: "Says that a column holds numbers of this shape: `[N, …]`, as they are.",
    parameters: &[Parameter::required(
        "shape",
        Wants::Numbers,
        "the sizes of one sample: `tensor([1, 28, 28])`",
    )
    .positional()],
};

pub const LOAD_IMAGE: Declared = Declared {
    name: "load_image",
    doc: "Says that a column holds names of picture files, PNG or JPEG: pictures of three colours and any size.",
    parameters: &[Parameter::required(
        "folder",
        Wants::Text,
        "where they are, relative to where kdc is started",
    )
    .positional()],
};

pub const WORDPIECE: Declared = Declared {
    name: "wordpiece",
    doc: "Says that a column holds texts, or lists of words, that become tokens as BERT's do (Wu and others 2016). Up to four names take the parts in order: the tokens `id(vocab)[N, length]`, which begin with `[CLS]`, end with `[SEP]` and are filled up with `[PAD]`; their kinds, all 0, `id(2)[N, length]`; the mask, true where there is a token and no padding, `bool[N, length]`; and the words, for `align`. Longer texts are cut. As Hugging Face's `BertTokenizer`.",
    parameters: &[
        Parameter::required(
            "path",
            Wants::Text,
            "the file with a token on each line, `vocab.txt`",
        )
        .positional(),
        Parameter::required(
            "length",
            Wants::Int {
                min: 3,
                max: 100_000,
            },
            "the number of tokens of a sample, `[CLS]` and `[SEP]` among them",
        ),
        Parameter::optional(
            "vocab",
            VOCABULARY,
            "the number of tokens that the networks know, at least those of the file; 30,522 unless said",
        ),
        Parameter::optional(
            "lowercase",
            Wants::Bool,
            "whether capitals and accents are dropped; unless said, whether the file has no capitals",
        ),
    ],
};

pub const BPE: Declared = Declared {
    name: "bpe",
    doc: "Says that a column holds texts that become tokens by pairs of bytes, as GPT-2's do (Sennrich and others 2016). With `length` two names take the parts: the tokens `id(vocab)[N, length]`, filled up with 0, and the mask, true where there is a token, `bool[N, length]`. Longer texts are cut. Without `length`, `pack` follows. As Hugging Face's `GPT2TokenizerFast`.",
    parameters: &[
        Parameter::required(
            "path",
            Wants::Text,
            "`tokenizer.json`, or the folder with `vocab.json` and `merges.txt`",
        )
        .positional(),
        Parameter::optional("length", TOKEN_COUNT, "the number of tokens of each text"),
        Parameter::optional(
            "vocab",
            VOCABULARY,
            "the number of tokens that the networks know, at least those of the file; 50,257 unless said",
        ),
    ],
};

pub const TOKENS: Declared = Declared {
    name: "tokens",
    doc: "Says that a column holds lists of tokens, whole numbers below `vocab`. Up to three names take the parts in order: the tokens `id(vocab)[N, length]`; the mask, true where there is a token and no padding, `bool[N, length]`; and the words, each a token, for `align`. Longer lists are cut, shorter ones filled up.",
    parameters: &[
        Parameter::required(
            "vocab",
            VOCABULARY,
            "the number of different tokens that the networks know",
        )
        .positional(),
        Parameter::required("length", TOKEN_COUNT, "the number of tokens of a sample"),
        Parameter::optional(
            "padding",
            Wants::Int {
                min: 0,
                max: 99_999_999,
            },
            "the number that fills lists up, which is no token where it stands at the end of one; unless said, lists are filled up with 0 and hold tokens alone",
        ),
    ],
};

pub const PACK: Declared = Declared {
    name: "pack",
    doc: "Joins the tokens of all texts, each text followed by a token that ends it, and cuts them into samples of the same length: `id(vocab)[N, length]`. What is left at the end is dropped.",
    parameters: &[
        LENGTH,
        Parameter::optional(
            "end",
            Wants::Text,
            "the token after each text; `<|endoftext|>` unless said",
        )
        .positional(),
    ],
};

pub const ALIGN: Declared = Declared {
    name: "align",
    doc: "Says that a column holds a class for each word, which counts at the first token of its word: `column(\"tags\") -> align(word) -> class(9, ignore: -100)`. At other tokens nothing counts.",
    parameters: &[Parameter::required(
        "words",
        Wants::Field,
        "the words, the fourth part of `wordpiece` or the third of `tokens`",
    )
    .positional()],
};

pub const SCALE: Declared = Declared {
    name: "scale",
    doc: "Multiplies numbers: `tensor([1, 28, 28]) -> scale(1 / 255)`.",
    parameters: &[Parameter::required(
        "factor",
        Wants::Below(-1e30, 1e30),
        "what they are multiplied with",
    )
    .positional()],
};

pub const STANDARDIZE: Declared = Declared {
    name: "standardize",
    doc: "`(x - mean) / deviation`, both over all numbers of the training samples.",
    parameters: &[],
};
