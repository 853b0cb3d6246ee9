// `kdc lsp` through the client library that VS Code's extensions use: all that the extension shows has an answer of
// the form that the library expects. KDC names the program; without it, the one that cargo built last.

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { after, before, test } = require("node:test");
const { pathToFileURL } = require("node:url");
const protocol = require("vscode-languageserver-protocol/node");
const { findProgram } = require("../program");

const ROOT = path.join(__dirname, "../../..");
const FILE = path.join(ROOT, "examples/hint.kd");
const uri = pathToFileURL(FILE).href;
const text = fs.readFileSync(FILE, "utf8");
const textDocument = { uri };

let server;
let connection;
let capabilities;
const diagnostics = [];

/** The position of the first letter of a piece of the text. */
function at(piece, shown = text) {
  const before = shown.slice(0, shown.indexOf(piece)).split("\n");
  return { line: before.length - 1, character: before.at(-1).length };
}

function built() {
  const folders = ["release", "debug"].map((folder) => path.join(ROOT, "target", folder, "kdc"));
  const there = folders.filter((file) => fs.existsSync(file));
  const newest = there.sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs)[0];
  assert(newest, "build kdc first: cargo build --no-default-features");
  return newest;
}

async function until(found) {
  for (let tries = 0; tries < 500; tries++) {
    const result = found();
    if (result !== undefined) return result;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail("nothing came");
}

before(async () => {
  server = spawn(process.env.KDC ?? built(), ["lsp"], { stdio: ["pipe", "pipe", "inherit"] });
  connection = protocol.createProtocolConnection(
    new protocol.StreamMessageReader(server.stdout),
    new protocol.StreamMessageWriter(server.stdin),
  );
  connection.onNotification(protocol.PublishDiagnosticsNotification.type, (said) => {
    diagnostics.push(said);
  });
  connection.listen();
  const answer = await connection.sendRequest(protocol.InitializeRequest.type, {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
  });
  capabilities = answer.capabilities;
  await connection.sendNotification(protocol.InitializedNotification.type, {});
  await connection.sendNotification(protocol.DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: "kd", version: 1, text },
  });
});

after(async () => {
  await connection.sendRequest(protocol.ShutdownRequest.type);
  await connection.sendNotification(protocol.ExitNotification.type);
  const code = await new Promise((resolve) => server.once("exit", resolve));
  assert.equal(code, 0);
});

test("every feature has an answer", async () => {
  const ask = (type, params) => connection.sendRequest(type, { textDocument, ...params });
  const whole = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };

  const hover = await ask(protocol.HoverRequest.type, { position: at("conv2d") });
  assert.match(hover.contents.value, /4,640 parameters/);
  const hints = await ask(protocol.InlayHintRequest.type, { range: whole });
  assert(hints.some((hint) => hint.label === "[N, 32, 8, 8]"));
  const definition = await ask(protocol.DefinitionRequest.type, { position: at("LightNN(") });
  assert.match(fs.readFileSync(new URL(definition.uri), "utf8"), /model LightNN/);
  const references = await ask(protocol.ReferencesRequest.type, {
    position: at("regressed ="),
    context: { includeDeclaration: true },
  });
  assert.equal(references.length, 2);
  const prepared = await ask(protocol.PrepareRenameRequest.type, { position: at("regressed =") });
  assert.equal(prepared.placeholder, "regressed");
  const renamed = await ask(protocol.RenameRequest.type, { position: at("regressed ="), newName: "r" });
  assert.equal(renamed.changes[uri].length, 2);
  const completion = await ask(protocol.CompletionRequest.type, { position: at("features ->") });
  assert(completion.some((item) => item.label === "features"));
  const help = await ask(protocol.SignatureHelpRequest.type, { position: at("32, kernel") });
  assert.match(help.signatures[0].label, /^conv2d\(/);
  const symbols = await ask(protocol.DocumentSymbolRequest.type, {});
  assert(symbols.some((symbol) => symbol.name === "regressed"));
  const folds = await ask(protocol.FoldingRangeRequest.type, {});
  assert.equal(folds[0].kind, "comment");
  const tokens = await ask(protocol.SemanticTokensRequest.type, {});
  assert(capabilities.semanticTokensProvider.legend.tokenTypes.length > 0 && tokens.data.length % 5 === 0);
  const edits = await ask(protocol.DocumentFormattingRequest.type, {
    options: { tabSize: 4, insertSpaces: true },
  });
  assert.deepEqual(edits, []);
});

test("a deleted regressor is offered back", async () => {
  const broken = text.replace(/^tap .*\n/m, "");
  await connection.sendNotification(protocol.DidChangeTextDocumentNotification.type, {
    textDocument: { uri, version: 2 },
    contentChanges: [{ text: broken }],
  });
  const said = await until(() => diagnostics.find((known) => known.uri === uri && known.version === 2));
  assert.equal(said.diagnostics.length, 1);
  const [action] = await connection.sendRequest(protocol.CodeActionRequest.type, {
    textDocument,
    range: said.diagnostics[0].range,
    context: { diagnostics: said.diagnostics },
  });
  assert.equal(action.isPreferred, true);
  const [edit] = action.edit.changes[uri];
  assert.match(edit.newText, /^tap regressed = light.features -> conv2d\(32, kernel: 3, padding: 1\)\n$/);
});

test("the program is looked up as the setting says", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kdc-"));
  const file = path.join(folder, "kdc");
  const environment = { PATH: `/nowhere${path.delimiter}${folder}` };
  assert.equal(findProgram("kdc", environment), undefined);
  fs.writeFileSync(file, "#!/bin/sh\n", { mode: 0o644 });
  assert.equal(findProgram("kdc", environment), undefined, "what cannot be run is no program");
  fs.chmodSync(file, 0o755);
  assert.equal(findProgram("kdc", environment), file);
  assert.equal(findProgram(file, {}), file);
  assert.equal(findProgram(`${folder}/other`, environment), undefined);
  assert.equal(findProgram("~/surely/not/there", environment), undefined);
  fs.rmSync(folder, { recursive: true });
});
