//! Messages in, messages out.

use super::convert;
use super::documents::{Documents, path};
use super::positions::{Encoding, Places};
use super::{requests, tokens};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::{
    CodeActionProvider, CompletionOptions, DefinitionProvider, Diagnostic,
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DocumentFormattingProvider, DocumentSymbolProvider, FoldingRangeProvider, HoverProvider,
    InitializeParams, InitializeResult, InlayHintProvider, PositionEncodingKind,
    PublishDiagnosticsParams, ReferencesProvider, RenameOptions, RenameProvider,
    ServerCapabilities, ServerInfo, SignatureHelpOptions, TextDocumentContentChangeEvent,
    TextDocumentSync, TextDocumentSyncKind, Uri,
};
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

type Error = Box<dyn std::error::Error + Send + Sync>;

struct Server<'c> {
    connection: &'c Connection,
    places: Places,
    documents: Documents,
    /// What the editor shows, by file.
    shown: BTreeMap<String, Shown>,
    /// Something has changed since diagnostics were sent.
    stale: bool,
}

/// What was sent last for a file.
#[derive(Default, PartialEq)]
struct Shown {
    /// Of the text, if it is open.
    version: Option<i32>,
    diagnostics: Vec<Diagnostic>,
}

/// Serves one editor until it says goodbye or is gone. The standard library is put into the folder `library` when the
/// editor has to open a file of it.
pub fn serve(connection: &Connection, library: Option<PathBuf>) -> Result<(), Error> {
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
        places: Places { encoding, library },
        documents: Documents::default(),
        shown: BTreeMap::new(),
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
            trigger_characters: Some(signs(&[".", "(", ":", "\"", "/"])),
            ..CompletionOptions::default()
        }),
        definition_provider: Some(DefinitionProvider::Bool(true)),
        references_provider: Some(ReferencesProvider::Bool(true)),
        rename_provider: Some(RenameProvider::RenameOptions(RenameOptions {
            prepare_provider: Some(true),
            ..RenameOptions::default()
        })),
        signature_help_provider: Some(SignatureHelpOptions {
            trigger_characters: Some(signs(&["(", ","])),
            ..SignatureHelpOptions::default()
        }),
        semantic_tokens_provider: Some(tokens::options().into()),
        folding_range_provider: Some(FoldingRangeProvider::Bool(true)),
        document_symbol_provider: Some(DocumentSymbolProvider::Bool(true)),
        code_action_provider: Some(CodeActionProvider::Bool(true)),
        document_formatting_provider: Some(DocumentFormattingProvider::Bool(true)),
        inlay_hint_provider: Some(InlayHintProvider::Bool(true)),
        ..ServerCapabilities::default()
    }
}

fn signs(signs: &[&str]) -> Vec<String> {
    signs.iter().map(|sign| sign.to_string()).collect()
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
                        .open(document.uri, document.version, document.text);
                }
            }
            "textDocument/didChange" => {
                if let Ok(params) = serde_json::from_value::<DidChangeTextDocumentParams>(params) {
                    let document = params.text_document;
                    let uri = document.text_document_identifier.uri;
                    if let Some(text) = params.content_changes.into_iter().next_back() {
                        self.documents.change(&uri, document.version, whole(text));
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
        let answered = catch_unwind(AssertUnwindSafe(|| {
            requests::respond(&mut self.documents, &self.places, request)
        }));
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

    /// Sends the diagnostics of all open texts and of the files that they import, where they are not those that the
    /// editor has.
    fn publish(&mut self) -> Result<(), Error> {
        self.stale = false;
        let mut found = self.found();
        for gone in self.shown.keys() {
            found.entry(gone.clone()).or_default();
        }
        for (file, now) in found {
            if self.shown.get(&file) == Some(&now) {
                continue;
            }
            let params = PublishDiagnosticsParams {
                uri: Uri(file.clone()),
                version: now.version,
                diagnostics: now.diagnostics.clone(),
            };
            let method = "textDocument/publishDiagnostics".to_string();
            let notification = Notification::new(method, params);
            let message = Message::Notification(notification);
            self.connection.sender.send(message)?;
            match now == Shown::default() {
                true => self.shown.remove(&file),
                false => self.shown.insert(file, now),
            };
        }
        Ok(())
    }

    /// The diagnostics of all open texts and of the files that they import, by file.
    fn found(&mut self) -> BTreeMap<String, Shown> {
        let open = self.documents.iter();
        let mut found: BTreeMap<String, Shown> = open
            .map(|document| {
                let shown = Shown {
                    version: Some(document.version),
                    diagnostics: Vec::new(),
                };
                (document.uri.0.clone(), shown)
            })
            .collect();
        // The editor may spell an open file's URI in its own way.
        let spelt: HashMap<PathBuf, String> = found
            .keys()
            .map(|uri| (path(&Uri(uri.clone())), uri.clone()))
            .collect();
        for uri in spelt.values() {
            let Some(analysis) = self.documents.analysis(&Uri(uri.clone())) else {
                continue;
            };
            let all = analysis.diagnostics.iter();
            let all = all.filter_map(|diagnostic| {
                convert::diagnostic(&analysis.sources, diagnostic, &self.places)
            });
            for (file, diagnostic) in all {
                let file = spelt.get(&path(&file)).cloned().unwrap_or(file.0);
                let others = &mut found.entry(file).or_default().diagnostics;
                if !others.contains(&diagnostic) {
                    others.push(diagnostic);
                }
            }
        }
        found
    }
}

fn whole(change: TextDocumentContentChangeEvent) -> String {
    match change {
        TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => part.text,
        TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => whole.text,
    }
}
