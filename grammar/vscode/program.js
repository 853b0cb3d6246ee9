// Where the program is that the setting names.

const fs = require("fs");
const os = require("os");
const path = require("path");

/** The path of an executable file: of `written` itself if it is a path, else of the first such file on PATH. */
function findProgram(written, environment) {
  const spelt = written.replace(/^~(?=$|[/\\])/, os.homedir());
  if (path.basename(spelt) !== spelt) {
    return isProgram(spelt) ? spelt : undefined;
  }
  const folders = (environment.PATH ?? "").split(path.delimiter).filter(Boolean);
  return folders.map((folder) => path.join(folder, spelt)).find(isProgram);
}

function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

module.exports = { findProgram };
