//! `mkfifo` against GNU's, in folders of their own.

use std::path::Path;

use crate::support::{Faces, Outcome, has, tool};

/// Each line is run in an empty folder, by both; what is there afterwards counts, too.
const LINES: &[&str] = &[
    "mkfifo x",
    "mkfifo x y z",
    "mkfifo -- -x",
    "mkfifo x -m 600 y",
    "mkfifo -m600 x",
    "mkfifo -m 0 x",
    "mkfifo -m 777 x",
    "mkfifo -m 00644 x",
    "mkfifo --mode=640 x",
    "mkfifo --mod 640 x",
    "mkfifo -m 600 -m 640 x",
    "mkfifo -m a=rw x",
    "mkfifo -m =rw x",
    "mkfifo -m =rwx x",
    "mkfifo -m +x x",
    "mkfifo -m -w x",
    "mkfifo -m a-w x",
    "mkfifo -m u+x,g-w x",
    "mkfifo -m go= x",
    "mkfifo -m g=o,o=u x",
    "mkfifo -m u=g-w+x x",
    "mkfifo -m +X x",
    "mkfifo -m u+x,g+X x",
    "mkfifo -m =600 x",
    "mkfifo -m +111 x",
    "mkfifo -m + x",
    "mkfifo -m = x",
    "mkfifo -m ug=rw,o=r x",
    "mkfifo -m u=rwxs,u-s x",
    "mkfifo -m u+s x",
    "mkfifo -m g+s x",
    "mkfifo -m +t x",
    "mkfifo -m 1666 x",
    "mkfifo -m 7777 x",
    "mkfifo -m 10000 x",
    "mkfifo -m 8 x",
    "mkfifo -m 08 x",
    "mkfifo -m '' x",
    "mkfifo -m a x",
    "mkfifo -m rw x",
    "mkfifo -m u=rw, x",
    "mkfifo -m ,u=rw x",
    "mkfifo -m u+7 x",
    "mkfifo -m +7,u=r x",
    "mkfifo -m g=uo x",
    "mkfifo -m u=q x",
    "mkfifo -m ' 6' x",
    "mkfifo -m 99999999999999999999 x",
    "mkfifo -m 600",
    "mkfifo -m",
    "mkfifo",
    "mkfifo --",
    "mkfifo -z x",
    "mkfifo --foo x",
    "mkfifo --mode",
    "mkfifo --m=600 x",
    "mkfifo --con x",
    "mkfifo --help=x",
    "mkfifo -Z x",
    "mkfifo -Zm 600 x",
    "mkfifo --context x",
    "mkfifo --context=y x",
    "mkfifo --context= x",
    "mkfifo ''",
    "mkfifo no/x",
    "mkfifo x x",
    "mkfifo x y x z",
    "mkfifo no/a y",
    "touch x; mkfifo x",
    "ln -s nowhere x; mkfifo x",
    "ln -s nowhere x; mkfifo -m 600 x y",
    "mkdir x; mkfifo x x/y x/",
    "touch f; mkfifo f/x",
    "mkfifo \"no/it's\"",
    "mkfifo 'no/a b' 'no/$x' 'no/a\\b' 'no/~' \"no/it's \\$x\"",
    "mkfifo \"$(printf 'no/a\\nb')\" \"$(printf 'no/\\001\\377b')\" \"$(printf 'no/\\t')x\"",
    "mkfifo \"$(printf '%0300d' 0)\"",
    "umask 0; mkfifo x",
    "umask 0; mkfifo -m +w x",
    "umask 777; mkfifo x",
    "umask 777; mkfifo -m 600 x",
    "umask 77; mkfifo -m =rw x",
    "umask 77; mkfifo -m a=rw x",
    "umask 27; mkfifo -m g+x x",
    "exec <&-; mkfifo x",
    "exec >&-; mkfifo x",
    "POSIXLY_CORRECT=1 mkfifo x -m 600",
    // What scripts do with it.
    "p=$(mktemp -u ./fifo.XXXXXX); mkfifo -m 600 \"$p\" && echo made && rm \"$p\"",
    "mkfifo x && (echo through >x &) && cat x",
    "mkfifo x; mkfifo x 2>&1 | grep -c 'File exists'; test -p x && echo pipe",
    "mkfifo a b && ls -l | awk 'NR > 1 { print substr($1, 1, 1), $NF }'",
    "mkfifo --help >/dev/full",
];

/// What the line printed, told and returned, and what it made.
fn run(folder: Option<&Path>, line: &str) -> (String, String, i32) {
    let room = tempfile::tempdir().expect("a directory");
    let made = room.path().join("made");
    std::fs::create_dir(&made).expect("room");
    let path = std::env::var_os("PATH").unwrap_or_default();
    // The installed one, not one that lies beside our tools.
    let all = folder.map(Path::to_path_buf).into_iter().chain(std::env::split_paths(&path));
    let script = format!("umask 022; ({line}); s=$?; umask 022; ls -l | sed 1d | cut -d ' ' -f 1,9-; exit $s");
    let mut command = tool("sh");
    command.args(["-c", &script]).current_dir(&made);
    command.env("PATH", std::env::join_paths(all).expect("no colon in it"));
    let outcome = Outcome::of(&mut command);
    (String::from_utf8_lossy(outcome.stdout()).into_owned(), outcome.stderr(), outcome.status())
}

#[test]
fn every_line_does_what_gnus_does() {
    if !has("mkfifo") {
        return;
    }
    let faces = Faces::new();
    let mut wrong = Vec::new();
    for line in LINES {
        let (ours, theirs) = (run(Some(faces.folder()), line), run(None, line));
        if ours != theirs {
            wrong.push(format!("{line}\n  ours   {ours:?}\n  theirs {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_mode_makes_what_it_does_not_say() {
    // Modes at random, by both.
    const SIGNS: &[&str] = &["+", "-", "=", "u", "g", "o", "a", "r", "w", "x", "X", "s", "t", ",", "7", "0", "6"];
    if !has("mkfifo") {
        return;
    }
    let faces = Faces::new();
    let mut seed = 11_u64;
    let mut roll = |sides: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("31 bits") % sides
    };
    // Many in one shell: what is made of each, or that it is none.
    let modes: Vec<String> = (0..400)
        .map(|_| {
            let signs: Vec<&str> = (0..=roll(7)).map(|_| SIGNS[roll(SIGNS.len())]).collect();
            signs.concat()
        })
        .collect();
    let tries: Vec<String> =
        modes.iter().map(|mode| format!("mkfifo --mode={mode} x 2>&1 && stat -c %a x; rm -f x")).collect();
    let script = tries.join("; ");
    let (ours, theirs) = (run(Some(faces.folder()), &script), run(None, &script));
    let made = ours.0.lines().filter(|line| line.parse::<u32>().is_ok()).count();
    assert!((20..380).contains(&made), "{made} of the modes are some");
    for ((mode, ours), theirs) in modes.iter().zip(ours.0.lines()).zip(theirs.0.lines()) {
        assert_eq!(ours, theirs, "{mode}");
    }
    assert_eq!(ours, theirs);
}
