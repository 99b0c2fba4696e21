//! `list --deleted`: memory that no directory has any more.

use serde_json::Value;

use super::shown;
use crate::support::{Running, World, has, is_root, skip};

/// What `list --deleted` says of this process.
fn of_process(world: &World, pid: u32) -> Vec<Value> {
    let listed = world.run("rshm", &["list", "--deleted", "--json"]);
    assert_eq!(listed.status(), 0, "{}", listed.stderr());
    let listed: Value = serde_json::from_slice(listed.stdout()).expect("JSON");
    listed.as_array().expect("a list").iter().filter(|row| row["pid"] == pid).cloned().collect()
}

/// A Python that does this, says so, and waits for its end.
fn python(world: &World, script: &str) -> Option<Running> {
    if !has("python3") {
        return None;
    }
    let script = format!("import mmap, os, sys\n{script}\nprint('ready', flush=True)\nsys.stdin.read()");
    let mut python = Running::start(world.command("python3").args(["-c", &script]));
    assert_eq!(python.line(), "ready");
    Some(python)
}

#[test]
fn a_removed_object_that_is_open_is_found_and_read() {
    let Some(world) = World::new() else { return };
    world.ok("rshm", &["create", "/data", "--size", "7"]);
    world.ok("rshm", &["write", "/data", "content"]);
    let Some(holder) = python(&world, "fd = os.open('/dev/shm/data', os.O_RDWR)") else { return };
    assert_eq!(of_process(&world, holder.id()), Vec::<Value>::new(), "it has a name yet");
    world.ok("rshm", &["remove", "/data"]);
    let found = of_process(&world, holder.id());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0]["was"].as_str(), found[0]["bytes"].as_u64(), found[0]["mode"].as_str()),
        (Some("/data"), Some(7), Some("0600"))
    );
    assert!(found[0]["command"].as_str().is_some_and(|command| command.starts_with("python")), "{found:?}");
    let name = found[0]["name"].as_str().expect("a name");
    assert_eq!(world.ok("rshm", &["read", name]), "content");
    world.ok("rshm", &["write", name, "CON"]);
    assert_eq!(world.ok("rshm", &["read", name]), "CONtent");
    let shown = shown(&world, name);
    assert_eq!(
        (shown["status"].as_str(), shown["processes"][0]["pid"].as_u64()),
        (Some("deleted"), Some(holder.id().into()))
    );
    let table = world.run("rshm", &["list", "--deleted"]);
    let table = String::from_utf8_lossy(table.stdout()).into_owned();
    assert!(table.lines().any(|line| line.starts_with(name) && line.contains("/data")), "{table}");
}

#[test]
fn a_memfd_is_found_and_read() {
    let Some(world) = World::new() else { return };
    let Some(holder) = python(&world, "fd = os.memfd_create('scratch'); os.write(fd, b'in a memfd')") else { return };
    let found = of_process(&world, holder.id());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0]["was"].as_str(), found[0]["bytes"].as_u64()), (Some("memfd:scratch"), Some(10)));
    assert_eq!(world.ok("rshm", &["read", found[0]["name"].as_str().expect("a name")]), "in a memfd");
    let pid = holder.id();
    drop(holder);
    assert_eq!(of_process(&world, pid), Vec::<Value>::new());
}

#[test]
fn what_is_only_mapped_is_found() {
    let Some(world) = World::new() else { return };
    let script =
        "fd = os.memfd_create('scratch'); os.write(fd, b'only mapped'); memory = mmap.mmap(fd, 11); os.close(fd)
import gc; gc.collect()
for number in os.listdir('/proc/self/fd'):
    try:
        if 'memfd' in os.readlink('/proc/self/fd/' + number): os.close(int(number))
    except OSError: pass";
    let Some(holder) = python(&world, script) else { return };
    let found = of_process(&world, holder.id());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["was"], "memfd:scratch");
    let name = found[0]["name"].as_str().expect("a name");
    assert!(name.contains("/map_files/"), "{name}");
    if !is_root() {
        skip("only root opens what others have mapped");
        return;
    }
    assert_eq!(found[0]["bytes"], 11);
    assert_eq!(world.ok("rshm", &["read", name]), "only mapped");
}

#[test]
fn what_somebody_maps_under_another_name_is_not_deleted() {
    let Some(world) = World::new() else { return };
    let script = "fd = os.open('/dev/shm/data', os.O_RDWR); os.link('/dev/shm/data', '/dev/shm/other'); os.unlink('/dev/shm/data')";
    world.ok("rshm", &["create", "/data", "--size", "7"]);
    let Some(holder) = python(&world, script) else { return };
    assert_eq!(of_process(&world, holder.id()), Vec::<Value>::new());
    assert_eq!(super::names(&world), "/other");
}
