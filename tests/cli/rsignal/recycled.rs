//! A pid that was given to another process: it is never hit by what meant the first.

use super::apart;

/// Ends process `$p` and lets another one have its pid; both are `sleep`.
const RECYCLE: &str = "
again() {
    rsignal send -KILL $p; wait $p 2>/dev/null
    for try in 1 2 3 4 5 6 7 8 9; do
        echo $((p - 1)) > /proc/sys/kernel/ns_last_pid
        sleep 1000 & q=$!
        [ $q = $p ] && return
        rsignal send -KILL $q
    done
    echo 'the pid could not be had again'
}";

#[test]
fn a_stale_identity_hits_nobody() {
    let script = format!(
        "{RECYCLE}
        sleep 1000 & p=$!
        inode=$(rsignal show $p | sed -n 's/^inode *//p')
        rsignal send -s 0 $p:$inode && echo 'meets the first'
        again
        rsignal send -KILL $p:$inode 2>&1; echo $?
        rsignal send -KILL --wait $p:$inode 2>&1; echo $?
        echo $p:$inode > file; rsignal send -KILL pidfile:file 2>&1; echo $?
        rsignal wait $p:$inode 2>&1; echo $?
        rsignal send -s 0 $p && echo 'the second runs'
        own=$(rsignal show $p | sed -n 's/^inode *//p')
        rsignal send -KILL --wait $p:$own && echo 'met by its own'"
    );
    let folder = tempfile::tempdir().expect("a directory");
    let Some(mut command) = apart(&script) else { return };
    let printed = crate::support::Outcome::of(command.current_dir(&folder)).success();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(
        (lines[0], lines[lines.len() - 2], lines[lines.len() - 1]),
        ("meets the first", "the second runs", "met by its own")
    );
    let refusals = &lines[1..lines.len() - 2];
    assert_eq!(refusals.len(), 8, "{printed}");
    for refusal in refusals.chunks(2) {
        assert!(refusal[0].starts_with("rsignal: ") && refusal[0].contains("no") && refusal[1] == "3", "{printed}");
    }
}

#[test]
fn a_stale_pid_file_hits_nobody() {
    let script = format!(
        "{RECYCLE}
        cd \"$DIR\"
        sleep 1000 & p=$!
        echo $p > file
        rsignal send -s 0 pidfile:file && echo 'meets the first'
        again
        # A start is known to 10 ms only: the first one lived longer than that.
        touch -d '1 second ago' file
        rsignal send -KILL pidfile:file; echo $?
        rsignal send -s 0 $p && echo 'the second runs'"
    );
    let folder = tempfile::tempdir().expect("a directory");
    let Some(mut command) = apart(&format!("exec 2>&1; {script}")) else { return };
    let printed = crate::support::Outcome::of(command.env("DIR", folder.path())).success();
    let lines: Vec<&str> = printed.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines[0], "meets the first", "{printed}");
    assert!(lines[1].starts_with("rsignal: cannot find pidfile:file: process "), "{printed}");
    assert!(lines[1].ends_with(" started after the file was written: it is another one"), "{printed}");
    assert_eq!(lines[2..], ["3", "the second runs"], "{printed}");
}

#[test]
fn a_pid_file_that_tells_no_pid_is_refused() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("file");
    for (text, status, words) in [
        ("", 1, "no pid stands in it"),
        ("x", 1, "no pid stands in it"),
        ("-1", 1, "no pid"),
        ("4194304\n", 3, "no process is pidfile:"),
    ] {
        std::fs::write(&file, text).expect("room");
        super::rsignal(&["send", &format!("pidfile:{}", file.display())]).fails(status, words);
    }
    super::rsignal(&["send", "pidfile:/no/such/file"]).fails(3, "No such file or directory");
}
