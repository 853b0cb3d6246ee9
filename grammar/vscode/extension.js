// Starts `kdc lsp` for .kd files. All that the editor shows of them comes from there.

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");
const { findProgram } = require("./program");

/** @type {vscode.LogOutputChannel} */
let output;
/** @type {LanguageClient | undefined} */
let client;
/** Starts and stops wait for the ones before. */
let last = Promise.resolve();

function activate(context) {
  output = vscode.window.createOutputChannel("kdc", { log: true });
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand("kdc.restart", restart),
    vscode.commands.registerCommand("kdc.output", () => output.show()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("kdc.path")) restart();
    }),
  );
  return restart();
}

function deactivate() {
  return inTurn(stop);
}

function restart() {
  return inTurn(async () => {
    await stop();
    await start();
  });
}

function inTurn(step) {
  last = last.then(step).catch((error) => output.error(error));
  return last;
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.dispose();
}

async function start() {
  const written = vscode.workspace.getConfiguration("kdc").get("path") || "kdc";
  const program = findProgram(written, process.env);
  if (!program) {
    tellMissing(written);
    return;
  }
  output.info(`${program} lsp`);
  client = new LanguageClient(
    "kdc",
    "kdc",
    // Without a transport: naming one adds an argument to the command line.
    { command: program, args: ["lsp"] },
    {
      documentSelector: [{ language: "kd" }],
      outputChannel: output,
      synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.kd") },
    },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    offer(`${program} does not start as a language server: ${error.message}`, "Show Output");
  }
}

function tellMissing(written) {
  const where = written === "kdc" ? "on PATH" : "as the setting kdc.path says";
  offer(
    `The program \`${written}\` is not found ${where}. Build it with \`cargo install --path . --no-default-features\` ` +
      "in kdc's folder, or say in the setting kdc.path where it lies.",
    "Open Setting",
  );
}

/** An error that says what to do; not waited for, since it stays until it is answered. */
async function offer(message, button) {
  output.error(message);
  const chosen = await vscode.window.showErrorMessage(message, button, "Try Again");
  if (chosen === "Open Setting") {
    vscode.commands.executeCommand("workbench.action.openSettings", "kdc.path");
  } else if (chosen === "Show Output") {
    output.show();
  } else if (chosen === "Try Again") {
    restart();
  }
}

module.exports = { activate, deactivate };
