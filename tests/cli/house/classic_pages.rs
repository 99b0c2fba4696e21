//! The pages of the faces, and the script that makes their links.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::page::Page;
use super::session;
use crate::support::{FACES, Faces, Outcome, PACKAGE, World};

/// Every face's page.
fn pages() -> impl Iterator<Item = (&'static str, Page)> {
    FACES.iter().map(|(face, _)| (*face, Page::of(face).unwrap_or_else(|| panic!("there is no man/{face}.1"))))
}

/// Options that work and that no original's help lists.
const UNLISTED: &[(&str, &str)] = &[("kill", "-v")];

/// The options at the beginning of the lines of a help text: `-i, --id <id>`.
fn options_of(help: &str) -> BTreeSet<String> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let spelled = lines.flat_map(|line| line.split("  ").next().unwrap_or_default().split([' ', ',']));
    let options = spelled.filter(|word| word.starts_with('-')).map(|word| {
        let end = word.find(['=', '[', '<']).unwrap_or(word.len());
        word[..end].to_owned()
    });
    options.filter(|option| option.len() > 1).collect()
}

#[test]
fn every_option_of_a_faces_help_stands_in_its_page_and_back() {
    let Some(world) = World::new() else { return };
    let faces = Faces::new();
    for (face, page) in pages() {
        let help = faces.script(&world, "exec env $1 --help", &[face]).success();
        let unlisted = UNLISTED.iter().filter(|(tool, _)| *tool == face).map(|(_, option)| (*option).to_owned());
        let options: BTreeSet<String> = options_of(&help).into_iter().chain(unlisted).collect();
        assert!(options.len() > 3, "{face}: {options:?}");
        assert_eq!(page.own_options(), options, "left: man/{face}.1, right: {face} --help");
    }
}

#[test]
fn the_page_of_a_face_tells_what_differs() {
    for (face, page) in pages() {
        for title in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "EXAMPLES", "SEE ALSO", "DIFFERENCES"] {
            assert!(page.titles().contains(&title), "man/{face}.1 has no {title}");
        }
        assert!(page.differences() > 1, "man/{face}.1");
        assert!(page.statuses().is_superset(&[0, 1].into()), "man/{face}.1: {:?}", page.statuses());
    }
}

#[test]
fn every_example_of_a_faces_page_does_what_it_says() {
    let faces = Faces::new();
    for (face, page) in pages() {
        let examples = page.examples();
        assert!(!examples.is_empty(), "man/{face}.1");
        for example in examples {
            let Some(world) = World::new() else { return };
            if let Err(why) = session::run_with(&faces, &world, &example) {
                panic!("man/{face}.1: {why}\n\n{}", example.join("\n"));
            }
        }
    }
}

#[test]
fn the_links_are_made_and_taken_away() {
    let Some(world) = World::new() else { return };
    let script = Path::new(PACKAGE).join("examples/install-classic-links.sh");
    let script = script.to_str().expect("UTF-8");
    let folder = tempfile::tempdir().expect("a directory");
    let links = folder.path().join("links");
    let path = links.to_str().expect("UTF-8");
    let run = |arguments: &[&str]| Outcome::of(world.command("sh").arg(script).args(arguments));
    assert_eq!(run(&[path]).status(), 0);
    for (face, tool) in FACES {
        let link = fs::read_link(links.join(face)).unwrap_or_else(|_| panic!("{script} makes no link {face}"));
        assert_eq!(link.file_name().and_then(|name| name.to_str()), Some(*tool), "{face}");
        let version = Outcome::of(world.command(links.join(face)).arg("--version")).success();
        assert_eq!(version, format!("{face} from ripc {}", env!("CARGO_PKG_VERSION")));
    }
    // Again is no error, and what is not ours stays as it is.
    assert_eq!(run(&[path]).status(), 0);
    fs::write(links.join("notes"), "mine").expect("room");
    assert_eq!(run(&["--undo", path]).status(), 0);
    let left: Vec<_> =
        fs::read_dir(&links).expect("it is there").map(|entry| entry.expect("readable").file_name()).collect();
    assert_eq!(left, ["notes"]);
    fs::write(links.join("ipcs"), "mine").expect("room");
    assert_eq!(run(&[path]).status(), 1);
    assert_eq!(fs::read_to_string(links.join("ipcs")).expect("still there"), "mine");
}
