//! `ripcs graph`: who talks to whom, as a picture or in the language of a program that draws one.

use std::collections::{HashMap, HashSet};

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::amount::Amount;
use super::joined;
use super::kinds::{Asked, AskedParser, tell_unlisted};
use super::place::NamespaceArgs;
use super::scene::{Scene, Spot, tell_hidden};
use crate::app::{Context, Verb};
use crate::cmd::rows::holder;
use crate::exit::Status;
use crate::ipc::census::{Census, Class, How, Process, Until, Use};
use crate::ipc::users::{Database, Names};
use crate::output::{self, Edge, Flow, Node, Tint, escape, write_dot, write_mermaid, write_svg};
use crate::proc::stat;

#[derive(Debug, Args)]
pub(super) struct Graph {
    /// Only these objects and who is at them: names (3, queue:3, /jobs) or kinds (queue, pipe)
    #[arg(value_name = "OBJECT", value_parser = AskedParser)]
    objects: Vec<Asked>,

    /// Only this process and its descendants, with pipes, sockets and mapped files
    #[arg(short, long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    tree: Option<i32>,

    /// What to write: dot (Graphviz), mermaid, or svg (a picture)
    #[arg(short, long, value_name = "FORMAT", default_value = "dot", hide_possible_values = true)]
    format: Format,

    #[command(flatten)]
    namespace: NamespaceArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Dot,
    Mermaid,
    Svg,
}

impl Verb for Graph {
    const NAME: &'static str = "graph";
    const ABOUT: &'static str = "Draw which processes talk through which objects";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let pids = self.tree.map(descendants).transpose()?;
        let mut classes: Vec<Class> = self.objects.iter().flat_map(Asked::classes).copied().collect();
        if classes.is_empty() {
            classes.extend(if pids.is_some() { &Class::ALL[..] } else { &Class::LASTING });
        }
        let mut scene = Scene::of(context, &self.namespace, &classes)?;
        scene.add_values();
        let census = scene.census(&classes, pids.as_deref())?;
        let status = Asked::retain(&self.objects, context, &mut scene);
        let graph = self.graph(&scene, &census);
        match self.format {
            Format::Dot => write_dot(&mut context.out, &graph)?,
            Format::Mermaid => write_mermaid(&mut context.out, &graph)?,
            Format::Svg => write_svg(&mut context.out, &graph)?,
        }
        tell_unlisted(context, &scene.unlisted);
        tell_hidden(context, census.hidden);
        Ok(status)
    }
}

impl Graph {
    fn graph(&self, scene: &Scene, census: &Census) -> output::Graph {
        let names = Names::of(Database::Users, census.processes.iter().map(|process| process.uid));
        let mut graph = output::Graph::default();
        let mut actors: HashMap<i32, usize> = HashMap::new();
        for group in joined::groups(&scene.spots, census) {
            let spot = &scene.spots[group[0]];
            let users: Vec<_> = group.iter().flat_map(|&index| scene.users(census, &scene.spots[index])).collect();
            if !self.shows(spot, &users) {
                continue;
            }
            let thing = graph.things.len();
            graph.things.push(node_of(scene, &group, &users));
            for doing in doings(spot, &users) {
                let actor = *actors.entry(doing.process.pid).or_insert_with(|| {
                    graph.actors.push(actor(doing.process, &names));
                    graph.actors.len() - 1
                });
                let (flow, stuck, label) = (doing.flow, doing.stuck, doing.label());
                graph.edges.push(Edge { actor, thing, flow, label, stuck });
            }
        }
        graph
    }

    /// Whether an object tells of somebody who talks, or is there to be talked with: what lasts, is locked or is
    /// listened at does with one process, and what is gone with its processes when there are two of them. Who
    /// names an object wants to see it.
    fn shows(&self, spot: &Spot, users: &[(&Process, &Use)]) -> bool {
        let pids: HashSet<i32> = users.iter().map(|(process, _)| process.pid).collect();
        let class = spot.object.class();
        let is_open = users.iter().any(|(_, used)| used.how == How::Listening);
        let needs_one = is_open || class == Class::Lock || Class::LASTING.contains(&class);
        let is_named = self.objects.iter().any(|asked| matches!(asked, Asked::Object(_)));
        is_named || pids.len() > usize::from(!needs_one)
    }
}

/// A process and all that it started, and they.
fn descendants(root: i32) -> anyhow::Result<Vec<i32>> {
    stat::of(root).with_context(|| format!("cannot look at process {root}"))?;
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for process in stat::all().context("cannot look at the processes")? {
        children.entry(process.parent).or_default().push(process.pid);
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        found.extend(children.remove(&pid).unwrap_or_default());
        next += 1;
    }
    Ok(found)
}

fn actor(process: &Process, names: &Names) -> Node {
    let user = names.get(process.uid).map_or_else(|| process.uid.to_string(), |name| escape(name.as_bytes()));
    Node { name: format!("{} {}", process.pid, escape(&process.command)), note: user, tint: Tint::Grey }
}

fn node_of(scene: &Scene, group: &[usize], users: &[(&Process, &Use)]) -> Node {
    let spot = &scene.spots[group[0]];
    let tint = match spot.object.class() {
        Class::Queue => Tint::Blue,
        Class::Segment | Class::File => Tint::Green,
        Class::Set | Class::Semaphore => Tint::Amber,
        _ => Tint::Violet,
    };
    let is_circle =
        |(_, used): &(&Process, &Use)| matches!(&used.how, How::Locking { circle, .. } if !circle.is_empty());
    let mut note = match spot.object.class() {
        Class::Socket => joined::note(&scene.spots, group),
        Class::Lock if users.iter().any(is_circle) => "deadlock".into(),
        Class::Lock => String::new(),
        _ => Amount::of(&spot.object).map(Amount::told).unwrap_or_default(),
    };
    // Equal names in two namespaces are two objects.
    if let Some(namespace) = spot.place.and_then(|place| scene.places[place].namespace.as_ref()) {
        note = format!("{note} in {}", namespace.number);
    }
    Node { name: escape(&spot.object.full_name()), note, tint }
}

/// What a process does at an object in one way: one line of the graph.
struct Doing<'a> {
    process: &'a Process,
    flow: Flow,
    stuck: bool,
    /// In words, and how often: by how many threads, or at how many sockets that are drawn as one.
    words: Vec<(String, usize)>,
}

impl Doing<'_> {
    fn label(&self) -> String {
        let told = |(words, count): &(String, usize)| match count {
            1 => words.clone(),
            count if self.stuck => format!("{words} ({count} threads)"),
            count => format!("{words} ({count} times)"),
        };
        // A listener may have a higher number than its connections.
        let (first, others): (Vec<_>, Vec<_>) = self.words.iter().partition(|(words, _)| words == "listening");
        escape(first.into_iter().chain(others).map(told).collect::<Vec<_>>().join(", ").as_bytes())
    }
}

/// What each process does, in the order of the pids: a line for each way that something flows, or does not.
fn doings<'a>(spot: &Spot, users: &[(&'a Process, &Use)]) -> Vec<Doing<'a>> {
    let name = spot.object.full_name();
    let is_socket = spot.object.class() == Class::Socket;
    let mut doings: Vec<Doing<'a>> = Vec::new();
    for &(process, used) in users {
        let stuck = used.how.is_blocked();
        let words = match &used.how {
            // To whom is what the picture shows.
            How::Connected(_) => "connected".into(),
            how => holder::how(&name, how),
        };
        // One line for all that a process does at a socket, unless it is stuck.
        let flow = if is_socket && !stuck { Flow::Both } else { flow(&used.how) };
        let same = |one: &&mut Doing<'_>| (one.process.pid, one.flow, one.stuck) == (process.pid, flow, stuck);
        match doings.iter_mut().find(same) {
            None => doings.push(Doing { process, flow, stuck, words: vec![(words, 1)] }),
            Some(doing) => match doing.words.iter_mut().find(|(told, _)| *told == words) {
                None => doing.words.push((words, 1)),
                Some((_, count)) => *count += 1,
            },
        }
    }
    doings.sort_by_key(|doing| doing.process.pid);
    doings
}

const fn flow(how: &How) -> Flow {
    match how {
        How::Mapped { writable: false, .. }
        | How::Open { writes: false, .. }
        | How::Receiving(_)
        | How::MqReceiving
        | How::Operating(_)
        | How::Waiting
        | How::Notified
        | How::Opening { writes: false }
        | How::Reading
        | How::Listening
        | How::Accepting
        | How::SocketReceiving
        | How::Polling { until: Until::Readable | Until::Connection | Until::Gone, .. }
        | How::Locking { .. } => Flow::In,
        How::Open { reads: false, writes: true }
        | How::Sending
        | How::MqSending
        | How::Opening { writes: true }
        | How::Writing
        | How::Connecting(_)
        | How::SocketSending
        | How::Polling { until: Until::Writable, .. }
        | How::Locked(_) => Flow::Out,
        How::Mapped { .. } | How::Open { .. } | How::Connected(_) | How::Polling { .. } => Flow::Both,
    }
}
