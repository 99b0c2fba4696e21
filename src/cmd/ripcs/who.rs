//! `ripcs who`: every process at every object.

use anyhow::Context as _;
use clap::Args;

use super::kinds::{Asked, AskedParser, tell_unlisted};
use super::place::NamespaceArgs;
use super::scene::{Scene, Spot, tell_hidden};
use crate::app::{Context, Verb};
use crate::args::ReportArgs;
use crate::cmd::rows;
use crate::cmd::rows::holder::{At, COLUMNS, HolderRow};
use crate::exit::Status;
use crate::ipc::census::{Census, Class};
use crate::proc::stat;

#[derive(Debug, Args)]
pub(super) struct Who {
    /// The objects (queue:3, /jobs, ./fifo) or kinds (pipe, all); without one all that last
    #[arg(value_name = "OBJECT", value_parser = AskedParser)]
    objects: Vec<Asked>,

    /// Only processes that are blocked
    #[arg(long)]
    blocked: bool,

    /// Only this process
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..))]
    pid: Option<i32>,

    #[command(flatten)]
    namespace: NamespaceArgs,

    #[command(flatten)]
    report: ReportArgs,
}

impl Verb for Who {
    const NAME: &'static str = "who";
    const ABOUT: &'static str = "Show every process at every object, and what it does there";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.report.list.wants_help() {
            return rows::write_help(context, COLUMNS);
        }
        let columns = rows::chosen_with(COLUMNS, &self.report, self.namespace.is_given())?;
        if let Some(pid) = self.pid {
            stat::of(pid).with_context(|| format!("cannot look at process {pid}"))?;
        }
        let mut classes: Vec<Class> = self.objects.iter().flat_map(Asked::classes).copied().collect();
        if classes.is_empty() {
            classes.extend(Class::LASTING);
        }
        let mut scene = if self.objects.iter().any(|one| matches!(one, Asked::Object(_))) {
            Scene::of(context, &self.namespace, &classes)?
        } else {
            Scene::of_users(context, &self.namespace, &classes)?
        };
        // The walk sees less where all that it is about is known before.
        let lasts = |one: &Asked| one.classes().iter().all(|class| Class::LASTING.contains(class));
        let are_known = self.objects.iter().all(lasts);
        let mut status = Status::Done;
        if are_known {
            status = self.leave_named(context, &mut scene);
        }
        let pids = self.pid.map(|pid| [pid]);
        let census = scene.census(&classes, pids.as_ref().map(<[i32; 1]>::as_slice))?;
        if !are_known {
            status = self.leave_named(context, &mut scene);
        }
        let at: Vec<At<'_>> = scene.spots.iter().filter_map(|spot| self.at(&scene, &census, spot)).collect();
        rows::write_report(context, &self.report, COLUMNS, &columns, HolderRow::all(&at))?;
        tell_unlisted(context, &scene.unlisted);
        tell_hidden(context, census.hidden);
        Ok(status)
    }
}

impl Who {
    /// Leaves what was asked for: kinds as a whole, and the objects of these names.
    fn leave_named(&self, context: &mut Context, scene: &mut Scene) -> Status {
        let kinds = self.objects.iter().filter(|one| matches!(one, Asked::Kind(_)));
        let whole: Vec<Class> = kinds.flat_map(Asked::classes).copied().collect();
        if self.objects.is_empty() {
            return Status::Done;
        }
        scene.retain_named(context, &Asked::names(&self.objects), &whole)
    }

    /// An object that somebody is at.
    fn at<'a>(&self, scene: &Scene, census: &'a Census, spot: &Spot) -> Option<At<'a>> {
        let mut users = scene.users(census, spot);
        users.retain(|(_, used)| !self.blocked || used.how.is_blocked());
        if users.is_empty() {
            return None;
        }
        let namespace = spot.place.and_then(|place| scene.places[place].namespace.clone());
        Some(At { object: spot.object.full_name(), namespace, users })
    }
}
