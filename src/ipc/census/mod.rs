//! All mechanisms at once: every object there is, and what every process does at them, seen in one walk
//! over `/proc`.

mod arrivals;
mod events;
mod files;
mod found;
mod held;
mod locks;
mod object;
mod orphans;
mod sockets;
mod target;
mod uses;
mod visit;
mod walk;

pub use arrivals::Arrivals;
pub use events::{Actor, Change, Event, Snapshot};
pub use found::{Batch, Found, batches, objects, usable_objects};
pub use held::{Held, add_contents};
pub use object::{Class, Object, Thing, add_residence, add_values, add_waiting};
pub use orphans::{Doubt, Evidence, Reason, Roster, Verdict};
pub use sockets::Destination;
pub use target::{Sought, Target};
pub use uses::{Attention, End, How, Lock, OtherEnd, Until, Use};
pub use walk::{Census, Hidden, Process, own_namespace, set_count};
