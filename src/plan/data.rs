//! Data sets in a plan: where samples come from, what is done to them, and what a batch holds then.

use super::PictureChange;
use crate::shape::Shape;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSet {
    pub name: String,
    /// The first that is there is taken.
    pub sources: Vec<DataSource>,
    /// What a sample consists of after the transforms: what networks, edges and measurements read.
    pub fields: Vec<Field>,
    /// In order. The first acts on what the source gives.
    pub transforms: Vec<Transform>,
    pub batch: Batch,
    /// The part of the training samples that is kept apart to choose on, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_out: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DataSource {
    /// The official binary version: `data_batch_1.bin` … in a folder, relative to the working directory.
    Cifar10 { path: String },
    /// The official binary version: `train.bin` and `test.bin` in a folder; the fine labels.
    Cifar100 { path: String },
    /// The official files, `train-images-idx3-ubyte` … in a folder.
    Mnist { path: String },
    /// A folder with one of `train` and one of `test` in it, each with a folder of pictures for each class.
    Folder {
        path: String,
        train: String,
        test: String,
        classes: u64,
    },
    /// A file with a row for each training sample, and one for the test samples.
    Table {
        format: TableFormat,
        path: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test: Option<String>,
        columns: Vec<Column>,
    },
    /// The built-in sequences of tokens, `ids`, with the next token of each, `label`.
    Phrases { train: u64, test: u64, length: u64 },
    /// The built-in drawn pictures.
    Shapes { train: u64, test: u64 },
}

impl DataSource {
    /// Of a table.
    pub fn columns(&self) -> &[Column] {
        match self {
            DataSource::Table { columns, .. } => columns,
            _ => &[],
        }
    }

    /// Whether there are samples to test with.
    pub fn has_test(&self) -> bool {
        !matches!(self, DataSource::Table { test: None, .. })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableFormat {
    /// The first row names the columns.
    Csv,
    /// An object on each line.
    Jsonl,
    Parquet,
    /// NumPy arrays; the first dimension is that of the samples.
    Npz,
}

/// A column of a table, and the field that it is to begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub column: String,
    pub field: String,
    #[serde(with = "serde_yaml::with::singleton_map")]
    pub read: Read,
    /// What its classes are called, in order, where that is said. Else the words in it number themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Read {
    Number,
    /// Whole numbers below this, or at most so many different words.
    Class(u64),
    /// Numbers of this shape, as they are.
    Tensor(Vec<u64>),
    /// Names of picture files in this folder.
    Picture(String),
    /// The same as `class`, except that some do not count.
    Label(Labels),
    /// Texts.
    Tokens {
        tokenizer: Tokenizer,
        part: TokenPart,
    },
}

/// Classes, of which some do not count. In tensors those are [`UNCOUNTED`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    pub classes: u64,
    /// The number in their place in the file.
    pub ignore: i64,
    /// Where a row has a class for each word: what the words become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Words>,
}

/// What stands in tensors for a label that does not count, as PyTorch's `ignore_index`.
pub const UNCOUNTED: i64 = -100;

/// A column of lists of words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub column: String,
    pub tokenizer: Tokenizer,
}

/// How texts become samples of as many tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokenizer {
    pub kind: TokenizerKind,
    /// Relative to the working directory; empty where the tokens are ready.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// All tokens are below this.
    pub vocab: u64,
    /// Whether capitals and accents are dropped; what the file suggests unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowercase: Option<bool>,
    pub length: u64,
    /// The token after each text, where texts are joined and cut. Else each text is a sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack: Option<String>,
    /// Of ready tokens, the one that stands for none at the end of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub padding: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenizerKind {
    /// A token on each line of a file; special tokens as BERT has them.
    Wordpiece,
    /// Pairs of bytes.
    Bpe,
    /// None: the column holds lists of tokens.
    Ready,
}

/// What of the tokens a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenPart {
    Ids,
    /// 0 for the first text, which is the only one.
    Kinds,
    /// Whether there is a token.
    Mask,
    /// The token after each.
    Next,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub name: String,
    #[serde(with = "serde_yaml::with::singleton_map")]
    pub kind: FieldKind,
    /// `[N, 3, 32, 32]`
    pub shape: Shape,
    /// Whether a sample's value is another in training than in evaluation, and another in each epoch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub augmented: bool,
    /// How it lies in memory on a CPU: the channels of a pixel side by side.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub channels_last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// 32-bit floating point.
    Real,
    Bool,
    /// Integers below a bound.
    Id(u64),
    /// Integers below the number of classes.
    Class(u64),
    /// The same, or [`UNCOUNTED`].
    Label(u64),
    /// A distribution over the classes, `[N, classes]`.
    Probability(u64),
    /// The sample's place among the training samples, from 0 on.
    Index,
}

/// One change of one field. Other fields stay as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Transform {
    /// Bytes to 0…1 if they are bytes, then `(x - mean) / std` for each channel.
    Normalize {
        field: String,
        mean: Vec<f64>,
        std: Vec<f64>,
    },
    /// Times a number.
    Scale { field: String, factor: f64 },
    /// `(x - mean) / deviation` over all training samples.
    Standardize { field: String },
    /// A field that starts as what another is at this point.
    Copy { field: String, from: String },
    /// A change of pictures from 0 to 1; crops and flips take normalized ones as well.
    Picture {
        field: String,
        #[serde(default, skip_serializing_if = "When::is_always")]
        when: When,
        #[serde(with = "serde_yaml::with::singleton_map")]
        change: PictureChange,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    #[default]
    Always,
    Training,
    Evaluation,
}

impl When {
    fn is_always(&self) -> bool {
        *self == When::Always
    }
}

impl Transform {
    /// The field that it changes or makes.
    pub fn field(&self) -> &str {
        match self {
            Transform::Normalize { field, .. }
            | Transform::Scale { field, .. }
            | Transform::Standardize { field }
            | Transform::Copy { field, .. }
            | Transform::Picture { field, .. } => field,
        }
    }

    pub fn when(&self) -> When {
        match self {
            Transform::Picture { when, .. } => *when,
            _ => When::Always,
        }
    }

    /// The other field that it reads, if any.
    pub fn from(&self) -> Option<&str> {
        match self {
            Transform::Copy { from, .. } => Some(from),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    pub size: u64,
    /// Whether a last, smaller batch of an epoch is left out of training.
    pub drop_last: bool,
    /// The parameter of the Beta distribution from which the share of the other picture is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixup: Option<f64>,
    /// The same for the area. Where there are both, each batch takes one of them, as often as the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutmix: Option<f64>,
}

impl Batch {
    /// Whether training sees mixtures of samples.
    pub fn mixes(&self) -> bool {
        self.mixup.is_some() || self.cutmix.is_some()
    }
}

impl DataSet {
    /// The field with the right answers, the number of classes, and the rank of what answers.
    pub fn label(&self) -> Option<(&Field, u64, usize)> {
        self.fields.iter().find_map(|field| {
            let rank = field.shape.rank();
            match field.kind {
                FieldKind::Class(classes) | FieldKind::Label(classes) => {
                    Some((field, classes, rank + 1))
                }
                FieldKind::Probability(classes) => Some((field, classes, rank)),
                _ => None,
            }
        })
    }

    /// What programs call a field: `images.label`.
    pub fn full_name(&self, field: &Field) -> String {
        format!("{}.{}", self.name, field.name)
    }

    /// The transforms that make these fields, by their places in order, and the columns of the source from
    /// which they begin.
    pub fn behind<'a>(&'a self, fields: &[&'a str]) -> (Vec<usize>, Vec<&'a str>) {
        let mut needed = fields.to_vec();
        let mut places = Vec::new();
        // from the last to the first: what a later one reads, an earlier one must make
        for (place, transform) in self.transforms.iter().enumerate().rev() {
            if !needed.contains(&transform.field()) {
                continue;
            }
            if let Some(from) = transform.from() {
                needed.retain(|name| *name != transform.field());
                needed.push(from);
            }
            places.push(place);
        }
        places.reverse();
        (places, needed)
    }

    /// The same with only what the wanted fields need.
    pub fn only(&self, wanted: impl Fn(&str) -> bool) -> DataSet {
        let fields: Vec<Field> = self
            .fields
            .iter()
            .filter(|field| wanted(&field.name))
            .cloned()
            .collect();
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let (places, needed) = self.behind(&names);
        let transforms = places.iter().map(|place| self.transforms[*place].clone());
        let transforms = transforms.collect();
        let sources = self.sources.iter().map(|source| match source {
            DataSource::Table {
                format,
                path,
                test,
                columns,
            } => {
                let needed = |column: &&Column| needed.contains(&column.field.as_str());
                DataSource::Table {
                    format: *format,
                    path: path.clone(),
                    test: test.clone(),
                    columns: columns.iter().filter(needed).cloned().collect(),
                }
            }
            other => other.clone(),
        });
        DataSet {
            sources: sources.collect(),
            fields,
            transforms,
            ..self.clone()
        }
    }
}
