//! `kdc completions` and `kdc man`: they know every command and option.

use super::Folder;
use clap::CommandFactory;
use kdc::cli::args::Args;
use std::fs;

/// The commands, each with its long options.
fn commands() -> Vec<(String, Vec<String>)> {
    let mut whole = Args::command();
    whole.build();
    let commands = whole.get_subcommands();
    let commands = commands.filter(|command| command.get_name() != "help");
    commands
        .map(|command| {
            let options = command.get_arguments().filter_map(|a| a.get_long());
            let options = options.map(str::to_string).collect();
            (command.get_name().to_string(), options)
        })
        .collect()
}

#[test]
fn every_shell_completes_commands_and_options() {
    let folder = Folder::new("completions", &[]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = folder.kdc(&["completions", shell]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{shell}");
        for (command, options) in commands() {
            assert!(ran.out.contains(&command), "{shell} lacks {command}");
            for option in options {
                assert!(
                    ran.out.contains(&option),
                    "{shell}: {command} lacks --{option}"
                );
            }
        }
    }
    let ran = folder.kdc(&["completions", "csh"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("bash, elvish, fish, powershell, zsh"),
        "{}",
        ran.err
    );
}

#[test]
#[cfg(target_os = "linux")]
fn bash_completes() {
    let folder = Folder::new("bash", &[]);
    fs::write(
        folder.0.join("kdc.bash"),
        folder.kdc(&["completions", "bash"]).out,
    )
    .unwrap();
    for (words, expected) in [
        ("kdc ch", "check"),
        ("kdc check --message-format s", "short\nsarif"),
        ("kdc check --uns", "--unsafe-fixes"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let [.., before, current] = words.as_slice() else {
            panic!("a command and a word");
        };
        let script = format!(
            "source kdc.bash; COMP_WORDS=({}); COMP_CWORD={}; _kdc kdc '{current}' '{before}'; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words.len() - 1,
        );
        let bash = std::process::Command::new("bash")
            .args(["-c", &script])
            .current_dir(&folder.0)
            .output()
            .unwrap();
        let out = String::from_utf8(bash.stdout).unwrap();
        assert_eq!(
            out.trim(),
            expected,
            "{}",
            String::from_utf8_lossy(&bash.stderr)
        );
    }
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let folder = Folder::new("man", &[("file", "")]);
    let ran = folder.kdc(&["man", "share/man1"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let page = |name: &str| fs::read_to_string(folder.0.join("share/man1").join(name)).unwrap();
    let whole = page("kdc.1");
    for (command, options) in commands() {
        assert!(
            whole.contains(&format!("kdc\\-{command}(1)")),
            "{command}\n{whole}"
        );
        let text = page(&format!("kdc-{command}.1"));
        for option in options {
            let option = option.replace('-', "\\-");
            assert!(text.contains(&option), "{command} lacks --{option}\n{text}");
        }
    }
    assert!(
        whole.contains("Examples:") && whole.contains("Exit codes:"),
        "{whole}"
    );
    assert!(
        page("kdc-new.1").contains("kdc new birds"),
        "{}",
        page("kdc-new.1")
    );
    assert_eq!(folder.kdc(&["man", "file/below"]).code, 2);
}
