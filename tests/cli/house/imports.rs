//! The import rule: who may name whom.

use std::fs;
use std::path::Path;

use super::paths::{Token, paths, tokens};
use crate::support::{FACES, PACKAGE, TOOLS};

/// The storeys from the street down. A module names what lies below its own storey, never above.
const STOREYS: &[&[&str]] = &[
    &["bin"],
    &["app"],
    &["cmd", "classic"],
    &["command"],
    &["args", "output", "framing", "exit"],
    &["ipc"],
    &["proc"],
    &["sys"],
    &["in_turn"],
];

/// Those that know no mechanism, and each other freely.
const SHARED: &[&str] = &["args", "output", "framing"];

/// What they know of `ipc`: the words that every mechanism uses.
const VOCABULARY: &[&str] = &[
    "Changes",
    "Id",
    "Indexed",
    "Key",
    "Kind",
    "Mode",
    "ModeChange",
    "ModeError",
    "Name",
    "NameError",
    "PosixName",
    "Wait",
    "signal",
    "socket",
    "users",
];

/// Crates that only these storeys name.
const CRATES: &[(&str, &[&str])] = &[
    ("libc", &["sys"]),
    ("clap", &["app", "cmd", "args"]),
    ("comfy_table", &["output"]),
    ("anyhow", &["app", "cmd", "args", "output", "framing", "exit", "command"]),
];

/// What the sources may do against the rule, each as long as it is needed: a tool is built of what
/// `app` declares (`Tool`, `Verb`, `Context`), and `app` names no tool.
const EXCEPTIONS: &[(&str, &str)] = &[("cmd", "app")];

#[test]
fn imports_go_one_way() {
    let mut broken = Vec::new();
    let mut excused = vec![false; EXCEPTIONS.len()];
    for (path, text) in sources() {
        for violation in violations(&path, &text) {
            match EXCEPTIONS.iter().position(|exception| violation.is(exception)) {
                Some(index) => excused[index] = true,
                None => broken.push(format!("{path}: {}", violation.what)),
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    for (exception, used) in EXCEPTIONS.iter().zip(excused) {
        assert!(used, "no source needs the exception {exception:?} any more");
    }
}

#[test]
fn the_doors_open_to_the_faces() {
    let mut opened = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("src/bin/")) {
        let tool = path["src/bin/".len()..].trim_end_matches(".rs").to_owned();
        let door = text.split_once(&format!("door!({tool}")).and_then(|(_, rest)| rest.split_once(')'));
        let faces = door.expect("a door").0.trim_start_matches(':').split(',').map(str::trim);
        opened.extend(faces.filter(|face| !face.is_empty()).map(|face| (face.to_owned(), tool.clone())));
    }
    let mut faces: Vec<_> = FACES.iter().map(|(face, tool)| ((*face).to_owned(), (*tool).to_owned())).collect();
    opened.sort();
    faces.sort();
    assert_eq!(opened, faces, "left: src/bin, right: FACES");
}

#[test]
fn every_source_has_a_storey() {
    for (path, _) in sources() {
        let module = module_of(&path);
        let top = module.first().map(String::as_str);
        assert!(top.is_none_or(|top| storey(top).is_some()), "{path} lies on no storey");
    }
}

#[test]
fn what_is_forbidden_is_seen() {
    let forbidden = [
        ("src/sys/msg.rs", "use crate::ipc::Key;"),
        ("src/sys/msg.rs", "fn f() { crate::proc::process::command(1); }"),
        ("src/sys/msg.rs", "use super::super::ipc;"),
        ("src/sys/mod.rs", "use super::ipc::Key;"),
        ("src/proc/mod.rs", "pub(crate) use crate::{sys, ipc::Name};"),
        ("src/ipc/msgq/sysv.rs", "use crate::output::escape;"),
        ("src/ipc/msgq/sysv.rs", "mod tests { mod deep { use super::super::super::super::super::args; } }"),
        ("src/ipc/shm.rs", "use clap::Args;"),
        ("src/ipc/shm.rs", "#[derive(clap::Args)] struct S;"),
        ("src/ipc/shm.rs", "use anyhow as a;"),
        ("src/ipc/shm.rs", "fn f() { unsafe { g() } }"),
        ("src/ipc/shm.rs", "use libc;"),
        ("src/ipc/shm.rs", "let flag = libc::O_RDWR;"),
        ("src/ipc/shm.rs", "fn f() { std::io::stdout(); }"),
        ("src/ipc/shm.rs", "fn f() { println!(\"x\"); }"),
        ("src/args/size.rs", "use crate::ipc::msgq::Queue;"),
        ("src/args/size.rs", "use crate::ipc::{Name, shm};"),
        ("src/args/size.rs", "use crate::ipc::*;"),
        ("src/args/size.rs", "use crate::cmd::rmsgq;"),
        ("src/output/json.rs", "use crate::ipc::sem::SetStatus;"),
        ("src/output/json.rs", "use clap::Args;"),
        ("src/framing/mod.rs", "use crate::{app, output};"),
        ("src/framing/mod.rs", "use super::exit::Status; use crate::app::Context;"),
        ("src/cmd/rmsgq/send.rs", "use comfy_table::Table;"),
        ("src/cmd/rmsgq/send.rs", "use crate::cmd::ripcs::TOOL;"),
        ("src/cmd/rmsgq/send.rs", "use super::super::ripcs;"),
        ("src/cmd/ripcs.rs", "use super::{rows, rmsgq};"),
        ("src/cmd/ripcs.rs", "let size = libc::c_int::MAX;"),
        ("src/cmd/ripcs.rs", "use crate::classic::ipcs;"),
        ("src/classic/ipcmk.rs", "use crate::cmd::rows;"),
        ("src/classic/ipcmk.rs", "use clap::Args;"),
        ("src/cmd/ripcs.rs", "use crate::app::Verb;"),
        ("src/app.rs", "const C: char = '\"'; fn f<'a>() { unsafe {} }"),
        ("src/app.rs", "const S: &str = r#\"a \" b\"#; use libc::c_int;"),
        ("src/lib.rs", "unsafe fn f() {}"),
    ];
    for (path, text) in forbidden {
        assert!(!violations(path, text).is_empty(), "{path}: {text}");
    }
}

#[test]
fn what_is_allowed_passes() {
    let allowed = [
        ("src/bin/rmsgq.rs", "ripc::door!(rmsgq);"),
        ("src/lib.rs", "#[unsafe(no_mangle)] fn main() { $crate::app::main(&$crate::cmd::rmsgq::TOOL) }"),
        ("src/cmd/rmsgq/mod.rs", "use crate::{args, exit::Status, ipc::msgq::Queue, output, proc, sys::fd};"),
        ("src/cmd/rmsgq/mod.rs", "mod send; use crate::cmd::rmsgq::send::Send; use crate::cmd::rows; use clap::Args;"),
        ("src/cmd/mod.rs", "pub mod rmsgq; pub mod ripcs; use rmsgq::TOOL;"),
        (
            "src/args/name.rs",
            "use crate::ipc::{Kind, Name, users::Database}; use clap::Arg; use crate::framing::Framing;",
        ),
        ("src/framing/writer.rs", "use crate::output::escape; use crate::sys::{errno, fd};"),
        (
            "src/ipc/sem.rs",
            "//! As clap::Args does.\nuse super::{Id, name}; use crate::proc::sysvipc; // libc::c_int, unsafe",
        ),
        ("src/ipc/sem.rs", "/* unsafe { libc::a() /* nested */ } */ const S: &str = \"unsafe { \\\"libc::x\\\" }\";"),
        ("src/ipc/sem.rs", "const C: char = '\\''; const D: char = '{'; fn f<'a>(unsafe_code: &'a str) {}"),
        ("src/classic/ipcmk.rs", "use super::{Console, numbers}; use crate::{ipc::Key, output::Out, sys::errno};"),
        ("src/sys/msg.rs", "use super::check; use libc::c_int; fn f() { unsafe {} }"),
        ("src/sys/msg.rs", "mod tests { use super::*; use super::super::errno; }"),
    ];
    for (path, text) in allowed {
        let found: Vec<_> = violations(path, text).into_iter().map(|violation| violation.what).collect();
        assert!(found.is_empty(), "{path}: {found:?}");
    }
}

/// Something against the rule: the storeys of who names and who is named, and in words.
#[derive(Debug)]
struct Violation {
    from: String,
    to: String,
    what: String,
}

impl Violation {
    fn is(&self, (from, to): &(&str, &str)) -> bool {
        (self.from.as_str(), self.to.as_str()) == (*from, *to)
    }
}

/// What a source with this path and text does against the rule.
fn violations(path: &str, text: &str) -> Vec<Violation> {
    let own = module_of(path);
    let from = own.first().map_or("lib", String::as_str);
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut add = |to: &str, what: String| found.push(Violation { from: from.to_owned(), to: to.to_owned(), what });
    let marker = |index: usize| matches!(tokens.get(index + 1..index + 3), Some([Token::Other('('), Token::Word(word)]) if word == "no_mangle");
    for (index, token) in tokens.iter().enumerate() {
        let Token::Word(word) = token else { continue };
        if word == "unsafe" && from != "sys" && !(from == "lib" && marker(index)) {
            add("unsafe", "'unsafe' outside sys".into());
        }
        let prints = ["println", "print"].contains(&word.as_str());
        if ["ipc", "proc", "sys"].contains(&from) && prints && tokens.get(index + 1) == Some(&Token::Other('!')) {
            add("stdout", format!("{word}! below the tools"));
        }
    }
    for (module, path) in paths(&tokens, &own) {
        let shown = path.join("::");
        if let Some((_, storeys)) = CRATES.iter().find(|(name, _)| path[0] == *name)
            && !storeys.contains(&from)
        {
            add(&path[0], format!("{shown}: {from} does not name that crate"));
        }
        if from == "ipc" && path.last().is_some_and(|last| last == "stdout") {
            add("stdout", format!("{shown}: ipc knows no standard output"));
        }
        if let Some(target) = resolve(&path, &module)
            && let Some(why) = refusal(&own, &target)
        {
            add(&target[0], format!("{shown}: {why}"));
        }
    }
    found
}

/// Why a module may not name this path of our own.
fn refusal(own: &[String], target: &[String]) -> Option<String> {
    let (from, to) = (own.first()?.as_str(), target.first()?.as_str());
    let (above, below) = (storey(from)?, storey(to)?);
    let second = target.get(1).map_or("", String::as_str);
    if from == to {
        let is_tool = |name: &str| TOOLS.iter().chain(FACES).any(|(tool, _)| *tool == name);
        let mine = own.get(1).map_or("", String::as_str);
        let other_tool = ["cmd", "classic"].contains(&from) && is_tool(mine) && is_tool(second) && mine != second;
        return other_tool.then(|| format!("{mine} is not to know {second}"));
    }
    if SHARED.contains(&from) && (SHARED.contains(&to) || to == "exit") {
        return None;
    }
    if SHARED.contains(&from) && to == "ipc" {
        return (!VOCABULARY.contains(&second)).then(|| format!("{from} knows only the vocabulary of ipc"));
    }
    (above >= below).then(|| format!("{to} does not lie below {from}"))
}

fn storey(top: &str) -> Option<usize> {
    STOREYS.iter().position(|names| names.contains(&top))
}

/// `src/ipc/msgq/mod.rs` is `ipc::msgq`.
fn module_of(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// A path of this crate without `crate`, `self` and `super`; `None` for everything else.
fn resolve(path: &[String], module: &[String]) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|word| *word == "super").count();
    let (base, rest) = match path[0].as_str() {
        "crate" => (&module[..0], &path[1..]),
        "self" => (module, &path[1..]),
        "super" => (&module[..module.len().saturating_sub(ups)], &path[ups..]),
        _ => return None,
    };
    Some([base, rest].concat())
}

/// Every file under `src`, by its path in the package.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(PACKAGE).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the package") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(PACKAGE).expect("inside").to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).expect("text")));
            }
        }
    }
    assert!(found.len() > 20, "the sources are found");
    found
}
