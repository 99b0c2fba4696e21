//! `ripcs graph`: who talks to whom, in each form.

use std::process::Command;

use crate::support::{Call, Outcome, Running, World, has};

/// A queue with a receiver that sleeps and a holder of memory: what each test draws.
fn play(world: &World) -> (Running, Running) {
    world.ok("rmsgq", &["create", "0x4b"]);
    let receiver = world.start("rmsgq", &["recv", "0x4b"]);
    receiver.wait_until_in(Call::Msgrcv);
    world.ok("rshm", &["create", "/m", "--size", "8"]);
    let holder = Running::start(&mut world.sh("exec 5<>/dev/shm/m; exec cat", &[]));
    // The shell has become what it is to be.
    holder.wait_until_in(Call::Read);
    (receiver, holder)
}

/// What is drawn. Processes of others may come and go on the machine, which is said and no matter here.
fn drawn(world: &World, args: &[&str]) -> String {
    let outcome = world.run("ripcs", args);
    assert_eq!(outcome.status(), 0, "{}", outcome.stderr());
    String::from_utf8_lossy(outcome.stdout()).into_owned()
}

#[test]
fn every_process_is_joined_to_its_objects() {
    let Some(world) = World::new() else { return };
    let (receiver, holder) = play(&world);
    // What nobody has is not drawn unless it is named.
    world.ok("rsem", &["create", "0x4c"]);
    let dot = drawn(&world, &["graph", "queue:0", "segment:/m"]);
    let node = |name: &str| {
        let line = dot.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name} is not in {dot}"));
        line.split_whitespace().next().expect("a name").to_owned()
    };
    let (blocked, cat) = (node(&format!("\"{} rmsgq", receiver.id())), node(&format!("\"{} cat", holder.id())));
    let (queue, memory) = (node("\"queue:0"), node("\"segment:/m"));
    assert!(dot.contains(&format!("{queue} -> {blocked} [label=\"blocked in msgrcv\", style=dashed")), "{dot}");
    assert!(dot.contains(&format!("{cat} -> {memory} [label=\"open rw\", dir=both]")), "{dot}");
    assert!(!dot.contains("set:0"), "{dot}");
    assert!(!drawn(&world, &["graph"]).contains("set:0"));
    assert!(drawn(&world, &["graph", "set:0"]).contains("set:0"));
}

#[test]
fn a_tree_of_processes_is_all_that_is_drawn() {
    let Some(world) = World::new() else { return };
    let (receiver, holder) = play(&world);
    let tree = drawn(&world, &["graph", "--tree", &holder.id().to_string()]);
    assert!(tree.contains("segment:/m") && !tree.contains("queue:0"), "{tree}");
    let tree = drawn(&world, &["graph", "--tree", &std::process::id().to_string()]);
    assert!(tree.contains(&receiver.id().to_string()) && tree.contains("segment:/m"), "{tree}");
    world.run("ripcs", &["graph", "--tree", "2147483647"]).fails(3, "cannot look at process 2147483647");
}

#[test]
fn graphviz_takes_it() {
    let Some(world) = World::new() else { return };
    if !has("dot") {
        return;
    }
    let _playing = play(&world);
    let dot = drawn(&world, &["graph"]);
    let plain = Outcome::fed(Command::new("dot").arg("-Tplain"), dot.as_bytes()).success();
    assert!(plain.lines().any(|line| line.starts_with("edge")), "{plain}");
}

#[test]
fn a_picture_is_xml_with_all_names() {
    let Some(world) = World::new() else { return };
    let _playing = play(&world);
    let script = "name=/dev/shm/$(printf '<&\"\\033\\342\\200\\256'); : >\"$name\"; exec 5<\"$name\"; echo; exec cat";
    let mut holder = Running::start(&mut world.sh(script, &[]));
    holder.line();
    let svg = drawn(&world, &["graph", "--format", "svg"]);
    assert!(svg.contains(">segment:/&lt;&amp;&quot;\\x1b\\u{202e}</text>"), "{svg}");
    assert!(svg.contains(">blocked in msgrcv</text>"), "{svg}");
    if has("python3") {
        let parse = "import sys, xml.dom.minidom as m; m.parseString(sys.stdin.buffer.read())";
        Outcome::fed(Command::new("python3").args(["-c", parse]), svg.as_bytes()).success();
    }
    let mermaid = drawn(&world, &["graph", "-f", "mermaid"]);
    assert!(mermaid.starts_with("flowchart LR\n") && mermaid.contains("-.->|\"blocked in msgrcv\"|"), "{mermaid}");
}

#[test]
fn what_is_not_there_is_told() {
    let Some(world) = World::new() else { return };
    let missing = world.run("ripcs", &["graph", "queue:9"]);
    assert_eq!(missing.status(), 3, "{}", missing.stderr());
    world.run("ripcs", &["graph", "--format", "png"]).fails(2, "png");
}
