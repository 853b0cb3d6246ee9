//! Texts that become tokens, by Hugging Face's `tokenizers`.

use super::{Cells, Table, ready};
use crate::failure::{Failure, Result};
use kdc::plan::{Column, Read, TokenPart, Tokenizer, TokenizerKind, UNCOUNTED};
use serde_json::Value;
use std::path::Path;
use tch::{Kind, Tensor};
use tokenizers::models::bpe::BPE;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::{AddedToken, InputSequence, PostProcessor, TruncationParams};

const UNKNOWN: &str = "[UNK]";
const FIRST: &str = "[CLS]";
const LAST: &str = "[SEP]";
const PADDING: &str = "[PAD]";
const MASK: &str = "[MASK]";

/// What ends a text in GPT-2.
const END: &str = "<|endoftext|>";

/// The tokens of a column, a row for each sample.
pub struct Tokens {
    column: String,
    tokenizer: Tokenizer,
    /// `[samples, length]`
    ids: Tensor,
    mask: Tensor,
    next: Tensor,
    /// Of each text; empty where texts are joined.
    pub texts: Vec<Text>,
}

/// What a text has become.
pub struct Text {
    /// Of each token its word, up to the sample's length.
    pub words: Vec<Option<u32>>,
    /// How many words the file has; none where it has a string.
    pub count: Option<usize>,
}

/// The tokens of all columns that have some, each made once.
pub fn all(table: &Table, columns: &[Column]) -> Result<Vec<Tokens>> {
    let mut made: Vec<Tokens> = Vec::new();
    for column in columns {
        let (name, tokenizer) = match &column.read {
            Read::Tokens { tokenizer, .. } => (&column.column, tokenizer),
            Read::Label(labels) => match &labels.words {
                Some(words) => (&words.column, &words.tokenizer),
                None => continue,
            },
            _ => continue,
        };
        if find(&made, name, tokenizer).is_none() {
            made.push(Tokens::of(table, name, tokenizer)?);
        }
    }
    Ok(made)
}

pub fn find<'t>(made: &'t [Tokens], column: &str, tokenizer: &Tokenizer) -> Option<&'t Tokens> {
    made.iter()
        .find(|tokens| tokens.column == column && tokens.tokenizer == *tokenizer)
}

impl Tokens {
    fn of(table: &Table, column: &str, tokenizer: &Tokenizer) -> Result<Tokens> {
        let mut rows = Rows::new(tokenizer.length as usize);
        let texts = match tokenizer.kind {
            TokenizerKind::Ready => ready::fill(table, column, tokenizer, &mut rows)?,
            _ => encode(table, column, tokenizer, &mut rows)?,
        };
        let size = [rows.count, rows.length as i64];
        let tensor = |values: &[i64]| Tensor::f_from_slice(values)?.f_reshape(size);
        Ok(Tokens {
            column: column.to_string(),
            tokenizer: tokenizer.clone(),
            ids: tensor(&rows.ids)?,
            mask: tensor(&rows.mask)?.f_to_kind(Kind::Bool)?,
            next: tensor(&rows.next)?,
            texts,
        })
    }

    pub fn samples(&self) -> i64 {
        self.ids.size()[0]
    }

    pub fn part(&self, part: TokenPart) -> Result<Tensor> {
        Ok(match part {
            TokenPart::Ids => self.ids.shallow_clone(),
            TokenPart::Kinds => self.ids.f_zeros_like()?,
            TokenPart::Mask => self.mask.shallow_clone(),
            TokenPart::Next => self.next.shallow_clone(),
        })
    }
}

/// Makes tokens of texts, and rows of the tokens.
fn encode(
    table: &Table,
    column: &str,
    tokenizer: &Tokenizer,
    rows: &mut Rows,
) -> Result<Vec<Text>> {
    let given = texts(table, column)?;
    let counts: Vec<Option<usize>> = given.iter().map(|text| text.count).collect();
    let model = model(tokenizer)?;
    let single = tokenizer.pack.is_none();
    let inputs: Vec<InputSequence> = given.into_iter().map(|text| text.input).collect();
    let encoded = model
        .encode_batch(inputs, single)
        .map_err(|e| broken(tokenizer, e))?;
    let mut texts = Vec::new();
    if let Some(end) = &tokenizer.pack {
        let end = token(&model, tokenizer, end)?;
        let encoded = encoded.iter();
        let joined = encoded.flat_map(|text| text.get_ids().iter().copied().chain([end]));
        rows.cut(&joined.map(i64::from).collect::<Vec<i64>>());
        if rows.count == 0 {
            return Err(Failure::Usage(format!(
                "the texts of the column `{column}` of `{}` have fewer tokens than one sample: {} and the one after them",
                table.path, rows.length
            )));
        }
        return Ok(texts);
    }
    let padding = match tokenizer.kind {
        TokenizerKind::Wordpiece => token(&model, tokenizer, PADDING)?,
        TokenizerKind::Bpe | TokenizerKind::Ready => 0,
    };
    for (text, count) in encoded.iter().zip(counts) {
        let ids: Vec<i64> = text.get_ids().iter().map(|id| i64::from(*id)).collect();
        rows.fill(&ids, i64::from(padding));
        texts.push(Text {
            words: text.get_word_ids().to_vec(),
            count,
        });
    }
    Ok(texts)
}

/// Samples of the same length, one after the other.
pub struct Rows {
    length: usize,
    count: i64,
    ids: Vec<i64>,
    /// 1 where there is a token.
    mask: Vec<i64>,
    next: Vec<i64>,
}

impl Rows {
    fn new(length: usize) -> Rows {
        Rows {
            length,
            count: 0,
            ids: Vec::new(),
            mask: Vec::new(),
            next: Vec::new(),
        }
    }

    /// A text with what fills it up.
    pub fn fill(&mut self, text: &[i64], padding: i64) {
        for place in 0..self.length {
            let id = text.get(place).copied();
            self.ids.push(id.unwrap_or(padding));
            self.mask.push(i64::from(id.is_some()));
            self.next
                .push(text.get(place + 1).copied().unwrap_or(UNCOUNTED));
        }
        self.count += 1;
    }

    /// All samples of joined texts that have a token after their last.
    fn cut(&mut self, joined: &[i64]) {
        self.count = (joined.len().saturating_sub(1) / self.length) as i64;
        let all = self.count as usize * self.length;
        self.ids.extend(&joined[..all]);
        self.mask.resize(all, 1);
        self.next.extend(joined.get(1..=all).unwrap_or_default());
    }
}

struct Given {
    input: InputSequence<'static>,
    count: Option<usize>,
}

/// The texts of a column, each a string or a list of words.
fn texts(table: &Table, column: &str) -> Result<Vec<Given>> {
    let Cells::Values(values) = table.cells(column)? else {
        return Err(Failure::Usage(format!(
            "the array `{column}` of `{}` holds numbers, but tokens are made of texts",
            table.path
        )));
    };
    let given = values.iter().enumerate().map(|(row, value)| match value {
        Value::String(text) => Ok(Given {
            input: text.clone().into(),
            count: None,
        }),
        Value::Array(words) => {
            let words: Option<Vec<String>> = words
                .iter()
                .map(|word| word.as_str().map(String::from))
                .collect();
            let words =
                words.ok_or_else(|| table.wrong(column, row, value, "is no list of words"))?;
            Ok(Given {
                count: Some(words.len()),
                input: words.into(),
            })
        }
        other => Err(table.wrong(column, row, other, "is no text")),
    });
    given.collect()
}

/// The model of the files, with all that it does to a text before and after.
fn model(tokenizer: &Tokenizer) -> Result<tokenizers::Tokenizer> {
    let path = Path::new(&tokenizer.path);
    if !path.exists() {
        return Err(Failure::Usage(format!(
            "there is no `{}`\npaths are relative to where kdc is started",
            tokenizer.path
        )));
    }
    let made = match tokenizer.kind {
        TokenizerKind::Wordpiece => wordpiece(tokenizer)?,
        TokenizerKind::Bpe => bpe(path).map_err(|e| broken(tokenizer, e))?,
        TokenizerKind::Ready => return Err(Failure::Bug("tokens that are ready".into())),
    };
    let tokens = made
        .get_vocab(true)
        .values()
        .max()
        .map_or(0, |id| u64::from(*id) + 1);
    if tokens > tokenizer.vocab {
        return Err(Failure::Usage(format!(
            "`{}` has {tokens} tokens, but the networks know {}\nwrite `vocab: {tokens}`, and give the networks as many",
            tokenizer.path, tokenizer.vocab
        )));
    }
    let mut made = made;
    let added = made
        .get_post_processor()
        .map_or(0, |p| p.added_tokens(false));
    if tokenizer.pack.is_none() && added as u64 >= tokenizer.length {
        return Err(Failure::Usage(format!(
            "`{}` adds {added} tokens to each text, which leaves nothing of {}\nwrite a larger `length`",
            tokenizer.path, tokenizer.length
        )));
    }
    let truncation = tokenizer.pack.is_none().then(|| TruncationParams {
        max_length: tokenizer.length as usize,
        ..TruncationParams::default()
    });
    made.with_padding(None);
    made.with_truncation(truncation)
        .map_err(|e| broken(tokenizer, e))?;
    Ok(made)
}

/// As Hugging Face's `BertTokenizer`.
fn wordpiece(tokenizer: &Tokenizer) -> Result<tokenizers::Tokenizer> {
    let model = WordPiece::from_file(&tokenizer.path)
        .unk_token(UNKNOWN.into())
        .build()
        .map_err(|e| broken(tokenizer, e))?;
    let mut made = tokenizers::Tokenizer::new(model);
    let special = |name: &str| token(&made, tokenizer, name);
    let (first, last) = (special(FIRST)?, special(LAST)?);
    special(UNKNOWN)?;
    let lowercase = match tokenizer.lowercase {
        Some(said) => said,
        None => !made.get_vocab(true).keys().any(|token| has_capitals(token)),
    };
    made.with_normalizer(Some(BertNormalizer::new(true, true, None, lowercase)))
        .map_err(|e| broken(tokenizer, e))?
        .with_pre_tokenizer(Some(BertPreTokenizer))
        .with_post_processor(Some(BertProcessing::new(
            (LAST.into(), last),
            (FIRST.into(), first),
        )));
    let there = [UNKNOWN, FIRST, LAST, PADDING, MASK]
        .into_iter()
        .filter(|name| made.token_to_id(name).is_some())
        .map(|name| AddedToken::from(name, true))
        .collect::<Vec<_>>();
    made.add_special_tokens(there)
        .map_err(|e| broken(tokenizer, e))?;
    Ok(made)
}

/// Whether a token tells that capitals are kept. Special tokens do not.
fn has_capitals(token: &str) -> bool {
    !(token.starts_with('[') && token.ends_with(']')) && token.chars().any(char::is_uppercase)
}

/// `tokenizer.json`, which says all; or GPT-2's two files, whose tokenizer is then GPT-2's.
fn bpe(path: &Path) -> tokenizers::Result<tokenizers::Tokenizer> {
    if !path.is_dir() {
        return tokenizers::Tokenizer::from_file(path);
    }
    let whole = path.join("tokenizer.json");
    if whole.exists() {
        return tokenizers::Tokenizer::from_file(whole);
    }
    let file = |name: &str| path.join(name).to_string_lossy().into_owned();
    let model = BPE::from_file(&file("vocab.json"), &file("merges.txt")).build()?;
    let mut made = tokenizers::Tokenizer::new(model);
    made.with_pre_tokenizer(Some(ByteLevel::default().add_prefix_space(false)));
    if made.token_to_id(END).is_some() {
        made.add_special_tokens([AddedToken::from(END, true)])?;
    }
    Ok(made)
}

fn token(made: &tokenizers::Tokenizer, tokenizer: &Tokenizer, name: &str) -> Result<u32> {
    made.token_to_id(name).ok_or_else(|| {
        let repair = match &tokenizer.pack {
            Some(end) if end == name => "\nsay which token ends a text: `pack(…, end: \"</s>\")`",
            _ => "",
        };
        Failure::Usage(format!(
            "`{}` has no token `{name}`{repair}",
            tokenizer.path
        ))
    })
}

fn broken(tokenizer: &Tokenizer, why: impl std::fmt::Display) -> Failure {
    let files = match tokenizer.kind {
        TokenizerKind::Wordpiece | TokenizerKind::Ready => "`vocab.txt`, with a token on each line",
        TokenizerKind::Bpe => "`tokenizer.json`, or a folder with `vocab.json` and `merges.txt`",
    };
    Failure::Usage(format!(
        "`{}` cannot be used as tokens: {why}\nit is to be {files}",
        tokenizer.path
    ))
}
