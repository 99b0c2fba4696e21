//! `rpipe set`: the capacity of a live pipe.

use super::rpipe;
use crate::support::{Call, Running, World, skip, tool};

fn capacity(target: &str) -> u64 {
    let shown = rpipe(&["show", "--json", target]);
    let shown: serde_json::Value = serde_json::from_slice(shown.stdout()).expect("JSON");
    shown["capacity"].as_u64().expect("a number")
}

#[test]
fn a_live_pipe_grows_and_shrinks() {
    let writer = Running::start(&mut tool("yes"));
    writer.wait_until_in(Call::Write);
    let target = format!("{}:1", writer.id());
    assert_eq!(capacity(&target), 65536);
    assert_eq!(rpipe(&["set", &target, "--capacity", "100000"]).success(), "");
    assert_eq!(capacity(&target), 131_072);
    // What is in it has to fit.
    rpipe(&["set", &target, "-c", "4K"]).fails(1, "would not fit into 4096 bytes");
    rpipe(&["set", &target, "-c", "3G"]).fails(1, "none has more than 2 GiB");
    rpipe(&["set", &target]).fails(2, "--capacity");
    assert_eq!(capacity(&target), 131_072);
    let idle = Running::start(tool("sleep").arg("1000"));
    let target = format!("{}:0", idle.id());
    rpipe(&["set", &target, "-c", "1"]).success();
    assert_eq!(capacity(&target), 4096);
}

#[test]
fn the_limit_is_named_with_its_value() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(65_534) else { return };
    let Ok(limit) = std::fs::read_to_string("/proc/sys/fs/pipe-max-size") else {
        return skip("no /proc/sys/fs/pipe-max-size");
    };
    let idle = Running::start(nobody.command("sleep").arg("1000"));
    idle.wait_until_in(Call::Nanosleep);
    let above = (limit.trim().parse::<u64>().expect("a number") * 2).to_string();
    let words = format!("/proc/sys/fs/pipe-max-size is {}", limit.trim());
    nobody.run("rpipe", &["set", &format!("{}:0", idle.id()), "-c", &above]).fails(5, &words);
}
