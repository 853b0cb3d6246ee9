//! Messages in, messages out.

use super::convert;
use super::documents::{Documents, path};
use super::features;
use super::positions::Encoding;
use crate::ide::Analysis;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::{
    CodeActionParams, CodeActionProvider, CompletionOptions, CompletionParams, DefinitionParams,
    DefinitionProvider, Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DocumentFormattingParams, DocumentFormattingProvider,
    DocumentSymbolParams, DocumentSymbolProvider, HoverParams, HoverProvider, InitializeParams,
    InitializeResult, InlayHintParams, InlayHintProvider, PositionEncodingKind,
    PublishDiagnosticsParams, ReferenceParams, ReferencesProvider, RenameParams, RenameProvider,
    ServerCapabilities, ServerInfo, TextDocumentContentChangeEvent, TextDocumentIdentifier,
    TextDocumentSync, TextDocumentSyncKind, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

type Error = Box<dyn std::error::Error + Send + Sync>;

struct Server<'c> {
    connection: &'c Connection,
    encoding: Encoding,
    documents: Documents,
    /// The files for which the editor shows diagnostics.
    shown: Vec<Uri>,
    /// Something has changed since diagnostics were sent.
    stale: bool,
}

/// Serves one editor until it says goodbye or is gone.
pub fn serve(connection: &Connection) -> Result<(), Error> {
    let (id, params) = connection.initialize_start()?;
    let params: InitializeParams = serde_json::from_value(params)?;
    let encoding = encoding(&params);
    let result = InitializeResult::new(
        capabilities(encoding),
        Some(ServerInfo::new(
            "kdc".to_string(),
            Some(env!("CARGO_PKG_VERSION").to_string()),
        )),
    );
    connection.initialize_finish(id, serde_json::to_value(result)?)?;
    let mut server = Server {
        connection,
        encoding,
        documents: Documents::default(),
        shown: Vec::new(),
        stale: false,
    };
    server.listen()
}

/// Bytes if the editor can count them: then nothing has to be converted.
fn encoding(params: &InitializeParams) -> Encoding {
    let general = params.capabilities.general.as_ref();
    let offered = general.and_then(|general| general.position_encodings.as_ref());
    match offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8)) {
        true => Encoding::Utf8,
        false => Encoding::Utf16,
    }
}

fn capabilities(encoding: Encoding) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(match encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(TextDocumentSync::Kind(TextDocumentSyncKind::Full)),
        hover_provider: Some(HoverProvider::Bool(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(vec![".".to_string(), "(".to_string(), ":".to_string()]),
            ..CompletionOptions::default()
        }),
        definition_provider: Some(DefinitionProvider::Bool(true)),
        references_provider: Some(ReferencesProvider::Bool(true)),
        rename_provider: Some(RenameProvider::Bool(true)),
        document_symbol_provider: Some(DocumentSymbolProvider::Bool(true)),
        code_action_provider: Some(CodeActionProvider::Bool(true)),
        document_formatting_provider: Some(DocumentFormattingProvider::Bool(true)),
        inlay_hint_provider: Some(InlayHintProvider::Bool(true)),
        ..ServerCapabilities::default()
    }
}

impl Server<'_> {
    fn listen(&mut self) -> Result<(), Error> {
        while let Ok(message) = self.connection.receiver.recv() {
            match message {
                Message::Request(request) => {
                    if self.connection.handle_shutdown(&request)? {
                        return Ok(());
                    }
                    let response = self.answer(request);
                    self.connection.sender.send(Message::Response(response))?;
                }
                Message::Notification(notification) => self.note(notification),
                Message::Response(_) => {}
            }
            // Who types fast is answered once.
            if self.stale && self.connection.receiver.is_empty() {
                self.publish()?;
            }
        }
        Ok(())
    }

    fn note(&mut self, notification: Notification) {
        let params = notification.params;
        match notification.method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(params) = serde_json::from_value::<DidOpenTextDocumentParams>(params) {
                    let document = params.text_document;
                    self.documents
                        .set(document.uri, document.version, document.text);
                }
            }
            "textDocument/didChange" => {
                if let Ok(params) = serde_json::from_value::<DidChangeTextDocumentParams>(params) {
                    let document = params.text_document;
                    let uri = document.text_document_identifier.uri;
                    if let Some(text) = params.content_changes.into_iter().next_back() {
                        self.documents.set(uri, document.version, whole(text));
                    }
                }
            }
            "textDocument/didClose" => {
                if let Ok(params) = serde_json::from_value::<DidCloseTextDocumentParams>(params) {
                    self.documents.close(&params.text_document.uri);
                }
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => self.documents.forget(),
            _ => return,
        }
        self.stale = true;
    }

    /// A bug answers this request with an error, and the next ones are served.
    fn answer(&mut self, request: Request) -> Response {
        let id = request.id.clone();
        let answered = catch_unwind(AssertUnwindSafe(|| self.respond(request)));
        match answered {
            Ok(Ok(value)) => Response::new_ok(id, value),
            Ok(Err((code, message))) => Response::new_err(id, code as i32, message),
            Err(_) => Response::new_err(
                id,
                ErrorCode::InternalError as i32,
                "a bug in kdc".to_string(),
            ),
        }
    }

    fn respond(&mut self, request: Request) -> Result<Value, (ErrorCode, String)> {
        let encoding = self.encoding;
        let params = request.params;
        match request.method.as_str() {
            "textDocument/hover" => {
                let params: HoverParams = read(params)?;
                let at = params.text_document_position_params;
                self.about(&at.text_document, |text| {
                    features::hover(text, at.position, encoding)
                })
            }
            "textDocument/completion" => {
                let params: CompletionParams = read(params)?;
                let at = params.text_document_position_params;
                self.about(&at.text_document, |text| {
                    features::completions(text, at.position, encoding)
                })
            }
            "textDocument/definition" => {
                let params: DefinitionParams = read(params)?;
                let at = params.text_document_position_params;
                self.about(&at.text_document, |text| {
                    features::definition(text, at.position, encoding)
                })
            }
            "textDocument/references" => {
                let params: ReferenceParams = read(params)?;
                let at = params.text_document_position_params;
                self.about(&at.text_document, |text| {
                    features::references(text, at.position, encoding)
                })
            }
            "textDocument/rename" => {
                let params: RenameParams = read(params)?;
                let name = identifier(&params.new_name)?;
                let at = params.text_document_position_params;
                self.about(&at.text_document, |text| {
                    features::rename(text, at.position, name, encoding)
                })
            }
            "textDocument/documentSymbol" => {
                let params: DocumentSymbolParams = read(params)?;
                self.about(&params.text_document, |text| {
                    features::symbols(text, encoding)
                })
            }
            "textDocument/inlayHint" => {
                let params: InlayHintParams = read(params)?;
                self.about(&params.text_document, |text| {
                    features::hints(text, params.range, encoding)
                })
            }
            "textDocument/codeAction" => {
                let params: CodeActionParams = read(params)?;
                self.about(&params.text_document, |text| {
                    features::actions(text, params.range, encoding)
                })
            }
            "textDocument/formatting" => {
                let params: DocumentFormattingParams = read(params)?;
                self.about(&params.text_document, features::formatting)
            }
            other => Err((
                ErrorCode::MethodNotFound,
                format!("kdc does not know `{other}`"),
            )),
        }
    }

    /// An answer about an open text; null about any other.
    fn about<T: Serialize>(
        &mut self,
        document: &TextDocumentIdentifier,
        answer: impl FnOnce(&Analysis) -> T,
    ) -> Result<Value, (ErrorCode, String)> {
        let answer = self.documents.analysis(&document.uri).map(answer);
        serde_json::to_value(answer).map_err(|error| (ErrorCode::InternalError, error.to_string()))
    }

    /// Sends the diagnostics of all open texts and of the files that they import.
    fn publish(&mut self) -> Result<(), Error> {
        self.stale = false;
        let open: Vec<(Uri, i32)> = (self.documents.open())
            .map(|(_, document)| (document.uri.clone(), document.version))
            .collect();
        let mut found: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
        for (uri, _) in &open {
            found.entry(uri.0.clone()).or_default();
        }
        for (uri, _) in &open {
            let encoding = self.encoding;
            let Some(analysis) = self.documents.analysis(uri) else {
                continue;
            };
            for diagnostic in &analysis.diagnostics {
                let Some((file, diagnostic)) =
                    convert::diagnostic(&analysis.sources, diagnostic, encoding)
                else {
                    continue;
                };
                // The editor may spell an open file's URI in its own way.
                let known = open.iter().find(|(uri, _)| path(uri) == path(&file));
                let file = known.map_or(file.0, |(uri, _)| uri.0.clone());
                let others = found.entry(file).or_default();
                if !others.contains(&diagnostic) {
                    others.push(diagnostic);
                }
            }
        }
        for gone in std::mem::take(&mut self.shown) {
            found.entry(gone.0).or_default();
        }
        for (uri, diagnostics) in found {
            let uri = Uri(uri);
            let version = open
                .iter()
                .find(|(known, _)| *known == uri)
                .map(|(_, version)| *version);
            if !diagnostics.is_empty() {
                self.shown.push(uri.clone());
            }
            let params = PublishDiagnosticsParams {
                uri,
                version,
                diagnostics,
            };
            let notification =
                Notification::new("textDocument/publishDiagnostics".to_string(), params);
            self.connection
                .sender
                .send(Message::Notification(notification))?;
        }
        Ok(())
    }
}

/// What can be a name.
fn identifier(name: &str) -> Result<&str, (ErrorCode, String)> {
    let word = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let sound = name.chars().all(word) && !name.starts_with(|c: char| c.is_ascii_digit());
    match sound && !name.is_empty() {
        true => Ok(name),
        false => Err((
            ErrorCode::InvalidParams,
            format!("`{name}` is no name: names are made of letters, digits and `_`"),
        )),
    }
}

fn whole(change: TextDocumentContentChangeEvent) -> String {
    match change {
        TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => part.text,
        TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => whole.text,
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, (ErrorCode, String)> {
    serde_json::from_value(params).map_err(|error| (ErrorCode::InvalidParams, error.to_string()))
}
