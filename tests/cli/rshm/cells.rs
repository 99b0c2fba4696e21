//! `get`, `put`, `add`, `swap`, `cas`: numbers in cells.

use super::both_kinds;
use crate::support::{Call, Running, World, has};

#[test]
fn every_type_lies_in_memory_as_it_should() {
    let Some(world) = World::new() else { return };
    let table: &[(&str, &str, &[u8])] = &[
        ("i8", "-128", &[0x80]),
        ("u8", "0xff", &[0xff]),
        ("i16le", "-2", &[0xfe, 0xff]),
        ("i16be", "-2", &[0xff, 0xfe]),
        ("u16be", "258", &[1, 2]),
        ("i32le", "-2147483648", &[0, 0, 0, 0x80]),
        ("u32be", "16909060", &[1, 2, 3, 4]),
        ("u32le", "16909060", &[4, 3, 2, 1]),
        ("i64be", "-2", &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]),
        ("u64le", "18446744073709551615", &[0xff; 8]),
        ("f32be", "1.5", &[0x3f, 0xc0, 0, 0]),
        ("f64le", "-0.5", &[0, 0, 0, 0, 0, 0, 0xe0, 0xbf]),
    ];
    for name in both_kinds(&world, "5000") {
        for (kind, value, bytes) in table {
            // Aligned, and neither aligned nor on one page.
            for offset in ["16", "4095"] {
                let cell = format!("{offset}:{kind}");
                let length = bytes.len().to_string();
                world.ok("rshm", &["put", name, &cell, value]);
                assert_eq!(
                    world.run("rshm", &["read", name, "--offset", offset, "--length", &length]).stdout(),
                    *bytes
                );
                let shown = if *value == "0xff" { "255" } else { value };
                assert_eq!(world.ok("rshm", &["get", name, &cell]), shown, "{cell}");
                world.ok("rshm", &["write", name, "--fill", "0"]);
            }
        }
        world.ok("rshm", &["put", name, "0:u32be", "1"]);
        assert_eq!(world.ok("rshm", &["get", name, "0:u32be", "0:u32le", "0x3:u8"]), "1\n16777216\n1");
    }
}

#[test]
fn changes_print_what_they_found_or_made() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "64") {
        for cell in ["0:i8", "2:i16be", "4:u32", "8:i64be", "16:u64", "24:f32", "32:f64be"] {
            assert_eq!(world.ok("rshm", &["add", name, cell]), "1", "{cell}");
            assert_eq!(world.ok("rshm", &["add", name, cell, "41"]), "42");
            assert_eq!(world.ok("rshm", &["add", name, cell, "-2"]), "40");
            assert_eq!(world.ok("rshm", &["swap", name, cell, "7"]), "40");
            assert_eq!(world.ok("rshm", &["cas", name, cell, "7", "9"]), "7");
            let other = world.run("rshm", &["cas", name, cell, "7", "11"]);
            assert_eq!((other.status(), other.stdout(), other.stderr().as_str()), (1, &b"9\n"[..], ""));
            assert_eq!(world.ok("rshm", &["get", name, cell]), "9");
        }
    }
}

#[test]
fn one_step_is_for_aligned_cells() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "64") {
        world.ok("rshm", &["put", name, "1:u32", "5"]);
        for (verb, values) in [("add", &["1"][..]), ("swap", &["1"]), ("cas", &["5", "1"])] {
            let refused = world.run("rshm", &[&[verb, name, "1:u32"], values].concat());
            refused.fails(2, "cell 1:u32 cannot be changed in one step: its offset is no multiple of 4\n");
        }
        assert_eq!(world.ok("rshm", &["get", name, "1:u32"]), "5");
        for cell in ["1:u32", "0:u64", "0:u16"] {
            world.run("rshm", &["put", name, cell, "1", "--wake"]).fails(2, "--wake wants an aligned cell of 32 bits");
        }
        assert_eq!(world.ok("rshm", &["get", name, "1:u32"]), "5");
    }
}

#[test]
fn a_sum_out_of_range_changes_nothing() {
    let Some(world) = World::new() else { return };
    let table = [
        ("0:i8", "127", "1"),
        ("0:i8", "-128", "-1"),
        ("0:u8", "255", "1"),
        ("0:u8", "0", "-1"),
        ("0:i16be", "32767", "32767"),
        ("0:u16", "65535", "65535"),
        ("0:i32", "2147483647", "1"),
        ("0:u32be", "0", "-1"),
        ("0:i64", "9223372036854775807", "1"),
        ("0:i64be", "-9223372036854775808", "-1"),
        ("0:u64", "18446744073709551615", "1"),
        ("0:u64", "5", "-6"),
    ];
    for name in both_kinds(&world, "8") {
        for (cell, value, more) in table {
            world.ok("rshm", &["put", name, cell, value]);
            world.run("rshm", &["add", name, cell, more]).fails(1, "would leave its range\n");
            assert_eq!(world.ok("rshm", &["get", name, cell]), value, "{cell}");
        }
    }
}

#[test]
fn what_is_no_cell_or_no_value_is_refused() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "8") {
        for (cell, value) in
            [("0:i8", "128"), ("0:u8", "-1"), ("0:u64", "18446744073709551616"), ("0:i32", "1.5"), ("0:f32", "1e39")]
        {
            for verb in ["put", "swap"] {
                world.run("rshm", &[verb, name, cell, value]).fails(2, &format!("'{value}' is no value of "));
            }
            world.run("rshm", &["cas", name, cell, "0", value]).fails(2, "is no value of ");
            world.run("rshm", &["wait", name, cell, "eq", value]).fails(2, "is no value of ");
        }
        for cell in ["8:u8", "5:u32", "1:u64", "18446744073709551615:u64"] {
            world.run("rshm", &["get", name, cell]).fails(1, &format!("no cell {cell}: "));
            world.run("rshm", &["put", name, cell, "1"]).fails(1, "past the end of ");
        }
        for cell in ["0", "0:", "x:u8", "0:u128", "-1:u8"] {
            world.run("rshm", &["get", name, cell]).fails(2, "rshm: ");
        }
        assert_eq!(world.ok("rshm", &["get", name, "0:u64"]), "0");
    }
}

/// Maps `/dev/shm/data` and sleeps on its second word, as any program with a futex does.
const SLEEPER: &str = "import ctypes, mmap, platform
data = open('/dev/shm/data', 'r+b')
word = ctypes.c_uint32.from_buffer(mmap.mmap(data.fileno(), 8), 4)
number = 202 if platform.machine() == 'x86_64' else 98
ctypes.CDLL(None).syscall(number, ctypes.byref(word), 0, 0, None)
print(word.value)";

#[test]
fn wake_wakes_who_sleeps_on_the_cell() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    world.ok("rshm", &["create", "/data", "--size", "8"]);
    let table: &[(&[&str], &str)] = &[
        (&["put", "/data", "4:u32", "5", "--wake"], "5"),
        (&["add", "/data", "4:u32", "--wake"], "1"),
        (&["swap", "/data", "4:i32be", "1", "--wake=1"], "16777216"),
        (&["cas", "/data", "4:u32", "0", "8", "--wake=2"], "8"),
    ];
    for (change, seen) in table {
        world.ok("rshm", &["put", "/data", "4:u32", "0"]);
        let sleeper = Running::start(world.command("python3").args(["-c", SLEEPER]));
        sleeper.wait_until_in(Call::Futex);
        assert_eq!(world.run("rshm", &["cas", "/data", "4:u32", "99", "1", "--wake"]).status(), 1);
        world.ok("rshm", &["put", "/data", "0:u32", "1", "--wake"]);
        sleeper.wait_until_in(Call::Futex);
        assert!(world.run("rshm", change).status() == 0, "{change:?}");
        assert_eq!(sleeper.outcome().success(), *seen);
    }
}

#[test]
fn wake_wakes_no_more_than_it_is_told() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    world.ok("rshm", &["create", "/data", "--size", "8"]);
    let sleepers: Vec<Running> =
        (0..3).map(|_| Running::start(world.command("python3").args(["-c", SLEEPER]))).collect();
    for sleeper in &sleepers {
        sleeper.wait_until_in(Call::Futex);
    }
    // Nobody is woken by the number alone, and each by a wake of one.
    world.ok("rshm", &["put", "/data", "4:u32", "1"]);
    for left in [2, 1, 0] {
        world.ok("rshm", &["put", "/data", "4:u32", "1", "--wake=1"]);
        crate::support::wait_until("one ends", || sleepers.iter().filter(|sleeper| sleeps(sleeper)).count() == left);
    }
}

/// Whether it is in futex(2) still; who has ended is a zombie.
fn sleeps(sleeper: &Running) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", sleeper.id())).unwrap_or_default();
    !stat.contains(") Z")
}
