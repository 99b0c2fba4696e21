//! `ripcs --namespace`: the page of the overview about other IPC namespaces.

use std::io::Write as _;

use anyhow::Context as _;

use super::any::{self, AnyColumn};
use super::kinds::tell_unlisted;
use super::list::items;
use super::listing::Listing;
use super::overview::{narrowed, on_page};
use super::place::{NamespaceArgs, Place};
use super::scene::Scene;
use super::section::{KINDS, Kind, Sums, told};
use crate::app::Context;
use crate::args::{ListArgs, ReportArgs};
use crate::exit::Status;
use crate::ipc::census::{Class, Object};

/// The page. Its rows tell their namespace, and its totals are of all that are looked into.
pub(super) struct Elsewhere {
    pub args: ListArgs,
    /// The columns that one of ipcs' own options stands for.
    pub facet: Option<&'static str>,
    pub totals_alone: bool,
}

impl Elsewhere {
    /// Writes the sections of these kinds: queues, segments, semaphores.
    pub(super) fn write(
        self,
        context: &mut Context,
        namespaces: &NamespaceArgs,
        kinds: [bool; 3],
    ) -> anyhow::Result<Status> {
        let kinds: Vec<&Kind> =
            KINDS.iter().zip(kinds).filter_map(|(kind, is_asked)| is_asked.then_some(kind)).collect();
        let classes: Vec<Class> = kinds.iter().flat_map(|kind| kind.classes).copied().collect();
        let names = any::names(&classes);
        let facet = self.facet.map(|facet| format!("{},namespace,container", on_page(facet, &names)));
        let list = self.args.columns.clone().or(facet);
        let places = if self.args.wants_help() { Vec::new() } else { namespaces.places(context)? };
        if self.args.json && !self.args.wants_help() {
            let report = self.report(list);
            let columns = any::chosen(&classes, &report, true)?;
            self.rows(context, places, &classes, &report, &columns, |_| Sums::new())?;
            return Ok(Status::Done);
        }
        let mut gap = "";
        for Kind { title, classes: here, sums } in kinds {
            let own = any::names(here);
            let is_here = |word: &str| own.iter().any(|name| name.eq_ignore_ascii_case(word));
            let narrow = list.as_deref().map(|list| narrowed(list, is_here, &names));
            if narrow == Some(None) {
                continue;
            }
            let report = self.report(narrow.flatten());
            let columns = if self.args.wants_help() { Vec::new() } else { any::chosen(here, &report, true)? };
            if !self.args.no_header || self.args.wants_help() {
                writeln!(context.out, "{gap}{title}")?;
                gap = "\n";
            }
            if self.args.wants_help() {
                any::write_help(context, here)?;
                continue;
            }
            let sums = self.rows(context, places.clone(), here, &report, &columns, sums)?;
            if !self.args.no_header {
                writeln!(context.out, "{}", told(&sums))?;
            }
        }
        Ok(Status::Done)
    }

    fn report(&self, columns: Option<String>) -> ReportArgs {
        let list = ListArgs { columns, ..self.args.clone() };
        ReportArgs { list, sort: None, shell: false, raw: false }
    }

    /// Writes the objects of these kinds, unless the totals are wanted alone: those.
    fn rows(
        &self,
        context: &mut Context,
        places: Vec<Place>,
        classes: &[Class],
        report: &ReportArgs,
        columns: &[AnyColumn],
        sums: impl Fn(&[&Object]) -> Sums,
    ) -> anyhow::Result<Sums> {
        let mut scene = Scene::at(places, classes, true)?;
        scene.ask(|objects| any::fill(objects, columns, report)).context("cannot look at the objects")?;
        let sums = sums(&scene.spots.iter().map(|spot| &spot.object).collect::<Vec<_>>());
        let unlisted = std::mem::take(&mut scene.unlisted);
        if !self.totals_alone || self.args.json {
            Listing::new(report, classes, columns).write(context, items(&mut scene, None))?;
        }
        tell_unlisted(context, &unlisted);
        Ok(sums)
    }
}
