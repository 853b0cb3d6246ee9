//! `kdc new`: an experiment to begin with.

use super::args::{Global, New};
use super::exit::Exit;
use super::output::{self, Stream};
use std::fs;
use std::path::Path;

/// Name, text, and what it is for. The tests check and format them like all `.kd` files.
const FILES: [(&str, &str, &str); 4] = [
    (
        "data.kd",
        include_str!("new/data.kd"),
        "the data: put yours in here",
    ),
    (
        "models.kd",
        include_str!("new/models.kd"),
        "the networks: put yours in here",
    ),
    (
        "teacher.kd",
        include_str!("new/teacher.kd"),
        "trains the large network",
    ),
    (
        "student.kd",
        include_str!("new/student.kd"),
        "trains the small one with its help",
    ),
];

pub fn run(args: &New, global: &Global) -> Exit {
    if let Err(message) = create(&args.folder) {
        output::complain(&message);
        return Exit::Usage;
    }
    if !global.quiet {
        output::write(Stream::Err, &created(&args.folder));
    }
    Exit::Ok
}

/// Fails if the folder holds anything: nothing is overwritten.
fn create(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    let failed = |error: std::io::Error| format!("`{shown}` cannot be made: {error}");
    let free = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !folder.exists(),
    };
    if !free {
        return Err(format!(
            "`{shown}` is there already, and nothing is overwritten; choose another name"
        ));
    }
    fs::create_dir_all(folder).map_err(failed)?;
    FILES
        .iter()
        .try_for_each(|(name, text, _)| fs::write(folder.join(name), text).map_err(failed))
}

fn created(folder: &Path) -> String {
    let paths = FILES.map(|(name, ..)| folder.join(name).display().to_string());
    let width = paths.iter().map(|path| path.chars().count()).max();
    let width = width.unwrap_or_default();
    let mut text = String::from("created\n");
    for (path, (_, _, what)) in paths.iter().zip(FILES) {
        text += &format!("  {path:width$}  {what}\n");
    }
    text += "\nIt trains as it is, on pictures that kdc draws:\n";
    if folder != Path::new(".") {
        let folder = folder.display().to_string();
        text += &match folder.contains(char::is_whitespace) {
            true => format!("  cd \"{folder}\"\n"),
            false => format!("  cd {folder}\n"),
        };
    }
    text + "  kdc train student.kd\n"
}
