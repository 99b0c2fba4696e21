//! `ripcs orphans`: objects that nobody uses any more, and why they are taken for such.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use super::kinds::{self, KindWord, tell_unlisted};
use super::list::Filter;
use super::place::{NamespaceArgs, Place};
use super::scene::{Scene, Spot};
use crate::app::{Context, Verb};
use crate::args::ReportArgs;
use crate::cmd::rows;
use crate::cmd::rows::orphan::{COLUMNS, OrphanRow};
use crate::exit::Status;
use crate::ipc::Key;
use crate::ipc::census::{Attention, Census, Class, Evidence, Object, Roster, Verdict};
use crate::ipc::users::Names;

#[derive(Debug, Args)]
pub(super) struct Orphans {
    #[command(flatten)]
    choice: Choice,

    #[command(flatten)]
    report: ReportArgs,
}

/// Which orphans are meant.
#[derive(Debug, Args)]
pub(super) struct Choice {
    /// The kinds to look at: queue, segment, semaphore, set; without one all of these
    #[arg(value_name = "KIND")]
    kinds: Vec<KindWord>,

    #[command(flatten)]
    filter: Filter,

    /// Also objects of which it is not certain: it is said why
    #[arg(long)]
    pub likely: bool,

    #[command(flatten)]
    pub namespace: NamespaceArgs,
}

/// An orphan, and where it is.
pub(super) struct Orphan {
    pub object: Object,
    pub place: Place,
    pub row: OrphanRow,
}

impl Verb for Orphans {
    const NAME: &'static str = "orphans";
    const ABOUT: &'static str = "List objects that nobody uses any more, and why they are taken for such";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.report.list.wants_help() {
            return rows::write_help(context, COLUMNS);
        }
        let mut columns = rows::chosen_with(COLUMNS, &self.report, self.choice.namespace.is_given())?;
        if self.choice.likely && self.report.list.columns.is_none() && !self.report.form_has_all() {
            columns.extend(COLUMNS.iter().filter(|column| column.name == "doubts"));
        }
        let found = self.choice.find(context)?;
        let rows = found.into_iter().map(|orphan| orphan.row).collect();
        rows::write_report(context, &self.report, COLUMNS, &columns, rows)?;
        Ok(Status::Done)
    }
}

impl Choice {
    /// The orphans that are meant, those of the same key together.
    pub(super) fn find(&self, context: &mut Context) -> anyhow::Result<Vec<Orphan>> {
        // What shares a key with something in use is no orphan: so all kinds are looked at.
        let mut scene = Scene::of(context, &self.namespace, &Class::LASTING)?;
        let census = scene.census(&[], None)?;
        let roster = Roster::take().context("cannot look at the processes")?;
        let now = jiff::Timestamp::now().as_second();
        let mut verdicts = verdicts(&scene, &census, &roster, now)?;
        let in_use = keys(&scene, |index| verdicts[index].is_none());
        for (spot, verdict) in scene.spots.iter().zip(&mut verdicts) {
            let shares = spot.object.key().is_some_and(|key| in_use.contains_key(&(spot.place, key)));
            if shares || !self.takes(&spot.object, verdict.as_ref(), now) {
                *verdict = None;
            }
        }
        let groups = keys(&scene, |index| verdicts[index].is_some());
        tell_unlisted(context, &scene.unlisted);
        let Scene { places, spots, .. } = scene;
        let pairs = spots.into_iter().zip(verdicts).filter_map(|(spot, verdict)| Some((spot, verdict?)));
        let mut found: Vec<Orphan> =
            pairs.filter_map(|(spot, verdict)| orphan(&places, spot, verdict, &groups)).collect();
        found.sort_by_key(|orphan| (orphan.row.group.is_none(), orphan.row.group));
        let mut rows: Vec<_> = found.iter().map(|orphan| orphan.row.clone()).collect();
        OrphanRow::name_all(&mut rows);
        for (orphan, row) in found.iter_mut().zip(rows) {
            orphan.row = row;
        }
        Ok(found)
    }

    /// Whether an object with this verdict is meant.
    fn takes(&self, object: &Object, verdict: Option<&Verdict>, now: i64) -> bool {
        let is_meant = kinds::classes(&self.kinds).contains(&object.class()) && self.filter.takes(object, now);
        is_meant && verdict.is_some_and(|verdict| self.likely || verdict.doubts.is_empty())
    }

    /// What is known of this one now: looked at again, and everybody else with it. `None` when it is gone,
    /// another has its name, or it is no orphan any more.
    pub(super) fn judge_again(&self, object: &Object, place: &Place) -> std::io::Result<Option<Object>> {
        place.within(|| {
            let Some(now) = object.again()? else { return Ok(None) };
            let time = jiff::Timestamp::now().as_second();
            let mut census = Census::take(&Attention::to([&now], &[], Some(place.number)))?;
            census.complete([(&now, Some(place.number))]);
            let roster = Roster::take()?;
            let evidence = Evidence { census: &census, roster: &roster, namespace: place.number, now: time };
            let verdict = evidence.verdict(&now);
            Ok(Some(now).filter(|now| self.takes(now, verdict.as_ref(), time)))
        })
    }
}

/// The verdict on every object, each made inside its namespace.
fn verdicts(scene: &Scene, census: &Census, roster: &Roster, now: i64) -> anyhow::Result<Vec<Option<Verdict>>> {
    let mut verdicts: Vec<Option<Verdict>> = vec![None; scene.spots.len()];
    for (index, place) in scene.places.iter().enumerate() {
        let evidence = Evidence { census, roster, namespace: place.number, now };
        let here = || (0..scene.spots.len()).filter(|&spot| scene.spots[spot].place == Some(index));
        let made =
            place.within(|| Ok(here().map(|spot| evidence.verdict(&scene.spots[spot].object)).collect::<Vec<_>>()));
        let made = made.with_context(|| format!("cannot look at the objects{}", place.told()))?;
        here().zip(made).for_each(|(spot, verdict)| verdicts[spot] = verdict);
    }
    Ok(verdicts)
}

/// Keys, each with its namespace, of the objects that are chosen; and how many have it.
fn keys(scene: &Scene, is_chosen: impl Fn(usize) -> bool) -> HashMap<(Option<usize>, Key), usize> {
    let mut keys = HashMap::new();
    for (index, spot) in scene.spots.iter().enumerate() {
        if let Some(key) = spot.object.key().filter(|_| is_chosen(index)) {
            *keys.entry((spot.place, key)).or_insert(0) += 1;
        }
    }
    keys
}

fn orphan(
    places: &[Place],
    spot: Spot,
    verdict: Verdict,
    groups: &HashMap<(Option<usize>, Key), usize>,
) -> Option<Orphan> {
    let place = places.get(spot.place?)?.clone();
    let is_group = |key: &Key| groups.get(&(spot.place, *key)).is_some_and(|&count| count > 1);
    let row = OrphanRow {
        object: spot.object.full_name(),
        class: spot.object.class(),
        uid: spot.object.owner(),
        group: spot.object.key().filter(is_group),
        used: spot.object.last_used(),
        verdict,
        namespace: place.namespace.clone(),
        names: Arc::new(Names::default()),
        done: None,
    };
    Some(Orphan { object: spot.object, place, row })
}
