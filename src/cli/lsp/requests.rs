//! Requests and their answers.

use super::documents::Documents;
use super::positions::Places;
use super::{features, tokens};
use crate::ide::Analysis;
use crate::syntax::is_reserved;
use lsp_server::{ErrorCode, Request};
use lsp_types::{
    CodeActionParams, DocumentFormattingParams, DocumentSymbolParams, FoldingRangeParams,
    InlayHintParams, Position, RenameParams, SemanticTokensParams, SemanticTokensRangeParams,
    TextDocumentPositionParams, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A code of the protocol, and what the editor shows.
type Refusal = (ErrorCode, String);

/// The answer to a request: null about a text that is not open.
pub fn respond(
    documents: &mut Documents,
    places: &Places,
    request: Request,
) -> Result<Value, Refusal> {
    let params = request.params;
    match request.method.as_str() {
        "textDocument/hover" => at(documents, places, params, features::hover),
        "textDocument/signatureHelp" => at(documents, places, params, features::signature),
        "textDocument/definition" => at(documents, places, params, features::definition),
        "textDocument/references" => at(documents, places, params, features::references),
        "textDocument/completion" => {
            let at: TextDocumentPositionParams = read(params)?;
            let uri = &at.text_document.uri;
            let found = documents.with_files(uri, |text, files| {
                features::completions(text, files, at.position, places)
            });
            value(found)
        }
        "textDocument/prepareRename" => {
            let at: TextDocumentPositionParams = read(params)?;
            checked(documents, &at.text_document.uri, |text| {
                features::renamable(text, at.position, places)
            })
        }
        "textDocument/rename" => {
            let params: RenameParams = read(params)?;
            let name = identifier(&params.new_name)?;
            let at = params.text_document_position_params;
            checked(documents, &at.text_document.uri, |text| {
                features::rename(text, at.position, name, places)
            })
        }
        "textDocument/documentSymbol" => {
            let params: DocumentSymbolParams = read(params)?;
            answer(documents, &params.text_document.uri, |text| {
                features::symbols(text, places)
            })
        }
        "textDocument/foldingRange" => {
            let params: FoldingRangeParams = read(params)?;
            answer(documents, &params.text_document.uri, features::folds)
        }
        "textDocument/semanticTokens/full" => {
            let params: SemanticTokensParams = read(params)?;
            answer(documents, &params.text_document.uri, |text| {
                tokens::tokens(text, None, places)
            })
        }
        "textDocument/semanticTokens/range" => {
            let params: SemanticTokensRangeParams = read(params)?;
            answer(documents, &params.text_document.uri, |text| {
                tokens::tokens(text, Some(params.range), places)
            })
        }
        "textDocument/inlayHint" => {
            let params: InlayHintParams = read(params)?;
            answer(documents, &params.text_document.uri, |text| {
                features::hints(text, params.range, places)
            })
        }
        "textDocument/codeAction" => {
            let params: CodeActionParams = read(params)?;
            answer(documents, &params.text_document.uri, |text| {
                features::actions(text, params.range, places)
            })
        }
        "textDocument/formatting" => {
            let params: DocumentFormattingParams = read(params)?;
            answer(documents, &params.text_document.uri, features::formatting)
        }
        other => Err((
            ErrorCode::MethodNotFound,
            format!("kdc does not know `{other}`"),
        )),
    }
}

/// About a place in a text. What some requests say besides, kdc does not need.
fn at<T: Serialize>(
    documents: &mut Documents,
    places: &Places,
    params: Value,
    feature: impl FnOnce(&Analysis, Position, &Places) -> T,
) -> Result<Value, Refusal> {
    let at: TextDocumentPositionParams = read(params)?;
    answer(documents, &at.text_document.uri, |text| {
        feature(text, at.position, places)
    })
}

fn answer<T: Serialize>(
    documents: &mut Documents,
    uri: &Uri,
    feature: impl FnOnce(&Analysis) -> T,
) -> Result<Value, Refusal> {
    value(documents.analysis(uri).map(feature))
}

/// The same for what may be refused, in words for the user.
fn checked<T: Serialize>(
    documents: &mut Documents,
    uri: &Uri,
    feature: impl FnOnce(&Analysis) -> Result<T, String>,
) -> Result<Value, Refusal> {
    let found = documents.analysis(uri).map(feature).transpose();
    value(found.map_err(|why| (ErrorCode::RequestFailed, why))?)
}

fn value<T: Serialize>(answer: T) -> Result<Value, Refusal> {
    serde_json::to_value(answer).map_err(|error| (ErrorCode::InternalError, error.to_string()))
}

/// What can be a name.
fn identifier(name: &str) -> Result<&str, Refusal> {
    let word = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let sound = name.chars().all(word) && !name.starts_with(|c: char| c.is_ascii_digit());
    let why = match sound && !name.is_empty() {
        true if is_reserved(name) => format!("`{name}` is a word of the language"),
        true => return Ok(name),
        false => format!("`{name}` is no name: names are made of letters, digits and `_`"),
    };
    Err((ErrorCode::InvalidParams, why))
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    serde_json::from_value(params).map_err(|error| (ErrorCode::InvalidParams, error.to_string()))
}
