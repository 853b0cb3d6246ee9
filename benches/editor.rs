//! What an editor feels of `kdc lsp`, measured on the program itself over its streams:
//!
//!     cargo bench --no-default-features --bench editor
//!
//! - how long it takes from a keystroke in a file of 2,000 lines until its diagnostics are there;
//! - the memory of a server with 50 open files, each of which has been asked about;
//! - the memory after 10,000 edits that damage files and mend them again.

#![allow(clippy::print_stdout)]

use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};
use std::io::{BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

#[path = "../tests/mutate.rs"]
mod mutate;
#[path = "../tests/shipped.rs"]
mod shipped;
mod texts;

const LINES: usize = 2_000;
const KEYSTROKES: usize = 1_000;
const OPEN: usize = 50;
const EDITS: usize = 10_000;

fn main() {
    println!("{}", keystrokes());
    println!("{}", open_files());
    println!("{}", many_edits());
}

struct Server {
    program: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    requests: i32,
}

impl Server {
    fn start() -> Server {
        let mut program = Command::new(env!("CARGO_BIN_EXE_kdc"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("kdc starts");
        let mut server = Server {
            input: program.stdin.take().expect("a stream"),
            output: BufReader::new(program.stdout.take().expect("a stream")),
            program,
            requests: 0,
        };
        let general = json!({"positionEncodings": ["utf-16"]});
        server.ask("initialize", json!({"capabilities": {"general": general}}));
        server.tell("initialized", json!({}));
        server
    }

    fn send(&mut self, message: Message) {
        message.write(&mut self.input).expect("kdc listens");
        self.input.flush().expect("kdc listens");
    }

    fn receive(&mut self) -> Message {
        let message = Message::read(&mut self.output).expect("kdc speaks the protocol");
        message.expect("kdc says something")
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(Notification::new(method.to_string(), params).into());
    }

    fn ask(&mut self, method: &str, params: Value) {
        self.requests += 1;
        let id = RequestId::from(self.requests);
        self.send(Request::new(id.clone(), method.to_string(), params).into());
        while !matches!(self.receive(), Message::Response(response) if response.id == id) {}
    }

    fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "kd", "version": 0, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
        self.diagnosed(uri, 0);
    }

    fn change(&mut self, uri: &str, version: usize, text: &str) {
        let document = json!({"uri": uri, "version": version});
        let params = json!({"textDocument": document, "contentChanges": [{"text": text}]});
        self.tell("textDocument/didChange", params);
        self.diagnosed(uri, version);
    }

    /// Waits for the diagnostics of a version.
    fn diagnosed(&mut self, uri: &str, version: usize) {
        loop {
            if let Message::Notification(said) = self.receive()
                && said.params["uri"] == uri
                && said.params["version"] == version
            {
                return;
            }
        }
    }

    /// Resident, in MiB.
    fn memory(&self) -> f64 {
        let id = self.program.id().to_string();
        let ps = Command::new("ps").args(["-o", "rss=", "-p", &id]).output();
        let printed = String::from_utf8(ps.expect("ps is there").stdout).expect("text");
        printed.trim().parse::<f64>().expect("a number") / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.program.wait().expect("kdc ends");
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}/{}", env!("CARGO_MANIFEST_DIR"), path.display())
}

/// Types a step behind a line, letter by letter, and takes it away again, in all parts of the file.
fn keystrokes() -> String {
    let mut server = Server::start();
    let whole = texts::long(LINES);
    let uri = uri(Path::new("examples/long.kd"));
    server.open(&uri, &whole);
    let typed = "\n        -> conv2d(8, kernel: 3)";
    let places: Vec<usize> = whole.match_indices(" -> relu").map(|(at, _)| at).collect();
    let mut took: Vec<Duration> = Vec::with_capacity(KEYSTROKES);
    let mut random = mutate::Random::new(1);
    while took.len() < KEYSTROKES {
        let at = places[random.below(places.len())];
        for length in (1..=typed.len()).chain((0..typed.len()).rev()) {
            let text = [&whole[..at], &typed[..length], &whole[at..]].concat();
            let start = Instant::now();
            server.change(&uri, took.len() + 1, &text);
            took.push(start.elapsed());
        }
    }
    took.sort_unstable();
    let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    format!(
        "keystroke to diagnostics, {} lines, {} keystrokes: median {:.1} ms, 99th percentile {:.1} ms, longest {:.1} ms",
        whole.lines().count(),
        took.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    )
}

fn asked(server: &mut Server, uri: &str) {
    let document = json!({"uri": uri});
    let place = json!({"line": 8, "character": 12});
    let end = json!({"line": 999, "character": 0});
    let range = json!({"start": place, "end": end});
    for method in ["hover", "completion", "definition"] {
        let params = json!({"textDocument": document, "position": place});
        server.ask(&format!("textDocument/{method}"), params);
    }
    for method in ["inlayHint", "semanticTokens/full", "documentSymbol"] {
        let params = json!({"textDocument": document, "range": range});
        server.ask(&format!("textDocument/{method}"), params);
    }
}

fn open_files() -> String {
    let mut server = Server::start();
    let none = server.memory();
    let files = shipped::shipped();
    for (path, text) in files.iter().take(OPEN) {
        server.open(&uri(path), text);
    }
    for (path, _) in files.iter().take(OPEN) {
        asked(&mut server, &uri(path));
    }
    format!(
        "memory with {} open files: {:.1} MiB (with none: {none:.1} MiB)",
        files.len().min(OPEN),
        server.memory()
    )
}

fn many_edits() -> String {
    let mut server = Server::start();
    let files = shipped::shipped();
    let examples: Vec<_> = (files.iter())
        .filter(|(path, _)| path.starts_with("examples"))
        .collect();
    let each = EDITS / examples.len();
    let mut memory = Vec::new();
    for ((path, text), seed) in examples.iter().zip(1..) {
        let uri = uri(path);
        server.open(&uri, text);
        for (damaged, version) in mutate::mutations(text, seed).take(each).zip(1..) {
            server.change(&uri, version, &damaged);
            asked(&mut server, &uri);
        }
        server.tell(
            "textDocument/didClose",
            json!({"textDocument": {"uri": uri}}),
        );
        memory.push(server.memory());
    }
    let last = memory.last().copied().unwrap_or_default();
    format!(
        "memory over {} edits: {:.1} MiB after {each}, {:.1} MiB half way, {last:.1} MiB at the end",
        each * examples.len(),
        memory[0],
        memory[memory.len() / 2],
    )
}
