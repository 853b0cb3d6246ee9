//! An editor that speaks with a server of its own.

use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

/// Where the server puts files of the library.
pub fn library() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("library")
}

/// An editor with a server of its own, which has to answer everything and to end in good order.
pub struct Editor {
    connection: Connection,
    server: Option<JoinHandle<()>>,
    requests: i32,
    /// What was sent last for each file.
    pub diagnostics: HashMap<String, Value>,
    pub capabilities: Value,
}

impl Editor {
    pub fn new(encodings: &[&str]) -> Editor {
        let (connection, other) = Connection::memory();
        let server = std::thread::spawn(move || kdc::cli::lsp::serve(&other, library()).unwrap());
        let mut editor = Editor {
            connection,
            server: Some(server),
            requests: 0,
            diagnostics: HashMap::new(),
            capabilities: Value::Null,
        };
        let params = json!({"capabilities": {"general": {"positionEncodings": encodings}}});
        let answer = editor.ask("initialize", params);
        editor.capabilities = answer["capabilities"].clone();
        editor.tell("initialized", json!({}));
        editor
    }

    /// One that counts bytes, and has opened a file of the package: with its URI and text.
    pub fn with(path: &str) -> (Editor, String, String) {
        let mut editor = Editor::new(&["utf-8"]);
        let (uri, text) = (uri(path), std::fs::read_to_string(path).unwrap());
        editor.open(&uri, &text);
        (editor, uri, text)
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        let notification = Notification::new(method.to_string(), params);
        let message = Message::Notification(notification);
        self.connection.sender.send(message).unwrap();
    }

    pub fn response(&mut self, method: &str, params: Value) -> Response {
        self.requests += 1;
        let id = RequestId::from(self.requests);
        let request = Request::new(id.clone(), method.to_string(), params);
        self.connection
            .sender
            .send(Message::Request(request))
            .unwrap();
        loop {
            match self.receive() {
                Message::Response(response) if response.id == id => return response,
                Message::Notification(notification) => self.keep(notification),
                other => panic!("unexpected: {other:?}"),
            }
        }
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.response(method, params)
            .response_result
            .expect("an answer")
    }

    fn receive(&self) -> Message {
        let wait = Duration::from_secs(60);
        self.connection
            .receiver
            .recv_timeout(wait)
            .expect("the server says something")
    }

    fn keep(&mut self, notification: Notification) {
        assert_eq!(notification.method, "textDocument/publishDiagnostics");
        let uri = notification.params["uri"].as_str().unwrap().to_string();
        self.diagnostics.insert(uri, notification.params);
    }

    pub fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "kd", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    pub fn change(&mut self, uri: &str, version: i32, text: &str) {
        let document = json!({"uri": uri, "version": version});
        let params = json!({"textDocument": document, "contentChanges": [{"text": text}]});
        self.tell("textDocument/didChange", params);
    }

    /// The diagnostics of a file, once the server has nothing more to say.
    pub fn published(&mut self, uri: &str) -> Vec<Value> {
        // Diagnostics come before the answer to a later request, or right after it.
        while !self.diagnostics.contains_key(uri) {
            match self.receive() {
                Message::Notification(notification) => self.keep(notification),
                other => panic!("unexpected: {other:?}"),
            }
        }
        self.ask("textDocument/documentSymbol", of(uri));
        self.diagnostics[uri]["diagnostics"]
            .as_array()
            .unwrap()
            .clone()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.server.take().unwrap().join().unwrap();
    }
}

pub fn uri(path: &str) -> String {
    format!("file://{}/{path}", env!("CARGO_MANIFEST_DIR"))
}

/// What a request about a whole text says.
pub fn of(uri: &str) -> Value {
    json!({"textDocument": {"uri": uri}})
}

/// What a request about the first place of a word says.
pub fn at(uri: &str, text: &str, word: &str) -> Value {
    json!({"textDocument": {"uri": uri}, "position": position(text, word)})
}

pub fn position(text: &str, word: &str) -> Value {
    let at = text.find(word).unwrap();
    let line = text[..at].matches('\n').count();
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    json!({"line": line, "character": at - start})
}

/// The text with an editor's edits, whose positions count bytes.
pub fn edited(text: &str, edits: &Value) -> String {
    let offset = |position: &Value| {
        let line = position["line"].as_u64().unwrap() as usize;
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        let start = starts.chain([text.len()]).nth(line).unwrap();
        start + position["character"].as_u64().unwrap() as usize
    };
    let mut edits: Vec<(usize, usize, &str)> = (edits.as_array().unwrap().iter())
        .map(|edit| {
            let range = &edit["range"];
            (
                offset(&range["start"]),
                offset(&range["end"]),
                edit["newText"].as_str().unwrap(),
            )
        })
        .collect();
    edits.sort_unstable();
    let mut text = text.to_string();
    for (start, end, new) in edits.into_iter().rev() {
        text.replace_range(start..end, new);
    }
    text
}
