//! `ripcs --namespace`: the page of the overview about other IPC namespaces.

use std::io::Write as _;

use anyhow::Context as _;

use super::amount::{bytes, messages};
use super::any::{self, AnyColumn};
use super::kinds::tell_unlisted;
use super::list::items;
use super::listing::Listing;
use super::overview::{Total, narrowed, on_page};
use super::place::{NamespaceArgs, Place};
use super::scene::Scene;
use crate::app::Context;
use crate::args::{ListArgs, ReportArgs};
use crate::exit::Status;
use crate::ipc::census::{Class, Object};
use crate::output::counted;

/// A table of the page.
struct Section {
    title: &'static str,
    classes: &'static [Class],
}

const SECTIONS: [Section; 3] = [
    Section { title: "Message queues", classes: &[Class::Queue] },
    Section { title: "Shared memory", classes: &[Class::Segment] },
    Section { title: "Semaphores", classes: &[Class::Set, Class::Semaphore] },
];

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
        let sections = SECTIONS.iter().zip(kinds).filter(|(_, is_asked)| *is_asked).map(|(section, _)| section);
        let sections: Vec<&Section> = sections.collect();
        let classes: Vec<Class> = sections.iter().flat_map(|section| section.classes).copied().collect();
        let names = any::names(&classes);
        let facet = self.facet.map(|facet| format!("{},namespace,container", on_page(facet, &names)));
        let list = self.args.columns.clone().or(facet);
        let places = if self.args.wants_help() { Vec::new() } else { namespaces.places(context)? };
        if self.args.json && !self.args.wants_help() {
            let report = self.report(list);
            let columns = any::chosen(&classes, &report, true)?;
            self.rows(context, places, &classes, &report, &columns)?;
            return Ok(Status::Done);
        }
        let mut gap = "";
        for Section { title, classes: here } in sections {
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
            let totals = self.rows(context, places.clone(), here, &report, &columns)?;
            if !self.args.no_header {
                writeln!(context.out, "{}", totals.join(", "))?;
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
    ) -> anyhow::Result<Vec<String>> {
        let mut scene = Scene::at(places, classes, true)?;
        scene.ask(|objects| any::fill(objects, columns, report)).context("cannot look at the objects")?;
        let objects: Vec<&Object> = scene.spots.iter().map(|spot| &spot.object).collect();
        let totals = totals(classes[0], &objects);
        let unlisted = std::mem::take(&mut scene.unlisted);
        if !self.totals_alone || self.args.json {
            Listing::new(report, classes, columns).write(context, items(&mut scene, None))?;
        }
        tell_unlisted(context, &unlisted);
        Ok(totals)
    }
}

fn totals(class: Class, objects: &[&Object]) -> Vec<String> {
    let count = |noun| counted(objects.len() as u64, noun);
    let bytes = || Total::of(objects.iter().map(|object| bytes(object))).counted("byte");
    match class {
        Class::Queue => {
            vec![count("queue"), Total::of(objects.iter().map(|object| messages(object))).counted("message"), bytes()]
        }
        Class::Segment => vec![count("segment"), bytes()],
        _ => {
            let members = |object: &&Object| if let Object::Set(set) = object { set.count } else { 1 };
            let sets = objects.iter().filter(|object| object.class() == Class::Set).count() as u64;
            vec![counted(sets, "set"), counted(objects.iter().map(members).sum(), "semaphore")]
        }
    }
}
