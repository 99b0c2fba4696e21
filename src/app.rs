//! Where every process starts and ends.
//!
//! [`main`] readies descriptors and signals, finds the verb, lets clap parse for that verb alone,
//! runs it, flushes, prints the error line, and returns the exit status.

use std::ffi::{OsString, c_char, c_int};
use std::io::{self, Write};
use std::mem::ManuallyDrop;

use anyhow::Context as _;
use clap::error::ErrorKind;
use clap::{ArgMatches, Command};

use crate::exit::{OutputError, Status, UsageError};
use crate::output::{Out, Progress, escape, note};
use crate::sys::{entry, errno, signal};

/// A tool: what its door needs to know.
#[derive(Debug)]
pub struct Tool {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// What happens without a verb; `None` asks for one.
    pub(crate) bare: Option<VerbEntry>,
    pub(crate) verbs: &'static [VerbEntry],
}

/// A verb: clap's derive on the options, and what they do.
pub(crate) trait Verb: clap::Args {
    const NAME: &'static str;
    const ALIAS: Option<&'static str> = None;
    const ABOUT: &'static str;
    /// Whether it ends with the status of a command: then its own failures are status 125.
    const RUNS_COMMAND: bool = false;

    /// Spells what fingers are used to as clap shall read it. The words are all arguments, from the tool's
    /// name on.
    fn respell(_words: &mut Vec<OsString>) {}

    /// The verb of the words behind it, where those are plain: clap takes its time with each option that there
    /// could be, and with each word that is there. `None` leaves them to it.
    fn quick(_words: &[OsString]) -> Option<Self> {
        None
    }

    /// Does it. The error says which object and why; several failures are noted one by one.
    fn run(self, context: &mut Context) -> anyhow::Result<Status>;
}

/// What a verb works with.
#[derive(Debug)]
pub(crate) struct Context {
    /// Standard output.
    pub out: Out,
    tool: &'static str,
}

impl Context {
    /// Shows how far long work has come, where somebody looks at a terminal.
    pub(crate) fn progress(&self, whole: Option<u64>) -> Progress {
        Progress::new(self.tool, whole)
    }

    /// Tells the user something on standard error, behind what was written before.
    pub(crate) fn note(&mut self, text: &str) {
        // Where this fails, `Out` remembers it.
        let _ = self.out.flush();
        note(self.tool, text);
    }

    /// Reports a failure that does not stop the rest, and says how bad it was.
    pub(crate) fn report(&mut self, error: &anyhow::Error) -> Status {
        self.note(&describe(error));
        Status::of(error)
    }

    /// Tries every operand, reports each failure, and ends with the worst.
    pub(crate) fn for_each<T>(
        &mut self,
        operands: impl IntoIterator<Item = T>,
        mut act: impl FnMut(&mut Self, T) -> anyhow::Result<()>,
    ) -> Status {
        let tried = operands.into_iter().map(|operand| match act(self, operand) {
            Ok(()) => Status::Done,
            Err(error) => self.report(&error),
        });
        tried.max().unwrap_or(Status::Done)
    }
}

/// A [`Verb`] as data, so that the options of one can be built without the others'.
#[derive(Debug)]
pub(crate) struct VerbEntry {
    name: &'static str,
    alias: Option<&'static str>,
    about: &'static str,
    runs_command: bool,
    augment: fn(Command) -> Command,
    respell: fn(&mut Vec<OsString>),
    quick: fn(&[OsString], &mut Context) -> Option<anyhow::Result<Status>>,
    run: fn(ArgMatches, &mut Context) -> anyhow::Result<Status>,
}

impl VerbEntry {
    /// The entry of a verb in its tool's table.
    pub(crate) const fn of<V: Verb>() -> Self {
        Self {
            name: V::NAME,
            alias: V::ALIAS,
            about: V::ABOUT,
            runs_command: V::RUNS_COMMAND,
            augment: V::augment_args,
            respell: V::respell,
            quick: |words, context| Some(V::quick(words)?.run(context)),
            run: |matches, context| {
                // Without `mut` clap copies all of it first. Nor is it, as the `Command`, taken apart again: the
                // process ends soon enough.
                V::from_arg_matches_mut(&mut ManuallyDrop::new(matches)).context("the arguments")?.run(context)
            },
        }
    }

    fn answers_to(&self, word: &OsString) -> bool {
        word == self.name || self.alias.is_some_and(|alias| word == alias)
    }

    fn command(&self) -> Command {
        let command = (self.augment)(Command::new(self.name)).about(self.about);
        match self.alias {
            Some(alias) => command.visible_alias(alias),
            None => command,
        }
    }
}

impl Tool {
    /// The whole command line, every verb with its options: for help and completions.
    #[must_use]
    pub fn command(&self) -> Command {
        let command = Command::new(self.name)
            .about(self.about)
            .version(env!("CARGO_PKG_VERSION"))
            .subcommands(self.verbs.iter().map(VerbEntry::command));
        match &self.bare {
            // What stands before a verb would be lost.
            Some(bare) => (bare.augment)(command).args_conflicts_with_subcommands(true),
            None => command.subcommand_required(true).arg_required_else_help(true),
        }
    }

    /// The command line without the options of the verbs.
    fn without_verbs(&self, bare: &VerbEntry) -> Command {
        let command = Command::new(self.name).about(self.about).version(env!("CARGO_PKG_VERSION"));
        let named = self.verbs.iter().map(|verb| Command::new(verb.name).about(verb.about));
        (bare.augment)(command).subcommands(named).args_conflicts_with_subcommands(true)
    }

    /// The verb that is named first, as one nearly always is.
    fn named(&self, arguments: &[OsString]) -> Option<&VerbEntry> {
        arguments.get(1).and_then(|word| self.verbs.iter().find(|verb| verb.answers_to(word)))
    }

    /// Parses for the named verb alone where one is named first.
    fn parse(&self, arguments: &[OsString]) -> Result<(&VerbEntry, ArgMatches), clap::Error> {
        if let Some(verb) = self.named(arguments) {
            let mut command = ManuallyDrop::new(verb.command().bin_name(format!("{} {}", self.name, verb.name)));
            return Ok((verb, command.try_get_matches_from_mut(&arguments[1..])?));
        }
        let command = match &self.bare {
            // Options without a verb: nothing but help needs the verbs' own.
            Some(bare) if arguments.get(1).is_none_or(|word| !asks_for_help(word)) => self.without_verbs(bare),
            _ => self.command(),
        };
        let matches = ManuallyDrop::new(command).try_get_matches_from_mut(arguments)?;
        let bare = self.bare.as_ref().ok_or_else(|| clap::Error::new(ErrorKind::MissingSubcommand))?;
        Ok((bare, matches))
    }
}

impl Tool {
    /// Does what the arguments say; and whether the tool's own failures have the status of `run`.
    fn run(&self, mut arguments: Vec<OsString>, context: &mut Context) -> (anyhow::Result<Status>, bool) {
        let (verb, words) = match self.named(&arguments) {
            Some(verb) => {
                (verb.respell)(&mut arguments);
                (Some(verb), arguments.get(2..))
            }
            None => (self.bare.as_ref(), arguments.get(1..)),
        };
        if let Some((verb, words)) = verb.zip(words)
            && let Some(done) = (verb.quick)(words, context)
        {
            return (done, verb.runs_command);
        }
        match self.parse(&arguments) {
            Ok((verb, matches)) => ((verb.run)(matches, context), verb.runs_command),
            Err(answer) => (answer_of_clap(&answer, &arguments, context), false),
        }
    }
}

/// Runs a tool from its start to its exit status.
#[must_use]
pub fn main(tool: &'static Tool, argc: c_int, argv: *const *const c_char) -> c_int {
    entry::fill_standard_descriptors();
    signal::die_on_closed_pipe();
    let mut context = Context { out: Out::default(), tool: tool.name };
    let (done, runs_command) = tool.run(entry::arguments(argc, argv), &mut context);
    // A verb may have failed because its output did: then that is the reason to tell.
    let status = match context.out.finish().context(OutputError).and(done) {
        Ok(status) => status,
        Err(error) if runs_command => failed(&error, &mut context).of_run(),
        Err(error) => failed(&error, &mut context),
    };
    if let Some(signal) = signal::caught() {
        die_of(signal);
    }
    c_int::from(status.code())
}

/// Whether clap answers this word with help about verbs.
fn asks_for_help(word: &OsString) -> bool {
    ["help", "-h", "--help"].iter().any(|help| word == help)
}

/// Help and the version are output; anything else is bad usage.
fn answer_of_clap(answer: &clap::Error, arguments: &[OsString], context: &mut Context) -> anyhow::Result<Status> {
    let mut text = answer.render().to_string();
    // clap repeats what was typed: a line in it shall not pass for one of ours.
    for argument in arguments.iter().filter_map(|argument| argument.to_str()) {
        let value = argument.split_once('=').map_or(argument, |(_, value)| value);
        if value.contains('\n') {
            text = text.replace(value, &escape(value.as_bytes()));
        }
    }
    if matches!(answer.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        context.out.write_all(text.as_bytes())?;
        return Ok(Status::Done);
    }
    if answer.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Err(UsageError(format!("a verb is missing\n\n{}", text.trim_end())).into());
    }
    Err(UsageError(text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()).into())
}

/// Says why, or dies silently of SIGPIPE when the reader of our output is gone.
fn failed(error: &anyhow::Error, context: &mut Context) -> Status {
    let closed = error.is::<OutputError>()
        && error.root_cause().downcast_ref::<io::Error>().is_some_and(|cause| errno::is(cause, errno::EPIPE));
    if closed {
        die_of(signal::PIPE);
    }
    if signal::caught().is_some() {
        return Status::Failed;
    }
    context.report(error)
}

/// Dies of the signal; where that cannot end us, with the status a shell would show.
fn die_of(signal: i32) -> ! {
    signal::die_of(signal);
    entry::exit_now(128 + u8::try_from(signal).unwrap_or(0))
}

/// The chain of an error on one line, in strerror's words, harmless to a terminal.
fn describe(error: &anyhow::Error) -> String {
    let words = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref::<io::Error>() {
        Some(cause) => errno::words(cause),
        None => cause.to_string(),
    };
    let chain: Vec<String> = error.chain().map(words).collect();
    let lines: Vec<String> = chain.join(": ").lines().map(|line| escape(line.as_bytes())).collect();
    lines.join("\n")
}
