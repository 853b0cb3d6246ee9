// What a newcomer does first, in VS Code itself: opens examples/hint.kd, deletes the regressor, and gets it back from
// the list of repairs. Needs code-server (VS Code for browsers), a Chromium, and kdc.vsix:
//
//     CODE_SERVER=…/code-server CHROMIUM=…/chromium KDC=../../target/release/kdc npm run test:editor
//
// With PICTURES=folder it also writes down what is on the screen.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

const { CODE_SERVER = "code-server", CHROMIUM = "chromium", KDC = "kdc", PICTURES } = process.env;
const HERE = path.dirname(import.meta.dirname);
const PORT = 8100 + (process.pid % 800);

const home = fs.mkdtempSync(path.join(os.tmpdir(), "kdc-editor-"));
const examples = path.join(home, "examples");
fs.cpSync(path.join(HERE, "../../examples"), examples, { recursive: true });
const folders = ["--user-data-dir", path.join(home, "user"), "--extensions-dir", path.join(home, "extensions")];
const write = (file, settings) => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, JSON.stringify(settings));
};
// Where a program lies is a setting of the machine that it runs on.
write(path.join(home, "user/Machine/settings.json"), { "kdc.path": path.resolve(KDC) });
write(path.join(home, "user/User/settings.json"), {
  "chat.disableAIFeatures": true,
  "editor.minimap.enabled": false,
  "window.commandCenter": false,
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "workbench.activityBar.location": "hidden",
  "workbench.colorTheme": "Default Light Modern",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
});
execFileSync(CODE_SERVER, [...folders, "--install-extension", path.join(HERE, "kdc.vsix")]);
const server = spawn(CODE_SERVER, [
  ...folders, "--auth", "none", "--disable-telemetry", "--disable-update-check", "--bind-addr", `127.0.0.1:${PORT}`,
], { stdio: "ignore", detached: true });
let browser;
try {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1000, height: 500 }, deviceScaleFactor: 2 });
  page.setDefaultTimeout(90_000);
  await opened(page);
  await newcomer(page);
  console.log("the editor test passed");
} catch (error) {
  const pages = browser?.contexts().flatMap((context) => context.pages()) ?? [];
  if (PICTURES) await pages[0]?.screenshot({ path: path.join(PICTURES, "failed.png") });
  throw error;
} finally {
  await browser?.close();
  // It has started others.
  process.kill(-server.pid);
  fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

async function opened(page) {
  const file = path.join(examples, "hint.kd");
  const payload = encodeURIComponent(JSON.stringify([["openFile", `vscode-remote://127.0.0.1:${PORT}${file}`]]));
  const address = `http://127.0.0.1:${PORT}/?folder=${examples}&payload=${payload}`;
  for (let tries = 0; ; tries++) {
    try {
      await page.goto(address);
      break;
    } catch (error) {
      if (tries === 30) throw error;
      await page.waitForTimeout(1000);
    }
  }
}

async function newcomer(page) {
  const text = async () => {
    const lines = await page.locator(".monaco-editor .view-line").evaluateAll((all) =>
      all
        .sort((a, b) => a.offsetTop - b.offsetTop)
        .map((line) => line.textContent.replaceAll("\u00a0", " ")),
    );
    return lines.join("\n");
  };
  const picture = async (name) => {
    if (PICTURES) await page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
  };
  const go = async (place) => {
    const asked = page.locator(".quick-input-widget:visible");
    await page.keyboard.press("Control+g");
    await asked.waitFor();
    await page.keyboard.type(place, { delay: 40 });
    await page.keyboard.press("Enter");
    await asked.waitFor({ state: "detached" });
  };
  // The shape stands behind the layer, and in the comment: the server answers.
  const shape = /8\].*8\]/;
  await page.locator(".monaco-editor .view-line", { hasText: shape }).waitFor();
  await page.keyboard.press("Control+b");
  await picture("shapes");

  await page.locator(".monaco-editor .view-line", { hasText: "student" }).last().click();
  await go("9:9999");
  await page.keyboard.press("Control+Shift+k");
  await page.locator(".squiggly-error").first().waitFor();
  assert(!(await text()).includes("tap regressed"));

  await go("11:25");
  // The mark is there when the repairs are known.
  await page.locator(".codicon[class*=lightbulb]:visible, .codicon[class*=gutter]:visible").first().waitFor();
  await page.keyboard.press("Control+.");
  await page.locator(".action-widget:visible", { hasText: "lift the 16 channels to 32" }).waitFor();
  await picture("repair");
  await page.keyboard.press("Enter");
  await page.locator(".squiggly-error").first().waitFor({ state: "detached" });
  assert.match(await text(), /tap regressed = light\.features -> conv2d\(32, kernel: 3, padding: 1\)/);

  const layer = page.locator(".monaco-editor .view-line span", { hasText: /^conv2d$/ }).first();
  await layer.hover();
  const hover = page.locator(".monaco-hover:visible", { hasText: "multiply-adds" });
  await hover.waitFor();
  await picture("hover");
  assert.match(await hover.innerText(), /\[N, 16, 8, 8\] → \[N, 32, 8, 8\][\s\S]*4,640 parameters/);
}
