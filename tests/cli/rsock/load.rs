//! Many clients at once: no answer is lost, and none comes to another one.

use crate::support::World;

use super::listen::ready;

/// Each of the clients asks with its own name and number, and looks whether that is what comes back.
const CLIENT: &str = "i=0
while [ $i -lt \"$3\" ]; do
    i=$((i + 1))
    answer=$(rsock ask --timeout 300 \"$1\" \"$2 $i\") || exit 1
    [ \"$answer\" = \"re: $2 $i\" ] || { echo \"$2 $i got $answer\" >&2; exit 1; }
done";

#[test]
fn no_answer_is_lost_or_crossed() {
    let Some(world) = World::new() else { return };
    for place in ["unix:/dev/shm/s", "tcp:127.0.0.1:0"] {
        let (listener, address) = ready(&world, &[place, "-j", "8", "--exec", "sed", "s/^/re: /"]);
        let clients: Vec<_> = (0..16)
            .map(|client| world.start("sh", &["-c", CLIENT, "sh", &address, &format!("client-{client}"), "8"]))
            .collect();
        for client in clients {
            client.outcome().success();
        }
        listener.signal("TERM");
        let outcome = listener.outcome();
        assert_eq!((outcome.status(), outcome.stderr().as_str()), (143, ""));
    }
}

#[test]
fn many_datagrams_are_answered_to_those_who_asked() {
    let Some(world) = World::new() else { return };
    let (_listener, address) =
        ready(&world, &["unix:/dev/shm/d", "--type", "dgram", "-j", "8", "--exec", "sed", "s/^/re: /"]);
    let script = "for i in 1 2 3 4 5 6 7 8; do
            answer=$(rsock ask --type dgram --timeout 300 $1 \"$2 $i\") && [ \"$answer\" = \"re: $2 $i\" ] || exit 1
        done";
    let clients: Vec<_> =
        (0..8).map(|client| world.start("sh", &["-c", script, "sh", &address, &format!("{client}")])).collect();
    for client in clients {
        client.outcome().success();
    }
}
