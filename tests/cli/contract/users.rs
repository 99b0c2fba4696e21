//! Everything works without privilege, within one's own rights.

use super::{faces, printing};
use crate::support::{Outcome, World};

/// A user who owns nothing.
const NOBODY: u32 = 65_534;

#[test]
fn nobody_has_objects_of_their_own() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(NOBODY) else { return };
    let queue = nobody.ok("rmsgq", &["create"]);
    nobody.ok("rmsgq", &["send", &queue, "mine"]);
    nobody.ok("rmsgq", &["set", &queue, "--mode", "640"]);
    assert_eq!(nobody.ok("rmsgq", &["recv", &queue]), "mine");
    let shown = nobody.run("rmsgq", &["show", &queue, "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(shown.stdout()).expect("JSON");
    assert_eq!((shown["uid"].as_u64(), shown["mode"].as_str()), (Some(NOBODY.into()), Some("0640")));
    nobody.ok("rmsgq", &["create", "/own"]);
    nobody.ok("rmsgq", &["send", "/own", "mine", "--priority", "3"]);
    assert_eq!(nobody.ok("rmsgq", &["recv", "/own"]), "mine");
    nobody.ok("rmsgq", &["remove", "/own", &queue]);
    assert_eq!(world.ok("ripcs", &["--json"]), "[]");
}

#[test]
fn what_is_not_theirs_is_refused() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(NOBODY) else { return };
    let queue = world.ok("rmsgq", &["create", "0x4b"]);
    world.ok("rmsgq", &["create", "/jobs"]);
    let before = world.ok("ripcs", &["--json"]);
    for name in [&*queue, "0x4b", "/jobs"] {
        let refusals: [(&[&str], &str); 5] = [
            (&["send", name, "x"], "Permission denied\n"),
            (&["recv", name], "Permission denied\n"),
            (&["recv", name, "--nowait"], "Permission denied\n"),
            (&["set", name, "--mode", "666"], ""),
            (&["remove", name], ""),
        ];
        for (arguments, words) in refusals {
            let outcome = nobody.run("rmsgq", arguments);
            outcome.fails(5, words);
            assert!(outcome.stderr().starts_with("rmsgq: cannot "), "{}", outcome.stderr());
            assert!(
                ["Permission denied\n", "Operation not permitted\n"].iter().any(|end| outcome.stderr().ends_with(end)),
                "{}",
                outcome.stderr()
            );
        }
    }
    nobody.run("rmsgq", &["create", "/jobs"]).fails(5, "cannot open queue '/jobs': Permission denied\n");
    nobody.run("rmsgq", &["show", "/jobs"]).fails(5, "cannot look at queue '/jobs': Permission denied\n");
    assert_eq!(world.ok("ripcs", &["--json"]), before);
}

#[test]
fn a_right_that_was_given_is_enough() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(NOBODY) else { return };
    for name in ["0x4b", "/jobs"] {
        world.ok("rmsgq", &["create", name, "--mode", "622"]);
        nobody.ok("rmsgq", &["send", name, "from nobody"]);
        nobody.run("rmsgq", &["recv", name]).fails(5, "Permission denied\n");
        assert_eq!(world.ok("rmsgq", &["recv", name]), "from nobody");
        world.ok("rmsgq", &["set", name, "--mode", "644"]);
        world.ok("rmsgq", &["send", name, "from root"]);
        nobody.run("rmsgq", &["send", name, "x"]).fails(5, "Permission denied\n");
        assert_eq!(nobody.ok("rmsgq", &["recv", name]), "from root");
    }
}

#[test]
fn listings_show_nobody_the_objects_of_others() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(NOBODY) else { return };
    world.ok("rmsgq", &["create", "0x4b"]);
    // Processes and what they hold come and go between two listings, and directories are not the same.
    let other = |name: &str| ["rfifo", "rlock", "rpipe", "rsignal", "rsock"].contains(&name);
    for (name, arguments) in
        printing().into_iter().filter(|(name, words)| !other(name) || words.first().is_none_or(|verb| verb != "list"))
    {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (theirs, ours) = (nobody.run(name, &arguments), world.run(name, &arguments));
        assert_eq!(theirs.status(), 0, "{}", theirs.stderr());
        assert_eq!(String::from_utf8_lossy(theirs.stdout()), String::from_utf8_lossy(ours.stdout()), "{arguments:?}");
    }
}

#[test]
fn bad_usage_is_bad_usage_for_nobody_too() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(NOBODY) else { return };
    for face in faces() {
        nobody.run(face.tool, &face.arguments(&["--no-such-option"])).fails(2, &format!("{}: ", face.tool));
        let help = Outcome::of(nobody.command(face.tool).args(face.arguments(&["--help"]))).success();
        assert!(help.contains("Usage: "));
    }
}
