//! What `--help` says, read back: the shared tests ask every tool for its verbs and options.

use std::ffi::{OsStr, OsString};

use crate::support::{Outcome, tool};

/// A command line as far as its verb: the tool alone, or a tool and a verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Face {
    pub(crate) tool: &'static str,
    pub(crate) verb: Option<String>,
    help: String,
}

/// An option as help lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opt {
    pub(crate) short: Option<char>,
    pub(crate) long: String,
    pub(crate) takes_value: bool,
    /// Its value names a file: hardly a wrong value, but perhaps one of nothing.
    pub(crate) names_file: bool,
    /// Any word is right: it names a file that is written, or begins a command.
    pub(crate) takes_any_word: bool,
}

impl Face {
    /// The tool itself and each of its verbs; `help` is clap's own and no verb of ours.
    pub(crate) fn all(name: &'static str) -> Vec<Self> {
        let bare = Self::read(name, None);
        let verbs = bare.listed("Commands:").map(|line| line.split(' ').next().unwrap_or_default().to_owned());
        let verbs: Vec<String> = verbs.filter(|verb| verb != "help").collect();
        std::iter::once(bare).chain(verbs.into_iter().map(|verb| Self::read(name, Some(verb)))).collect()
    }

    fn read(tool_name: &'static str, verb: Option<String>) -> Self {
        let help = Outcome::of(tool(tool_name).args(&verb).arg("-h")).success();
        Self { tool: tool_name, verb, help }
    }

    /// Whether something happens without a verb, or the verb is given.
    pub(crate) fn acts(&self) -> bool {
        // `Usage: ripcs [OPTIONS]` and, below it, `ripcs <COMMAND>`.
        let usage = self.help.lines().find(|line| line.starts_with("Usage: ")).unwrap_or_default();
        self.verb.is_some() || !usage.contains(" <COMMAND>")
    }

    /// Whether it wants an operand; a command is none.
    pub(crate) fn needs_operand(&self) -> bool {
        self.listed("Arguments:").any(|line| line.starts_with('<') && !line.starts_with("<COMMAND>"))
    }

    /// Whether all that it wants is a command, without `--` before it: whatever word stands there is run.
    pub(crate) fn wants_command_alone(&self) -> bool {
        let asks = self.listed("Arguments:").any(|line| line.starts_with("<COMMAND>"));
        asks && !self.needs_operand() && !self.help.contains("-- <COMMAND>")
    }

    /// Whether its operands name files that it writes: any word is right.
    pub(crate) fn writes_files(&self) -> bool {
        self.listed("Arguments:").any(|line| line.starts_with("[OUTPUTS]"))
    }

    /// Whether its operand is a path, which any word can be.
    pub(crate) fn names_path(&self) -> bool {
        self.listed("Arguments:").next().is_some_and(|line| line.starts_with("<FILE>") || line.starts_with("[FILE]"))
    }

    /// Whether it wants the name of an object that exists.
    pub(crate) fn names_object(&self) -> bool {
        self.listed("Arguments:").next().is_some_and(|line| line.starts_with("<NAME"))
    }

    /// Whether it takes the path of anything that may be there: no word is wrong, and none should be made.
    pub(crate) fn takes_path(&self) -> bool {
        let is_path = |line: &str| line.starts_with("<PATH") || line.starts_with("[DIRECTORIES]");
        self.listed("Arguments:").next().is_some_and(is_path)
    }

    /// Whether it wants a pipe, which has a grammar of its own.
    pub(crate) fn names_pipe(&self) -> bool {
        self.listed("Arguments:").next().is_some_and(|line| line.starts_with("<PIPE"))
    }

    /// What to type for these options and this operand, with whatever else the verb cannot do without.
    pub(crate) fn line(&self, options: &[OsString], operand: Option<&OsStr>) -> Vec<OsString> {
        let change = self.verb.as_deref() == Some("set") && options.is_empty();
        let has_size = options.iter().any(|option| option.to_string_lossy().starts_with("--size"));
        let size = self.has_option("size") && self.has_option("from") && !has_size;
        let asks = |what: &str| self.listed("Arguments:").any(|line| line.starts_with(what));
        let command = asks("<COMMAND>");
        let mut words: Vec<OsString> = self.verb.iter().map(OsString::from).collect();
        words.extend(change.then(|| "--mode=600".into()));
        words.extend(size.then(|| "--size=1".into()));
        // What a test names is not to be made.
        let makes_file = self.has_option("no-create");
        words.extend(makes_file.then(|| "--no-create".into()));
        words.extend_from_slice(options);
        words.extend(operand.map(OsString::from));
        words.extend(self.listed("Arguments:").filter(|_| operand.is_some()).filter_map(second_operand));
        for (what, word) in [("<OPERATIONS>", "0-1"), ("<PARTIES>", "2")] {
            words.extend(asks(what).then(|| word.into()));
        }
        words.extend(["--", "true"].iter().filter(|_| command).map(OsString::from));
        words
    }

    /// The other names of this verb of the tool: `[alias: ls]`.
    pub(crate) fn aliases(&self, verb: &str) -> Vec<&str> {
        let line = self.listed("Commands:").find(|line| line.split(' ').next() == Some(verb));
        let list = line.and_then(|line| line.rsplit_once("[alias")).and_then(|(_, list)| list.split_once(": "));
        list.map_or(Vec::new(), |(_, list)| list.trim_end_matches(']').split(", ").collect())
    }

    /// Its options, `--help` and `--version` among them.
    pub(crate) fn options(&self) -> Vec<Opt> {
        self.listed("Options:").filter(|line| line.starts_with('-')).map(Opt::of).collect()
    }

    /// Whether it has this option.
    pub(crate) fn has_option(&self, long: &str) -> bool {
        self.options().iter().any(|option| option.long == long)
    }

    /// What to type: the verb, and then `more`.
    pub(crate) fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        self.verb.as_deref().into_iter().chain(more.iter().copied()).collect()
    }

    /// The lines under a heading.
    fn listed<'a>(&'a self, heading: &'a str) -> impl Iterator<Item = &'a str> {
        let under = self.help.lines().skip_while(move |line| *line != heading).skip(1);
        under.take_while(|line| !line.is_empty()).map(str::trim_start)
    }
}

/// An operand that is right where a verb wants more than a name.
fn second_operand(argument: &str) -> Option<OsString> {
    match argument.split(['<', '>']).nth(1)? {
        "CELL" => Some("0:u32".into()),
        "RELATION" => Some("changed".into()),
        "VALUE" | "EXPECTED" | "NEW" if argument.starts_with('<') => Some("1".into()),
        _ => None,
    }
}

impl Opt {
    /// `-t, --timeout <DURATION>  Give up …`, or `--wake[=<N>]  Wake …` where the value may be left out.
    fn of(line: &str) -> Self {
        let spelled = line.split("  ").next().unwrap_or_default();
        let with_value = spelled.split_once(" <").or_else(|| spelled.split_once("[=<"));
        let (names, value) = with_value.unwrap_or((spelled, ""));
        let (short, long) = names.split_once(", ").unwrap_or(("", names));
        Self {
            short: short.chars().nth(1),
            long: long.trim_start_matches('-').to_owned(),
            takes_value: !value.is_empty(),
            names_file: value == "FILE>",
            takes_any_word: value == "OUTPUT>]" || value.starts_with("COMMAND>"),
        }
    }
}

impl std::fmt::Display for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.tool)?;
        self.verb.as_ref().map_or(Ok(()), |verb| write!(f, " {verb}"))
    }
}

#[test]
fn options_are_read_back() {
    let option = |short, long: &str, takes_value| Opt {
        short,
        long: long.into(),
        takes_value,
        names_file: false,
        takes_any_word: false,
    };
    assert_eq!(Opt::of("-t, --timeout <DURATION>  Give up"), option(Some('t'), "timeout", true));
    assert_eq!(Opt::of("--no-header       Leave the header out"), option(None, "no-header", false));
    assert_eq!(Opt::of("-0, --null"), option(Some('0'), "null", false));
    assert_eq!(Opt::of("--wake[=<N>]  Wake up to N"), option(None, "wake", true));
    assert!(Opt::of("--from <FILE>  Fill it").names_file);
    assert!(Opt::of("--report[=<OUTPUT>]  Write it").takes_any_word);
    let verbs: Vec<_> = Face::all("rmsgq").into_iter().filter_map(|face| face.verb).collect();
    assert!(verbs.starts_with(&["create".into(), "send".into()]), "{verbs:?}");
    assert!(!verbs.contains(&"help".into()));
    let send = Face::all("rmsgq").into_iter().find(|face| face.verb.as_deref() == Some("send")).expect("a verb");
    assert!(send.needs_operand() && send.acts() && send.has_option("timeout"));
    let faces = Face::all("rmsgq");
    assert_eq!((faces[0].aliases("list"), faces[0].aliases("send")), (vec!["ls"], vec![]));
    let bare = &Face::all("ripcs")[0];
    assert!(bare.acts() && !bare.needs_operand() && bare.has_option("version"));
}
