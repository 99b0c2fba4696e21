//! POSIX objects in `lsipc`: there is no original here that knows them.

use crate::support::{Faces, World, is_root};

const OBJECTS: &str =
    "rmsgq create -m 640 /q; rmsgq send /q hello; rshm create -m 600 -s 5000 /s; rsem create -m 644 /m
rsem post /m; touch -d '2001-02-03 04:05:06' /dev/shm/s; touch -d '2001-02-03' /dev/shm/sem.m
: >/dev/shm/sem.empty; mkfifo /dev/shm/fifo; mkdir /dev/shm/folder; ln -s /etc/passwd /dev/shm/link";

/// A world with one object of each kind, and with what lies in `/dev/shm` besides.
fn world() -> Option<(World, Faces)> {
    let world = World::new()?;
    world.script(OBJECTS, &[]).success();
    Some((world, Faces::new()))
}

#[test]
fn posix_objects_are_listed() {
    let Some((world, faces)) = world() else { return };
    let table = |options: &str| faces.script(&world, &format!("lsipc {options}"), &[]).success();
    assert_eq!(table("-M"), "NAME     PERMS OWNER SIZE      MTIME\n/s   rw-------  root 4.9K 2001-Feb03");
    world.script("touch -d 2001-02-03 /dev/shm/sem.empty", &[]).success();
    assert_eq!(
        table("-S -P"),
        "NAME   PERMS OWNER      MTIME SVAL\n/empty  0644  root 2001-Feb03 \n/m      0644  root 2001-Feb03    1"
    );
    assert_eq!(
        table("-Q -o NAME,USEDBYTES,MSGS,PERMS -b"),
        "NAME USEDBYTES MSGS     PERMS\n/q           5 1    rw-r-----"
    );
    assert_eq!(table("-M -o SIZE -r --noheadings"), "4.9K");
    assert_eq!(table("-S -o NAME,SVAL -e").lines().last(), Some("NAME=\"/m\" SVAL=\"1\""));
    assert_eq!(
        table("-M -J -o NAME,CUID"),
        "{\n   \"posix-sharedmemory\": [\n      {\n         \"name\": \"/s\",\n         \"cuid\": \"0\"\n      }\n   ]\n}"
    );
    assert_eq!(table("-M -c -n -b").lines().skip(3).collect::<Vec<_>>()[..1], ["SIZE=\"5000\""]);
    let limits = table("-Q -g -o RESOURCE,USED");
    assert_eq!(limits, "RESOURCE USED\nMQUMNI      1\nMQUMAX      -\nMQUMNB      -");
}

#[test]
fn one_posix_object_is_shown_by_its_name() {
    let Some((world, faces)) = world() else { return };
    for name in ["/s", "s"] {
        let text = faces.script(&world, "lsipc -M -N \"$1\"", &[name]).success();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        assert_eq!(lines[0], "Name:                               /s");
        assert_eq!(lines[7], "Last action:                        Sat Feb  3 04:05:06 2001");
        assert_eq!(lines[8], "Segment size:                       4.9K");
    }
    let text = faces.script(&world, "lsipc -Q -N q -o NAME,MSGS; lsipc -S -N /m -l -o SVAL", &[]).success();
    assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["Name:", "/q", "Messages:", "1", "SVAL", "1"]);
    for (options, words) in [
        ("-M -N x", "lsipc: shared memory x not found\n"),
        ("-Q -N /x", "lsipc: message queue /x not found\n"),
        ("-S -N a/b", "lsipc: semaphore a/b not found\n"),
        ("-S -N ''", "lsipc: semaphore  not found\n"),
    ] {
        let told = faces.script(&world, &format!("lsipc {options}"), &[]);
        assert_eq!((told.stderr().as_str(), told.status(), told.stdout()), (words, 0, &b""[..]), "{options}");
    }
    for (options, words) in [
        ("-M -i 0", "lsipc: --id is for System V IPC; POSIX IPC has --name\n"),
        ("-m -N x", "lsipc: --name is for POSIX IPC; System V IPC has --id\n"),
        (
            "-m -M",
            "lsipc: mutually exclusive arguments: --posix-shmems --posix-mqueues --posix-semaphores --shmems --queues --semaphores\n",
        ),
        ("-M -N x -g", "lsipc: mutually exclusive arguments: --global --id --name\n"),
        ("-M -o KEY", "lsipc: column KEY does not apply to the specified IPC\n"),
        ("-m -o SVAL", "lsipc: column SVAL does not apply to the specified IPC\n"),
    ] {
        faces.script(&world, &format!("lsipc {options}"), &[]).fails(1, words);
    }
}

/// What the original cannot be asked for without dying of it.
#[test]
fn what_may_not_be_read_stays_in_the_list() {
    let Some((world, faces)) = world() else { return };
    if !is_root() {
        return;
    }
    world.script("rsem create -m 600 /hidden; rmsgq create -m 600 /hidden", &[]).success();
    let nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups lsipc";
    let told = faces.script(&world, &format!("{nobody} -S -o NAME,SVAL -r --noheadings"), &[]).success();
    assert_eq!(told, "/empty \n/hidden \n/m 1");
    let told = faces.script(&world, &format!("{nobody} -M -o NAME -r --noheadings"), &[]).success();
    assert_eq!(told, "/s");
}
