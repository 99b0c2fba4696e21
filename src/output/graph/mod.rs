//! Graphs of two kinds of nodes, actors and things, as DOT, Mermaid or a picture. Knows no mechanism.

mod dot;
mod layout;
mod mermaid;
mod svg;

pub(crate) use dot::write as write_dot;
pub(crate) use mermaid::write as write_mermaid;
pub(crate) use svg::write as write_svg;

/// Actors, things, and what the ones do to the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Graph {
    pub actors: Vec<Node>,
    pub things: Vec<Node>,
    pub edges: Vec<Edge>,
}

/// An actor or a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// Its name. Nothing of what is in here is obeyed by whoever shows it: it is written escaped.
    pub name: String,
    /// What else is to be said of it.
    pub note: String,
    pub tint: Tint,
}

/// What kind of node it is, as a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tint {
    Grey,
    Blue,
    Green,
    Amber,
    Violet,
}

impl Tint {
    /// Its fill and its border.
    const fn colours(self) -> (&'static str, &'static str) {
        match self {
            Self::Grey => ("#f3f4f6", "#6b7280"),
            Self::Blue => ("#dbeafe", "#2563eb"),
            Self::Green => ("#dcfce7", "#15803d"),
            Self::Amber => ("#fef3c7", "#b45309"),
            Self::Violet => ("#ede9fe", "#6d28d9"),
        }
    }
}

/// The colour of an edge that is stuck.
const STUCK: &str = "#dc2626";

/// What an actor does to a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    pub actor: usize,
    pub thing: usize,
    pub flow: Flow,
    pub label: String,
    /// Nothing flows: the actor waits.
    pub stuck: bool,
}

/// Which way it flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// From the actor to the thing.
    Out,
    /// From the thing to the actor.
    In,
    Both,
}

impl Flow {
    const fn goes_out(self) -> bool {
        !matches!(self, Self::In)
    }

    const fn comes_in(self) -> bool {
        !matches!(self, Self::Out)
    }
}

/// Each of these is a line of what was written.
#[cfg(test)]
fn assert_lines(written: &[u8], lines: &[&str]) {
    let text = std::str::from_utf8(written).expect("UTF-8");
    for line in lines {
        assert!(text.lines().any(|one| one == *line), "{line} is not in {text}");
    }
}

/// A graph that shows what each form has to get right.
#[cfg(test)]
fn sample() -> Graph {
    let node = |name: &str, note: &str, tint| Node { name: name.into(), note: note.into(), tint };
    let edge = |actor, thing, flow, label: &str, stuck| Edge { actor, thing, flow, label: label.into(), stuck };
    Graph {
        actors: vec![
            node("10 <a> \"b\" & c", "root", Tint::Grey),
            node("11 reader", "root", Tint::Grey),
            node("12 both", "root", Tint::Grey),
        ],
        things: vec![node("queue:0", "3 messages", Tint::Blue), node("set:0", "", Tint::Amber)],
        edges: vec![
            edge(0, 0, Flow::Out, "open w", false),
            edge(1, 0, Flow::In, "blocked in msgrcv", true),
            edge(2, 0, Flow::Both, "attached rw", false),
            edge(2, 1, Flow::In, "blocked | x", true),
        ],
    }
}
