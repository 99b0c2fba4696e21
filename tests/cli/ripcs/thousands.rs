//! More objects than are looked at together: every list has all of them, once and in order.

use serde_json::Value;

use super::stage::{rows, text};
use crate::support::{Call, World, has};

/// Sets, of which every seventh has been removed again, segments and a POSIX semaphore.
fn crowded() -> Option<World> {
    const MAKE: &str = "my @sets = map { semget(0, 2, 0600) // die $! } 1..2000;
        semctl($sets[$_ * 7], 0, 0, 0) for 0..285;
        shmget(0, 1, 0600) // die $! for 1..600;";
    if !has("perl") {
        return None;
    }
    let world = World::new()?;
    world.script("perl -e \"$1\"", &[MAKE]).success();
    world.ok("rsem", &["create", "/s"]);
    Some(world)
}

/// The sets as `/proc` has them, by identifier in the order of their slots.
fn sets(world: &World) -> Vec<String> {
    let table = world.script("awk 'NR > 1 { print $2 }' /proc/sysvipc/sem", &[]).success();
    let sets: Vec<String> = table.lines().map(str::to_owned).collect();
    assert_eq!(sets.len(), 2000 - 286);
    sets
}

#[test]
fn every_form_has_all_of_them_in_order() {
    let Some(world) = crowded() else { return };
    let sets = sets(&world);
    let names = |rows: &[Value]| rows.iter().map(|row| text(&row["name"])).collect::<Vec<_>>();
    let listed = |arguments: &[&str]| names(&rows(&world.run("ripcs", arguments)));
    let semaphores = [sets.as_slice(), &["/s".to_owned()]].concat();
    assert_eq!(listed(&["list", "set", "--json"]), sets);
    assert_eq!(listed(&["list", "semaphore", "--json"]), semaphores);
    assert_eq!(listed(&["--json", "-s"]), semaphores);
    assert_eq!(listed(&["list", "--json"])[600..], semaphores);
    let first = |arguments: &[&str]| {
        let lines = world.run("ripcs", arguments).success();
        lines.lines().map(|line| line.split_whitespace().next().unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(first(&["list", "set", "--no-header"]), sets);
    assert_eq!(first(&["list", "set", "--raw", "--no-header"]), sets);
    assert_eq!(first(&["-s", "--no-header"]), semaphores);
    let quoted: Vec<String> = sets.iter().map(|set| format!("ipc_name='{set}'")).collect();
    assert_eq!(first(&["list", "set", "--shell", "-o", "name"]), quoted);
    // One heading each, and no row is wider than another's columns.
    let page = world.run("ripcs", &[]).success();
    assert!(page.contains("\n600 segments, 600 bytes\n"), "{page}");
    assert!(page.ends_with("\n1714 sets, 3429 semaphores"), "{page}");
    let raw = world.run("ripcs", &["list", "set", "--raw"]).success();
    assert_eq!(raw.lines().filter(|line| line.starts_with("NAME ")).count(), 1);
}

#[test]
fn the_few_that_somebody_is_at_are_found_among_them() {
    let Some(world) = crowded() else { return };
    let sets = sets(&world);
    let waiters: Vec<_> = [sets.last(), sets.first(), sets.get(1000)]
        .map(|set| world.start("rsem", &["wait", set.expect("many")]))
        .into_iter()
        .collect();
    for waiter in &waiters {
        waiter.wait_until_in(Call::Semtimedop);
    }
    let who = |arguments: &[&str]| {
        let rows = rows(&world.run("ripcs", &[&["who", "--json"], arguments].concat()));
        rows.iter().map(|row| (text(&row["object"]), row["pid"].as_u64())).collect::<Vec<_>>()
    };
    let at = |set: usize, waiter: usize| (format!("set:{}", sets[set]), Some(u64::from(waiters[waiter].id())));
    let mut expected = vec![at(sets.len() - 1, 0), at(0, 1), at(1000, 2)];
    expected.sort_by_key(|(set, _)| set.strip_prefix("set:").and_then(|id| id.parse::<i32>().ok()));
    assert_eq!(who(&["set"]), expected);
    let named = format!("set:{}", sets[1000]);
    assert_eq!(who(&[&named]), [at(1000, 2)]);
    let everything = who(&[]);
    assert!(expected.iter().all(|row| everything.contains(row)), "{everything:?}");
}
