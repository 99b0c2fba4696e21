//! The manual pages against the tools: options, verbs, statuses, and examples that do what they say.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::page::Page;
use super::session;
use crate::help::Face;
use crate::support::{FACES, Outcome, PACKAGE, TOOLS, World, has, keeps_endings};

/// Every tool's page.
fn pages() -> impl Iterator<Item = (&'static str, Page)> {
    TOOLS.iter().map(|(tool, _)| (*tool, Page::of(tool).unwrap_or_else(|| panic!("there is no man/{tool}.1"))))
}

/// The options of a help text, as a page writes them.
fn options_of(face: &Face) -> BTreeSet<String> {
    let spelled = face.options().into_iter().flat_map(|option| {
        let short = option.short.map(|short| format!("-{short}"));
        short.into_iter().chain([format!("--{}", option.long)])
    });
    spelled.collect()
}

#[test]
fn every_option_of_help_stands_in_the_page_and_back() {
    for (tool, page) in pages() {
        let all: BTreeSet<String> = Face::all(tool).iter().flat_map(options_of).collect();
        assert!(all.len() > 4, "{tool}: {all:?}");
        assert_eq!(page.options(), all, "left: man/{tool}.1, right: --help of {tool} and its verbs");
    }
}

#[test]
fn every_verb_has_its_subsection_with_its_options_and_no_others() {
    for (tool, page) in pages() {
        let faces = Face::all(tool);
        for face in &faces[1..] {
            let verb = face.verb.as_deref().expect("the first one alone has none");
            let (names, options) = page.verb(verb).unwrap_or_else(|| panic!("man/{tool}.1 has no .Ss {verb}"));
            assert_eq!(names[1..], faces[0].aliases(verb), "other names of {verb}");
            assert_eq!(options, options_of(face), "left: .Ss {verb} of man/{tool}.1, right: {face} --help");
        }
    }
}

/// The statuses that `src/exit.rs` knows.
fn statuses_of_the_code() -> BTreeSet<u8> {
    let source = fs::read_to_string(Path::new(PACKAGE).join("src/exit.rs")).expect("it is there");
    let lines = source.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => "));
    let found: BTreeSet<u8> = lines.filter_map(|(_, number)| number.trim_end_matches(',').parse().ok()).collect();
    assert!([0, 1, 2, 3, 4, 5, 124].iter().all(|status| found.contains(status)), "{found:?}");
    found
}

#[test]
fn the_statuses_of_the_pages_are_those_of_the_code() {
    let code = statuses_of_the_code();
    let mut told = BTreeSet::new();
    for (tool, page) in pages() {
        let statuses = page.statuses();
        assert!([0, 1, 2].iter().all(|status| statuses.contains(status)), "man/{tool}.1: {statuses:?}");
        assert!(statuses.is_subset(&code), "man/{tool}.1: {statuses:?}, the code has {code:?}");
        told.extend(statuses);
    }
    assert_eq!(told, code, "left: all pages together");
}

#[test]
fn every_page_has_the_whole_table_of_statuses() {
    for (tool, page) in pages() {
        let common: BTreeSet<u8> =
            statuses_of_the_code().into_iter().filter(|status| ![126, 127].contains(status)).collect();
        assert!(common.is_subset(&page.statuses()), "man/{tool}.1: {:?}", page.statuses());
    }
}

#[test]
fn the_pages_are_clean() {
    if !has("mandoc") {
        return;
    }
    let classic = FACES.iter().filter_map(|(face, _)| Page::of(face));
    for page in pages().map(|(_, page)| page).chain(classic) {
        let lint =
            Outcome::of(std::process::Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).arg(&page.path));
        assert_eq!(
            (lint.status(), String::from_utf8_lossy(lint.stdout()).as_ref(), lint.stderr().as_str()),
            (0, "", "")
        );
    }
}

#[test]
fn every_example_of_the_pages_does_what_it_says() {
    for (tool, page) in pages() {
        let examples = page.examples();
        assert!(examples.len() > 1, "man/{tool}.1 has {} examples", examples.len());
        for example in examples {
            let Some(world) = World::new() else { return };
            // The shell may have waited for the process before.
            if example.iter().any(|line| line.contains("rsignal wait")) && !keeps_endings() {
                continue;
            }
            if let Err(why) = session::run(&world, &example) {
                panic!("man/{tool}.1: {why}\n\n{}", example.join("\n"));
            }
        }
    }
}
