//! Words that somebody chose to do harm: nothing of them reaches a terminal as it is.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;

use super::{faces, refuses};
use crate::help::Face;
use crate::support::{Outcome, World, has, tool};

/// Colour, a window title, a line of its own, text that runs backwards, C1, bytes that are no UTF-8.
const HOSTILE: &[&[u8]] = &[
    b"\x1b[31mred\x1b]0;title\x07",
    b"two\nlines\r\t\x08",
    "x\u{202e}y\u{2066}z\u{200f}".as_bytes(),
    "\u{9b}1m\u{2028}".as_bytes(),
    b"\xff\xfe\xc3",
];

fn word(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

/// Text with nothing in it that a terminal would obey.
fn is_harmless(text: &[u8]) -> bool {
    let bidi = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    std::str::from_utf8(text).is_ok_and(|text| !text.chars().any(|c| c != '\n' && (c.is_control() || bidi(c))))
}

fn stays_harmless(outcome: &Outcome, face: &Face, status: i32) {
    refuses(outcome, face, status);
    assert!(is_harmless(outcome.stderr_bytes()), "{face}: {:?}", outcome.stderr());
}

#[test]
fn harm_is_seen() {
    assert!(is_harmless("größe\n\\x1b 中".as_bytes()));
    assert!(HOSTILE.iter().all(|bytes| !is_harmless(&[b"before ", *bytes].concat()) || bytes.starts_with(b"two")));
    assert!(!is_harmless(HOSTILE[1]), "\\r, \\t and \\b");
}

#[test]
fn a_hostile_word_is_refused_and_shown_escaped() {
    for face in faces().iter().filter(|face| !face.writes_files()) {
        for bytes in HOSTILE {
            let (operand, status) = match face.verb.as_deref() {
                _ if face.wants_command_alone() => (word(bytes), 127),
                _ if face.takes_path() => (word(&[b"/none/", *bytes].concat()), 3),
                Some("run") if face.names_path() => (word(bytes), 125),
                _ if face.names_path() => (word(bytes), 3),
                _ => (word(bytes), 2),
            };
            stays_harmless(&Outcome::of(tool(face.tool).args(face.line(&[], Some(&operand)))), face, status);
            let option = [b"--", *bytes].concat();
            stays_harmless(&Outcome::of(tool(face.tool).args(&face.verb).arg(word(&option))), face, 2);
        }
    }
}

#[test]
fn a_hostile_value_is_refused_and_shown_escaped() {
    for face in faces() {
        for option in face.options().iter().filter(|option| option.takes_value && !option.takes_any_word) {
            for bytes in HOSTILE {
                let value = [format!("--{}=", option.long).as_bytes(), bytes].concat();
                let operand = face.names_object().then_some(OsStr::new("0"));
                let line = face.line(&[word(&value)], operand);
                let status = match (option.names_file, face.verb.as_deref()) {
                    (false, _) => 2,
                    (true, Some("run")) => 125,
                    (true, _) => 3,
                };
                stays_harmless(&Outcome::of(tool(face.tool).args(line)), &face, status);
            }
        }
    }
}

#[test]
fn a_hostile_name_of_nothing_is_shown_escaped() {
    let Some(world) = World::new() else { return };
    let makes = |face: &&Face| face.verb.as_deref() != Some("create");
    for face in faces().iter().filter(makes).filter(|face| face.names_object()) {
        for bytes in HOSTILE {
            let line = face.line(&[], Some(&word(&[b"/", *bytes].concat())));
            stays_harmless(&Outcome::of(world.command(face.tool).args(line)), face, status_of_nothing(face));
        }
    }
}

/// How a verb ends for whose POSIX name there is nothing.
fn status_of_nothing(face: &Face) -> i32 {
    match (face.tool, face.verb.as_deref()) {
        // System V alone.
        ("rsem", Some("op" | "barrier")) => 2,
        ("rsem", Some("run")) => 125,
        _ => 3,
    }
}

#[test]
fn a_hostile_name_is_exact_in_a_pipe_and_escaped_in_tables() {
    let Some(world) = World::new() else { return };
    for face in faces().iter().filter(|face| face.verb.as_deref() == Some("create") && !face.takes_path()) {
        for bytes in HOSTILE {
            let name = [b"/", *bytes].concat();
            let run = |verb: &str| Outcome::of(world.command(face.tool).arg(verb).arg(word(&name)));
            let created = Outcome::of(world.command(face.tool).args(face.line(&[], Some(&word(&name)))));
            assert_eq!(created.stdout(), [&name, &b"\n"[..]].concat(), "{}", created.stderr());
            for table in [run("show"), world.run(face.tool, &["list"]), world.run("ripcs", &[])] {
                assert_eq!(table.status(), 0, "{}", table.stderr());
                assert!(is_harmless(table.stdout()), "{}", String::from_utf8_lossy(table.stdout()));
            }
            let json: serde_json::Value =
                serde_json::from_str(&world.ok(face.tool, &["list", "--json"])).expect("JSON");
            match std::str::from_utf8(&name) {
                Ok(name) => assert_eq!(json[0]["name"], name),
                Err(_) => assert_eq!(json[0]["name"]["base64"], "L//+ww=="),
            }
            run("remove").success();
        }
    }
}

#[test]
fn a_hostile_name_is_escaped_on_a_terminal() {
    let Some(world) = World::new() else { return };
    if !has("script") {
        return;
    }
    for face in faces().iter().filter(|face| face.verb.as_deref() == Some("create") && !face.takes_path()) {
        for bytes in HOSTILE {
            let mut command = world.command("script");
            command.args(["--quiet", "--return", "--command", "\"$TOOL\" create $SIZE \"$NAME\"", "/dev/null"]);
            command.env("SIZE", if face.has_option("size") { "--size=1" } else { "" });
            command.env("SHELL", "/bin/sh").env("TOOL", face.tool).env("NAME", word(&[b"/", *bytes].concat()));
            let outcome = Outcome::of(&mut command);
            let shown = String::from_utf8_lossy(outcome.stdout()).replace("\r\n", "\n");
            assert_eq!(outcome.status(), 0, "{shown}");
            assert!(shown.starts_with('/') && shown.lines().count() == 1 && is_harmless(shown.as_bytes()), "{shown:?}");
        }
    }
}
