//! The documentation says what is so. Generated pages are those that the code would write now (`KDC_BLESS=1`
//! writes them), and every `kd` block of a page is checked:
//!
//! - ```` ```kd ```` gives no diagnostic;
//! - ```` ```kd,error=E0301 ```` gives diagnostics of this code only;
//! - ```` ```kd,fragment ```` is parsed without an error;
//! - ```` ```kd,file=mine.kd ```` is that file for the other blocks of its page. If `examples/` has a file of that
//!   name, the block is its text;
//! - ```` ```text,parameters ```` lists the parameters of the block before it: all of its plan, in order.
//!
//! Blocks lie in `examples/`, as it were: they can import what is there.

use crate::golden;
use clap::Parser;
use kdc::cli::args::Args;
use kdc::cli::files::{Disk, Overlay};
use kdc::cli::render::human::{self, Style};
use kdc::diag::Code;
use kdc::source::{Files, Sources};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn the_reference_of_operations_is_current() {
    golden::hold(
        "docs/operations.md",
        &kdc::program::ops::reference::markdown(),
    );
}

#[test]
fn the_reference_of_losses_is_current() {
    golden::hold(
        "docs/losses.md",
        &kdc::program::library::reference::losses(),
    );
}

#[test]
fn the_reference_of_models_is_current() {
    golden::hold(
        "docs/models.md",
        &kdc::program::library::reference::models(),
    );
}

#[test]
fn the_reference_of_data_is_current() {
    golden::hold("docs/data.md", &kdc::program::reference::markdown());
}

#[test]
fn the_reference_of_diagnostics_is_current() {
    golden::hold("docs/diagnostics.md", &kdc::diag::reference::markdown());
}

/// Every code is explained by an example that gives it and one that is mended; `every_kd_block_is_as_its_page_says`
/// runs them.
#[test]
fn every_code_is_explained() {
    // is about a file that cannot be read, not about a text
    let without = [Code::E0501];
    for code in Code::ALL.iter().filter(|code| !without.contains(code)) {
        let blocks = blocks(code.name(), code.explanation());
        let wrong = |block: &&Block| block.value("error") == Some(code.name());
        let right = |block: &&Block| block.is("kd") && block.value("error").is_none();
        assert!(
            blocks.iter().any(|block| wrong(&block)),
            "{code} has no example"
        );
        assert!(
            blocks.last().is_some_and(|block| right(&block)),
            "{code} is not mended"
        );
    }
}

/// Text between two lines of backquotes.
struct Block {
    /// What stands behind the first backquotes, apart.
    info: Vec<String>,
    text: String,
    /// `docs/language.md:12`, where the text starts.
    place: String,
    path: PathBuf,
}

impl Block {
    fn is(&self, word: &str) -> bool {
        self.info.iter().any(|part| part == word)
    }

    fn value(&self, key: &str) -> Option<&str> {
        let values = self.info.iter().filter_map(|part| part.split_once('='));
        values.filter(|(k, _)| *k == key).map(|(_, v)| v).next()
    }
}

/// The blocks of one page, and the disk with those that are files.
struct Page {
    blocks: Vec<Block>,
    files: Overlay,
}

impl Page {
    fn read(page: &str) -> Page {
        let blocks = blocks(page, &fs::read_to_string(page).expect("the page is there"));
        let mut files = Overlay::default();
        for block in &blocks {
            files.set(&block.path, block.text.clone());
        }
        Page { blocks, files }
    }
}

fn blocks(page: &str, text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (line, number) in text.lines().zip(1..) {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                open = true;
                let info: Vec<String> = info.split(',').map(str::to_string).collect();
                let mut block = Block {
                    info,
                    text: String::new(),
                    place: format!("{page}:{}", number + 1),
                    path: PathBuf::new(),
                };
                let unnamed = format!("line{}.kd", number + 1);
                block.path = Path::new("examples").join(block.value("file").unwrap_or(&unnamed));
                blocks.push(block);
            }
            None if open => blocks
                .last_mut()
                .expect("one is open")
                .text
                .extend([line, "\n"]),
            None => {}
        }
    }
    assert!(!open, "{page}: the last block is never closed");
    blocks
}

fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_string()];
    for entry in fs::read_dir("docs").expect("there are pages") {
        let path = entry.expect("a page").path();
        if path.extension().is_some_and(|e| e == "md") {
            pages.push(path.display().to_string());
        }
    }
    pages
}

/// The parameters that the plan of a block has, one on a line.
fn parameters(page: &Page, block: &Block) -> String {
    let plan = kdc::check(&page.files, &block.path).plan;
    let parameters = plan.map(|plan| plan.parameters).unwrap_or_default();
    let shown = parameters
        .iter()
        .map(|p| format!("{} {}\n", p.name, p.shape));
    shown.collect()
}

#[test]
fn every_list_of_parameters_is_that_of_its_experiment() {
    let mut count = 0;
    for page in pages().iter().map(|page| Page::read(page)) {
        for pair in page.blocks.windows(2) {
            if pair[1].is("parameters") {
                count += 1;
                assert_eq!(
                    pair[1].text,
                    parameters(&page, &pair[0]),
                    "{}",
                    pair[1].place
                );
            }
        }
    }
    assert!(count >= 1, "no list was found");
}

/// What is wrong with a block, if anything.
fn failure(page: &Page, block: &Block) -> Option<String> {
    if block.value("file").is_some() && Disk.read(&block.path).is_ok_and(|text| text != block.text)
    {
        return Some(format!("differs from {}", block.path.display()));
    }
    let (diagnostics, sources) = if block.is("fragment") {
        let mut sources = Sources::default();
        let file = sources.add(block.place.clone(), None, &block.text);
        (kdc::syntax::parse(sources.get(file)).diagnostics, sources)
    } else {
        let checked = kdc::check(&page.files, &block.path);
        (checked.diagnostics, checked.sources)
    };
    let found: BTreeSet<&str> = diagnostics.iter().map(|d| d.code.name()).collect();
    let wanted: BTreeSet<&str> = block.value("error").into_iter().collect();
    let rendered = diagnostics
        .iter()
        .map(|d| human::render(d, &sources, &Style::PLAIN));
    (found != wanted).then(|| {
        format!(
            "should give {wanted:?}, but gives {found:?}\n{}",
            rendered.collect::<Vec<_>>().join("\n")
        )
    })
}

#[test]
fn every_kd_block_is_as_its_page_says() {
    let mut failures = Vec::new();
    let mut count = 0;
    for page in pages().iter().map(|page| Page::read(page)) {
        for block in page.blocks.iter().filter(|block| block.is("kd")) {
            count += 1;
            let failure = failure(&page, block);
            failures.extend(failure.map(|why| format!("{}: {why}", block.place)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(count >= 20, "only {count} blocks were found");
}

/// What stands behind `kdc` in a line of a page that shows a command, without what is for the shell.
fn arguments(line: &str) -> Option<Vec<&str>> {
    let line = line.trim().trim_start_matches("- run: ");
    let rest = line.strip_prefix("cargo ").unwrap_or(line);
    let words = rest.strip_prefix("kdc ")?.split_whitespace();
    let own = words.take_while(|word| !["#", "|", "<", ">", "&&"].contains(word));
    Some(own.collect())
}

#[test]
fn every_command_that_a_page_shows_is_one() {
    let mut count = 0;
    for page in pages() {
        for block in blocks(&page, &fs::read_to_string(&page).unwrap()) {
            if !block.is("sh") && !block.is("yaml") {
                continue;
            }
            for words in block.text.lines().filter_map(arguments) {
                count += 1;
                let typed = std::iter::once("kdc").chain(words.iter().copied());
                let parsed = Args::try_parse_from(typed);
                assert!(parsed.is_ok(), "{}: {words:?}: {parsed:?}", block.place);
            }
        }
    }
    assert!(count >= 20, "only {count} commands were found");
}

/// The page shows what a person sees who runs `kdc` on `hint.kd` without its regressor.
#[test]
fn the_readme_shows_what_check_prints() {
    let readme = Page::read("README.md");
    let command = "$ kdc check examples/hint.kd\n";
    let shown = readme
        .blocks
        .iter()
        .find_map(|b| b.text.strip_prefix(command));
    let hint = fs::read_to_string("examples/hint.kd").unwrap();
    let without: String = hint
        .replace("regressed    by", "light.features by")
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("tap"))
        .collect();
    let folder = std::env::temp_dir().join(format!("kdc-readme-{}", std::process::id()));
    fs::create_dir_all(folder.join("examples")).unwrap();
    for file in ["cifar10.kd", "teacher.kd"].map(|file| Path::new("examples").join(file)) {
        fs::copy(&file, folder.join(&file)).unwrap();
    }
    fs::write(folder.join("examples/hint.kd"), without).unwrap();
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_kdc"))
        .args(["check", "examples/hint.kd"])
        .current_dir(&folder)
        .env_clear()
        .output()
        .unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let printed = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert!(
        shown == Some(&printed),
        "README.md should show:\n{command}{printed}"
    );
}
