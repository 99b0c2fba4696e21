//! Lines at random: none crashes, hangs, or touches an object that was not named.

use super::both::{Told, ours};
use crate::support::World;

/// Numbers at random, the same in each run: Knuth's generator.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % most
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    /// A line of this tool with up to seven of these words.
    fn line(&mut self, tool: &str, words: &[&str]) -> String {
        let count = self.below(8);
        (0..count).fold(tool.to_owned(), |line, _| line + " " + self.of(words))
    }
}

/// What is there before: keys that no other word is like.
const BEGIN: &str = "for n in 1 2 3; do
    rmsgq create 0x4a$n && rshm create -s 10 0x5a$n && rsem create 0x6a$n || exit
    rmsgq create /q$n && rshm create -s 10 /s$n && rsem create /m$n || exit
done >/dev/null; rmsgq send 0x4a1 hello";

const ODD: &[&str] = &[
    "''",
    "-",
    "--",
    "---",
    "x",
    "-1",
    "99",
    "4294967296",
    "0x100000001",
    "99999999999999999999999",
    "-9223372036854775809",
    "$(printf '\\377')",
    "$(printf 'a\\033[31m')",
    "' '",
    "+",
    "=",
    "--=",
    "--=x",
    "-=",
    "%s%n",
    "$(seq -s, 500)",
    "/",
    "//",
    "/a/b",
    "..",
];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [more, ODD].concat()
}

/// Everything that is there.
fn inventory(world: &World) -> Vec<String> {
    let all = world.ok("ripcs", &["--json", "-o", "kind,name,key,mode"]);
    all.lines().filter(|line| line.contains("name")).map(|line| line.trim_end_matches(',').to_owned()).collect()
}

fn run(world: &World, lines: &[String]) -> Vec<Told> {
    let told = ours(world, lines);
    for (line, told) in lines.iter().zip(&told) {
        assert!(told.status == "0\n" || told.status == "1\n", "$ {line}\n{told:?}");
        assert!(!told.stderr.contains("panicked") && !told.stderr.contains("error:"), "$ {line}\n{told:?}");
        assert!(told.status == "0\n" || !told.stderr.is_empty(), "$ {line}\nfails in silence");
    }
    told
}

#[test]
fn lists_at_random_touch_nothing() {
    let Some(world) = World::new() else { return };
    world.script(BEGIN, &[]).success();
    let before = inventory(&world);
    let mut dice = Dice(9);
    let ipcs = with(&[
        "-m",
        "-q",
        "-s",
        "-a",
        "-t",
        "-p",
        "-c",
        "-l",
        "-u",
        "-b",
        "--human",
        "-i",
        "-i0",
        "-i 1",
        "-mi2",
        "--id=0",
        "--shm",
        "--sem",
        "--l",
        "--s",
        "--t",
        "-tu",
        "-z",
        "--queues=",
        "-V",
        "-h",
    ]);
    let lsipc = with(&[
        "-m",
        "-q",
        "-s",
        "-M",
        "-Q",
        "-S",
        "-g",
        "-i",
        "-i0",
        "-N",
        "-N /q1",
        "-N s1",
        "-N m1",
        "-J",
        "-e",
        "-r",
        "-n",
        "-l",
        "-c",
        "-t",
        "-b",
        "-P",
        "-y",
        "-o",
        "-o KEY",
        "-o NAME,PERMS",
        "-o +SIZE",
        "--noheadings",
        "--time-format",
        "--time-format=iso",
        "--time-format=full",
        "--notruncate",
        "-Jm",
        "-mt",
        "--posix-m",
        "--no",
        "-h",
    ]);
    let mut lines: Vec<String> = (0..250).map(|_| dice.line("ipcs", &ipcs)).collect();
    lines.extend((0..350).map(|_| dice.line("lsipc", &lsipc)));
    run(&world, &lines);
    assert_eq!(inventory(&world), before);
}

#[test]
fn what_is_made_at_random_is_new() {
    let Some(world) = World::new() else { return };
    world.script(BEGIN, &[]).success();
    let before = inventory(&world);
    let mut dice = Dice(10);
    let words = with(&[
        "-Q",
        "-M",
        "-M 10",
        "-S",
        "-S 2",
        "-m",
        "-m 10",
        "-q",
        "-s",
        "-n",
        "-n q1",
        "-n /s1",
        "-n /m1",
        "-n new",
        "-p",
        "-p 600",
        "-p 0777",
        "-p 7777",
        "-QS2",
        "--shmem=1K",
        "--sem 3",
        "--queue=1",
        "--na x",
        "-V",
    ]);
    let lines: Vec<String> = (0..250).map(|_| dice.line("ipcmk", &words)).collect();
    run(&world, &lines);
    let after = inventory(&world);
    assert!(before.iter().all(|object| after.contains(object)), "{before:#?}\n{after:#?}");
    assert!(after.len() > before.len(), "some lines make something");
}

#[test]
fn what_is_removed_at_random_was_named() {
    let Some(world) = World::new() else { return };
    let mut dice = Dice(11);
    // Half of the words name something: an object of the world by its key or name, which stand in no other
    // word. Nothing is named by identifier, so nothing without a key in a word may go.
    let words = with(&[
        "-Q 0x4a1",
        "-Q 0x4a2",
        "-M 0x5a1",
        "-M 0x5a3",
        "-S 0x6a2",
        "--semaphore-key=0x6a1",
        "--posix-mqueue /q1",
        "--posix-mqueue q2",
        "--posix-shmem /s1",
        "--posix-shm=s3",
        "--posix-semaphore m1",
        "--posix-sem /m2",
        "-v",
        "-q",
        "-m",
        "-s",
        "-Q",
        "-M",
        "-S",
        "-Q 0x5a2",
        "-M 0x6a3",
        "--all=x",
        "-aall",
        "shm",
        "msg",
        "sem",
        "-q 98",
        "-z",
        "--sh",
        "-h",
        "-V",
    ]);
    for _ in 0..25 {
        world.script("ripcs --json -o name >/dev/null; for t in msgq shm sem; do r$t list --no-header -o name | xargs -r r$t remove; done", &[]).success();
        world.script(BEGIN, &[]).success();
        let before = inventory(&world);
        let lines: Vec<String> = (0..8).map(|_| dice.line("ipcrm", &words)).collect();
        run(&world, &lines);
        let after = inventory(&world);
        let all = lines.join("\n");
        for gone in before.iter().filter(|object| !after.contains(object)) {
            let object: serde_json::Value = serde_json::from_str(gone).expect("JSON");
            let name = object["key"].as_str().map_or_else(
                || object["name"].as_str().expect("a name").trim_start_matches('/').to_owned(),
                |key| key.replacen("0x00000", "0x", 1),
            );
            assert!(all.contains(&name), "{gone} is gone, and was not named:\n{all}");
        }
        assert!(after.iter().all(|object| before.contains(object)), "nothing new");
    }
}
