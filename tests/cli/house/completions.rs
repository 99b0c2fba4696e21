//! Completions: written for every tool, loaded by each shell, and good for the verbs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::help::Face;
use crate::support::{Outcome, TOOLS, has, skip};

/// A folder with the completions of all tools; `None` where the example that writes them is not built.
fn written() -> Option<TempDir> {
    let own = std::env::current_exe().expect("a path");
    let example = own.parent().and_then(Path::parent).expect("in target/…/deps").join("examples/completions");
    if !example.exists() {
        skip("the example 'completions' is not built: cargo test does, cargo test --test cli does not");
        return None;
    }
    let folder = TempDir::new().expect("a directory");
    Outcome::of(Command::new(example).arg(folder.path())).success();
    Some(folder)
}

/// The file that holds a tool's completions for a shell.
fn file(folder: &TempDir, tool: &str, shell: &str) -> PathBuf {
    let names = match shell {
        "bash" => vec![format!("{tool}.bash"), tool.to_owned()],
        "zsh" => vec![format!("_{tool}")],
        _ => vec![format!("{tool}.{shell}")],
    };
    let found = names.iter().map(|name| folder.path().join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("none of {names:?} is written"))
}

/// Runs a script of a shell with `$1` the file and `$2` the tool; its home is empty.
fn shell(folder: &TempDir, words: &[&str], file: &Path, tool: &str) -> Outcome {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(file).arg(tool).env("HOME", folder.path()).current_dir(folder.path());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("XDG_") {
            command.env_remove(name);
        }
    }
    Outcome::of(&mut command)
}

#[test]
fn bash_completes_every_verb() {
    let Some(folder) = written() else { return };
    if !has("bash") {
        return;
    }
    for (tool, _) in TOOLS {
        let file = file(&folder, tool, "bash");
        shell(&folder, &["bash", "-n"], &file, tool).success();
        let script =
            "source \"$1\" && complete -p \"$2\" && COMP_WORDS=(\"$2\" '') COMP_CWORD=1 && \"_$2\" \"$2\" '' \"$2\" &&
            printf '%s\\n' \"${COMPREPLY[@]}\"";
        let offered = shell(&folder, &["bash", "--norc", "--noprofile", "-c", script, "bash"], &file, tool).success();
        assert!(offered.contains(&format!(" -F _{tool} {tool}\n")), "{offered}");
        offers(&offered, tool);
    }
}

#[test]
fn zsh_loads_the_completions() {
    let Some(folder) = written() else { return };
    if !has("zsh") {
        return;
    }
    for (tool, _) in TOOLS {
        let file = file(&folder, tool, "zsh");
        let first = fs::read_to_string(&file).expect("text");
        assert!(first.starts_with(&format!("#compdef {tool}\n")), "autoloaded by its first line");
        shell(&folder, &["zsh", "-fn"], &file, tool).success();
        let script =
            "autoload -Uz compinit && compinit -D -u && source \"$1\" && print -r -- $_comps[$2] && whence -w _$2";
        let loaded = shell(&folder, &["zsh", "-fc", script, "zsh"], &file, tool).success();
        assert_eq!(loaded, format!("_{tool}\n_{tool}: function"));
    }
}

#[test]
fn fish_completes_every_verb() {
    let Some(folder) = written() else { return };
    if !has("fish") {
        return;
    }
    for (tool, _) in TOOLS {
        let file = file(&folder, tool, "fish");
        assert_eq!(shell(&folder, &["fish", "--no-config", "--no-execute"], &file, tool).stderr(), "");
        let script =
            "source $argv[1]; and complete --do-complete \"$argv[2] \"; and complete --do-complete \"$argv[2] --\"";
        let offered = shell(&folder, &["fish", "--no-config", "-c", script], &file, tool);
        assert_eq!((offered.status(), offered.stderr().as_str()), (0, ""));
        offers(&String::from_utf8_lossy(offered.stdout()), tool);
    }
}

/// Every verb is among what a shell offers, or every option where there are no verbs.
fn offers(offered: &str, tool: &'static str) {
    let faces = Face::all(tool);
    let verbs: Vec<String> = faces.iter().filter_map(|face| face.verb.clone()).collect();
    let options: Vec<String> = faces[0].options().iter().map(|option| format!("--{}", option.long)).collect();
    for word in if verbs.is_empty() { options } else { verbs } {
        let is_it = |line: &str| line.split_whitespace().next() == Some(&word);
        assert!(offered.lines().any(is_it), "{tool}: {word} is not among {offered}");
    }
}
