//! `rfifo`.

use crate::support::World;

mod create;
mod list;
mod messages;
mod run;
mod serve;
mod waiting;

/// A FIFO in a world's own `/dev/shm`.
const FIFO: &str = "/dev/shm/f";

/// A world with a FIFO in it.
fn world_with_fifo() -> Option<World> {
    let world = World::new()?;
    assert_eq!(world.ok("rfifo", &["create", FIFO]), FIFO);
    Some(world)
}
