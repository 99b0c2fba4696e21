//! A manual page in mdoc(7), as far as the tests ask it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::PACKAGE;

/// A page.
pub(super) struct Page {
    pub(super) path: PathBuf,
    lines: Vec<String>,
}

/// Macros that end the arguments of the one before them on its line.
const MACROS: &[&str] = &["Ar", "Cm", "Fl", "It", "Li", "Nm", "Ns", "Op", "Pa", "Pf", "Ql", "Sq", "Sx", "Xr"];

/// Signs between arguments.
const SIGNS: &[&str] = &[",", ".", ";", ":", "|", "(", ")", "[", "]", "..."];

impl Page {
    /// The page of a tool; `None` where there is none.
    pub(super) fn of(tool: &str) -> Option<Self> {
        let path = Path::new(PACKAGE).join(format!("man/{tool}.1"));
        let text = fs::read_to_string(&path).ok()?;
        Some(Self { path, lines: text.lines().map(str::to_owned).collect() })
    }

    #[cfg(test)]
    pub(super) fn from_text(text: &str) -> Self {
        Self { path: PathBuf::new(), lines: text.lines().map(str::to_owned).collect() }
    }

    /// The lines of a section, with those of its subsections.
    fn section(&self, title: &str) -> impl Iterator<Item = &str> {
        let heading = format!(".Sh {title}");
        let under = self.lines.iter().map(String::as_str).skip_while(move |line| *line != heading).skip(1);
        under.take_while(|line| !line.starts_with(".Sh "))
    }

    /// The lines of the subsection of a verb, whose title begins with it; and its title.
    fn subsection<'a>(&'a self, verb: &'a str) -> Option<(&'a str, impl Iterator<Item = &'a str>)> {
        let is_it =
            move |line: &&str| line.strip_prefix(".Ss ").is_some_and(|title| title.split(", ").next() == Some(verb));
        let mut lines = self.lines.iter().map(String::as_str).skip_while(move |line| !is_it(line));
        let title = lines.next()?.strip_prefix(".Ss ")?;
        Some((title, lines.take_while(|line| !line.starts_with(".Ss ") && !line.starts_with(".Sh "))))
    }

    /// Every option that is named anywhere.
    pub(super) fn options(&self) -> BTreeSet<String> {
        options_in(self.lines.iter().map(String::as_str))
    }

    /// What a verb's subsection calls it, and the options that it lists.
    pub(super) fn verb<'a>(&'a self, verb: &'a str) -> Option<(Vec<&'a str>, BTreeSet<String>)> {
        let (title, lines) = self.subsection(verb)?;
        Some((title.split(", ").collect(), options_in(lines.filter(|line| line.starts_with(".It ")))))
    }

    /// The statuses that the page lists.
    pub(super) fn statuses(&self) -> BTreeSet<u8> {
        self.section("EXIT STATUS").filter_map(|line| line.strip_prefix(".It ")?.parse().ok()).collect()
    }

    /// The options that are named before the section of what differs.
    pub(super) fn own_options(&self) -> BTreeSet<String> {
        options_in(self.lines.iter().map(String::as_str).take_while(|line| *line != ".Sh DIFFERENCES"))
    }

    /// The titles of its sections.
    pub(super) fn titles(&self) -> Vec<&str> {
        self.lines.iter().filter_map(|line| line.strip_prefix(".Sh ")).collect()
    }

    /// How many items the section of differences has.
    pub(super) fn differences(&self) -> usize {
        self.section("DIFFERENCES").filter(|line| *line == ".It").count()
    }

    /// The examples: each a block of commands and what they print.
    pub(super) fn examples(&self) -> Vec<Vec<String>> {
        let mut blocks = Vec::new();
        let mut lines = self.section("EXAMPLES");
        while lines.by_ref().any(|line| line.starts_with(".Bd -literal")) {
            blocks.push(lines.by_ref().take_while(|line| *line != ".Ed").map(plain).collect());
        }
        blocks
    }
}

/// The options behind the `Fl` macros of these lines: `--json`, `-0`.
fn options_in<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in lines.filter_map(|line| line.strip_prefix('.')) {
        let mut is_option = false;
        for word in line.split_whitespace() {
            match word {
                _ if MACROS.contains(&word) => is_option = word == "Fl",
                _ if SIGNS.contains(&word) => {}
                // `--` alone ends the options.
                "-" => {}
                _ if is_option => {
                    found.insert(format!("-{word}"));
                }
                _ => {}
            }
        }
    }
    found
}

/// A line of a literal block as a reader sees it.
fn plain(line: &str) -> String {
    assert!(!line.starts_with('.'), "a macro among the lines of an example: {line}");
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once('\\') {
        text.push_str(before);
        let table =
            [("&", ""), ("e", "\\"), ("-", "-"), (" ", " "), ("(aq", "'"), ("(dq", "\""), ("(ti", "~"), ("(ha", "^")];
        let (escape, shown) =
            table.iter().find(|(escape, _)| behind.starts_with(escape)).expect("an escape that is known");
        text.push_str(shown);
        rest = &behind[escape.len()..];
    }
    text + rest
}

#[test]
fn pages_are_read_back() {
    let page = Page::from_text(
        ".Sh SYNOPSIS\n.Op Fl t Ar DURATION | Fl n\n.Fl h | V\n.Fl -\n.Sh DESCRIPTION\n.Ss list, ls\n.It Fl o , Fl -columns Ar LIST\n\
         text about \\-x and .Fl z\n.Fl -elsewhere\n.Ss Records\n.It Fl 0 , Fl -null\n.Sh EXIT STATUS\n.It 0\nDone.\n.It 124\n\
         .Sh EXAMPLES\n.Bd -literal -offset indent\n$ a \\(aqb\\(aq \\e\n\\&...\n.Ed\ntext\n.Bd -literal\n$ c\n.Ed\n.Sh SEE ALSO\n\
         .Bd -literal\nnot this\n.Ed",
    );
    let set = |words: &[&str]| words.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(page.options(), set(&["-0", "-V", "-h", "-n", "-o", "-t", "--columns", "--elsewhere", "--null"]));
    assert_eq!(page.verb("list"), Some((vec!["list", "ls"], set(&["-o", "--columns"]))));
    assert_eq!(page.verb("ls"), None);
    assert_eq!(page.statuses(), [0, 124].into());
    assert_eq!(page.examples(), [vec!["$ a 'b' \\", "..."], vec!["$ c"]]);
}
