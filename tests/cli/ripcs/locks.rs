//! Locked files, as perl's and Python's programs lock them: in `who`, `list`, `show`, `graph` and `watch`, beside
//! lslocks.

use serde_json::{Value, json};

use super::stage::{rows, sorted, text, who};
use crate::support::{Call, Running, World, has, skip, wait_until};

/// The name of a file for a test alone: what is gone is looked for by its name, whoever calls it so.
fn file(name: &str) -> String {
    format!("/dev/shm/lock-{name}-{}", std::process::id())
}

/// Holds a flock(2) lock, or waits for it.
fn flock(world: &World, path: &str, claim: &str) -> Running {
    let script = "use Fcntl q(:flock); $|=1; open F, '+>>', $ARGV[0]; print qq(open\\n); flock F, eval $ARGV[1]; \
                  print qq(locked\\n); sleep 90";
    let mut perl = Running::start(world.command("perl").args(["-e", script, path, claim]));
    assert_eq!(perl.line(), "open");
    perl
}

fn flock_held(world: &World, path: &str, claim: &str) -> Running {
    let mut perl = flock(world, path, claim);
    assert_eq!(perl.line(), "locked");
    perl
}

/// Locks bytes as fcntl(2) does: `claim` is SH or EX; `lockf(file, claim, length, start)`.
fn posix(world: &World, path: &str, claim: &str, length: &str, start: &str) -> Running {
    let script = "import fcntl, sys, time
f = open(sys.argv[1], 'r+'); print('open', flush=True)
fcntl.lockf(f, getattr(fcntl, 'LOCK_' + sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])); print('locked', flush=True)
time.sleep(90)";
    let mut python = Running::start(world.command("python3").args(["-c", script, path, claim, length, start]));
    assert_eq!(python.line(), "open");
    python
}

fn posix_held(world: &World, path: &str, claim: &str, length: &str, start: &str) -> Running {
    let mut python = posix(world, path, claim, length, start);
    assert_eq!(python.line(), "locked");
    python
}

fn row(object: &str, process: &Running, how: &str) -> (String, u64, String) {
    (object.to_owned(), process.id().into(), how.to_owned())
}

#[test]
fn holders_and_waiters_are_told_by_path() {
    let Some(world) = World::new() else { return };
    let path = &file("all");
    if !has("perl") || !has("python3") {
        return;
    }
    let holder = flock_held(&world, path, "LOCK_EX");
    let waiter = flock(&world, path, "LOCK_SH");
    waiter.wait_until_in(Call::Flock);
    let [first, second] =
        [("10", "0"), ("5", "100")].map(|(length, start)| posix_held(&world, path, "EX", length, start));
    let shared = posix_held(&world, path, "SH", "0", "1000");
    let ranged = posix(&world, path, "EX", "50", "60");
    ranged.wait_until_in(Call::Fcntl);
    let lock = format!("lock:{path}");
    let behind = |process: &Running, what: &str| format!("blocked waiting for {what} behind {}", process.id());
    let truth = sorted(vec![
        row(&lock, &holder, "holds exclusive flock lock whole"),
        row(&lock, &waiter, &behind(&holder, "shared flock lock whole")),
        row(&lock, &first, "holds exclusive posix lock 0:10"),
        row(&lock, &second, "holds exclusive posix lock 100:5"),
        row(&lock, &shared, "holds shared posix lock 1000:"),
        row(&lock, &ranged, &behind(&second, "exclusive posix lock 60:50")),
    ]);
    world.script("ln -s \"$1\" /dev/shm/link; ln \"$1\" /dev/shm/hard", &[path]).success();
    for name in [path, &lock, "/dev/shm/link", "lock:/dev/shm/hard"] {
        assert_eq!(sorted(who(&world, &[name])), truth, "{name}");
    }
    let blocked: Vec<_> = truth.iter().filter(|row| row.2.starts_with("blocked")).cloned().collect();
    assert_eq!(sorted(who(&world, &["--blocked", path])), blocked);
    // Of one process alone it is known all the same whom it waits for.
    let told = rows(&world.run("ripcs", &["who", "lock", "--pid", &ranged.id().to_string(), "--json"]));
    let of_process: Vec<_> = told.iter().map(|row| (&row["blocked_by"], &row["fd"], &row["blocked"])).collect();
    assert_eq!(of_process, [(&json!([second.id()]), &json!([3]), &json!(1))], "{told:?}");
    let listed = rows(&world.run("ripcs", &["list", "lock", "--json", "--pid", &holder.id().to_string()]));
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(
        (&listed[0]["name"], &listed[0]["waiting"], &listed[0]["state"]),
        (&json!(path), &json!(2), &json!("waited for"))
    );
    assert_eq!(listed[0]["mode"], json!(world.script("stat -c 0%a \"$1\"", &[path]).success()));
    lslocks_lists_the_same(&world, &truth);
}

fn lslocks_lists_the_same(world: &World, truth: &[(String, u64, String)]) {
    if !has("lslocks") {
        return;
    }
    let told = world.script("lslocks -n -o PID,TYPE,MODE,START,END", &[]).success();
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for line in told.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let pid: u64 = words[0].parse().unwrap_or(0);
        if truth.iter().any(|row| row.1 == pid) {
            theirs.push((pid, words[1].to_lowercase(), words[2].to_owned()));
        }
    }
    for (_, pid, how) in truth {
        let has = |word: &str| how.contains(word);
        let mode = if has("exclusive") { "WRITE" } else { "READ" };
        let kind = if has("flock") { "flock" } else { "posix" };
        ours.push((*pid, kind.to_owned(), format!("{mode}{}", if has("blocked") { "*" } else { "" })));
    }
    theirs.sort();
    ours.sort();
    assert_eq!(ours, theirs, "{told}");
}

#[test]
fn a_thread_that_waits_is_the_one_that_is_told() {
    let Some(world) = World::new() else { return };
    let path = &file("thread");
    if !has("perl") || !has("python3") {
        return;
    }
    let _holder = flock_held(&world, path, "LOCK_EX");
    let script = "import fcntl, sys, threading
def wait(): fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX)
t = threading.Thread(target=wait, daemon=True); t.start(); print(t.native_id, flush=True); sys.stdin.read()";
    let mut python = Running::start(world.command("python3").args(["-c", script, path]));
    let thread: u64 = python.line().parse().expect("a thread");
    let waiting = || {
        let told = rows(&world.run("ripcs", &["who", path, "--blocked", "--json"]));
        told.first().map(|row| (row["pid"].as_u64(), row["thread"].as_u64()))
    };
    wait_until("the thread waits", || waiting() == Some((Some(python.id().into()), Some(thread))));
}

#[test]
fn a_path_is_all_that_is_known_of_its_file() {
    let Some(world) = World::new() else { return };
    let path = &file("path");
    if !has("perl") || !has("python3") {
        return;
    }
    let holder = flock_held(&world, path, "LOCK_EX");
    let script = "import mmap, sys
f = open(sys.argv[1], 'r+b'); f.truncate(4096); m = mmap.mmap(f.fileno(), 4096); print(flush=True); sys.stdin.read()";
    let mut mapper = Running::start(world.command("python3").args(["-c", script, path]));
    mapper.line();
    let truth = [
        row(&format!("file:{path}"), &mapper, "mapped rw"),
        row(&format!("lock:{path}"), &holder, "holds exclusive flock lock whole"),
    ];
    assert_eq!(who(&world, &[path]), truth);
    let shown = String::from_utf8_lossy(world.run("ripcs", &["show", path, "--json"]).stdout()).into_owned();
    let kinds: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<String> = kinds.iter().map(|object| text(&object["kind"])).collect();
    assert_eq!(kinds, ["file", "lock"]);
    // One that is gone goes by the name that is shown.
    world.script("rm \"$1\"", &[path]).success();
    let gone = format!("lock:{path} (deleted)");
    let told = who(&world, &[&gone]);
    assert_eq!(told, [row(&gone, &holder, "holds exclusive flock lock whole")]);
    let outcome = world.run("ripcs", &["who", path]);
    assert_eq!(outcome.status(), 3, "{}", outcome.stderr());
    assert!(
        outcome.stderr().contains(&format!("cannot find '{path}': nothing is called so\n")),
        "{}",
        outcome.stderr()
    );
}

/// Two processes that each hold a file and wait for the other's.
fn deadlock(world: &World) -> [Running; 2] {
    let script = "use Fcntl q(:flock); $|=1; open F, '+>>', $ARGV[0]; flock F, LOCK_EX; print qq(held\\n); <STDIN>; \
                  open G, '+>>', $ARGV[1]; flock G, LOCK_EX";
    let both = [("/dev/shm/a", "/dev/shm/b"), ("/dev/shm/b", "/dev/shm/a")].map(|(own, other)| {
        let mut perl = Running::start(world.command("perl").args(["-e", script, own, other]));
        assert_eq!(perl.line(), "held");
        perl
    });
    both.map(|mut perl| {
        drop(perl.input());
        perl.wait_until_in(Call::Flock);
        perl
    })
}

#[test]
fn a_deadlock_is_told_and_drawn_as_a_circle() {
    let Some(world) = World::new() else { return };
    if !has("perl") {
        return;
    }
    let [one, other] = deadlock(&world);
    let circle = json!([one.id().min(other.id()), one.id().max(other.id())]);
    let told = rows(&world.run("ripcs", &["who", "/dev/shm/a", "/dev/shm/b", "--blocked", "--json"]));
    assert_eq!(told.iter().map(|row| &row["cycle"]).collect::<Vec<_>>(), [&circle, &circle], "{told:?}");
    let how = format!("blocked waiting for exclusive flock lock whole behind {} (deadlock)", one.id());
    assert!(told.iter().any(|row| row["how"] == how.as_str()), "{told:?}");
    let table =
        world.run("ripcs", &["list", "lock", "-o", "name,state", "--pid", &one.id().to_string(), "--no-header"]);
    assert_eq!(String::from_utf8_lossy(table.stdout()), "/dev/shm/a  deadlock\n/dev/shm/b  deadlock\n");
    let outcome = world.run("ripcs", &["graph", "lock"]);
    let dot = String::from_utf8_lossy(outcome.stdout()).into_owned();
    let node = |name: &str| {
        let line = dot.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name} is not in {dot}"));
        line.split_whitespace().next().expect("a name").to_owned()
    };
    let actors = [&one, &other].map(|process| node(&format!("\"{} perl", process.id())));
    let files = ["a", "b"].map(|name| node(&format!("\"lock:/dev/shm/{name}\\ndeadlock\"")));
    for index in [0, 1] {
        let (own, next) = (&actors[index], &actors[1 - index]);
        assert!(
            dot.contains(&format!("  {own} -> {} [label=\"holds exclusive flock lock whole\"]", files[index])),
            "{dot}"
        );
        assert!(dot.contains(&format!("  {} -> {next} [label=\"blocked waiting for", files[index])), "{dot}");
    }
    // With one name it is one file, and whoever is at it.
    let outcome = world.run("ripcs", &["graph", "/dev/shm/a", "-f", "mermaid"]);
    let mermaid = String::from_utf8_lossy(outcome.stdout()).into_owned();
    assert!(mermaid.contains("lock:/dev/shm/a<br/>deadlock") && !mermaid.contains("/dev/shm/b"), "{mermaid}");
}

#[test]
fn a_lock_that_one_process_holds_is_drawn() {
    let Some(world) = World::new() else { return };
    let path = &file("one");
    if !has("perl") {
        return;
    }
    let holder = flock_held(&world, path, "LOCK_SH");
    let outcome = world.run("ripcs", &["graph", "lock"]);
    let dot = String::from_utf8_lossy(outcome.stdout()).into_owned();
    assert!(dot.contains(&format!("\"{} perl", holder.id())) && dot.contains(&format!("\"lock:{path}\"")), "{dot}");
}

#[test]
fn the_life_of_a_lock_is_told() {
    let Some(world) = World::new() else { return };
    let path = &file("life");
    if !has("perl") {
        return;
    }
    let mut watching =
        world.start("ripcs", &["watch", "--interval", "0.05", "--timeout", "120", &format!("lock:{path}")]);
    watching.wait_until_in(Call::Poll);
    let mut next = || watching.line().get(21..).unwrap_or_default().to_owned();
    let holder = flock_held(&world, path, "LOCK_EX");
    let held = format!("lock:{path}  {} perl: holds exclusive flock lock whole", holder.id());
    assert_eq!(next(), format!("created   lock:{path}"));
    assert_eq!(next(), format!("attached  {held}"));
    let waiter = flock(&world, path, "LOCK_EX");
    let waits = format!("blocked waiting for exclusive flock lock whole behind {}", holder.id());
    let waits = format!("lock:{path}  {} perl: {waits}", waiter.id());
    assert_eq!(next(), format!("blocked   {waits}"));
    drop(waiter);
    assert_eq!(next(), format!("woken     {waits}"));
    drop(holder);
    assert_eq!(next(), format!("detached  {held}"));
    assert_eq!(next(), format!("removed   lock:{path}"));
}

#[test]
fn a_stranger_sees_what_they_wait_for() {
    let Some(world) = World::new() else { return };
    let path = &file("stranger");
    let Some(nobody) = world.user(4252) else { return };
    if !has("perl") {
        return;
    }
    let holder = flock_held(&world, path, "LOCK_EX");
    world.script("chmod 666 \"$1\"", &[path]).success();
    let script = "use Fcntl q(:flock); open F, '<', $ARGV[0]; flock F, LOCK_SH";
    let waiter = Running::start(nobody.command("perl").args(["-e", script, path]));
    waiter.wait_until_in(Call::Flock);
    let lock = format!("lock:{path}");
    let outcome = nobody.run("ripcs", &["who", path, "--json"]);
    let told: Vec<_> =
        rows(&outcome).iter().map(|row| (text(&row["object"]), row["pid"].as_u64(), text(&row["how"]))).collect();
    let row = |process: &Running, how: String| (lock.clone(), Some(u64::from(process.id())), how);
    let behind = format!("blocked waiting for shared flock lock whole behind {}", holder.id());
    let mut truth = [row(&holder, "holds exclusive flock lock whole".into()), row(&waiter, behind)];
    truth.sort();
    let mut told = told;
    told.sort();
    assert_eq!(told, truth);
    let notes = outcome.stderr();
    assert_eq!(notes.matches("could not be looked at: they may be there, too").count(), 1, "{notes}");
    drop(waiter);
    // Nobody of theirs has it open: the path that they ask for is its name.
    let outcome = nobody.run("ripcs", &["list", "lock", "-o", "name,mode", "--no-header"]);
    assert!(
        !String::from_utf8_lossy(outcome.stdout()).contains(path.as_str()),
        "{}",
        String::from_utf8_lossy(outcome.stdout())
    );
    let outcome = nobody.run("ripcs", &["who", path, "-o", "object,pid", "--no-header"]);
    assert_eq!(String::from_utf8_lossy(outcome.stdout()), format!("{lock}  {}\n", holder.id()));
}

#[test]
fn who_waits_for_a_process_outside_the_pid_namespace_is_told() {
    let Some(world) = World::new() else { return };
    let path = &file("outside");
    if !has("perl") || !has("flock") {
        return;
    }
    let _holder = flock_held(&world, path, "LOCK_EX");
    let script = "flock \"$1\" true & waiter=$!
        until [ \"$(cut -d' ' -f1 /proc/$waiter/syscall)\" = \"$2\" ]; do :; done
        ripcs who \"$1\" --no-header -o object,pid,how; echo $waiter; kill -9 $waiter";
    let inside =
        format!("unshare --pid --fork --kill-child --mount-proc sh -c '{}' sh \"$@\"", script.replace('\'', "'\\''"));
    let outcome = world.script(&inside, &[path, if cfg!(target_arch = "x86_64") { "73" } else { "32" }]);
    let printed = String::from_utf8_lossy(outcome.stdout()).into_owned();
    if printed.is_empty() {
        skip("no pid namespace of our own can be made here");
        return;
    }
    let (row, waiter) = printed.trim_end().rsplit_once('\n').unwrap_or(("", &printed));
    assert_eq!(row, format!("lock:{path}  {waiter}  blocked waiting for exclusive flock lock whole"));
}
