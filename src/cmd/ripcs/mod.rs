//! `ripcs`: every object of this machine's inter-process communication. One file per verb; without one
//! it is the overview.

use crate::app::{Tool, VerbEntry};

mod amount;
mod any;
mod elsewhere;
mod exposition;
mod graph;
mod joined;
mod kinds;
mod limits;
mod list;
mod listing;
mod metrics;
mod orphans;
mod overview;
mod place;
mod reap;
mod remove;
mod scene;
mod section;
mod show;
mod top;
mod verdict;
mod watch;
mod who;
mod why;

/// The tool.
pub const TOOL: Tool = Tool {
    name: "ripcs",
    about: "All inter-process communication of this machine: what exists, and who uses it",
    bare: Some(VerbEntry::of::<overview::Overview>()),
    verbs: &[
        VerbEntry::of::<list::List>(),
        VerbEntry::of::<show::Show>(),
        VerbEntry::of::<who::Who>(),
        VerbEntry::of::<orphans::Orphans>(),
        VerbEntry::of::<reap::Reap>(),
        VerbEntry::of::<remove::Remove>(),
        VerbEntry::of::<limits::Limits>(),
        VerbEntry::of::<why::Why>(),
        VerbEntry::of::<watch::Watch>(),
        VerbEntry::of::<top::Top>(),
        VerbEntry::of::<graph::Graph>(),
        VerbEntry::of::<metrics::Metrics>(),
    ],
};
