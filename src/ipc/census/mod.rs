//! All mechanisms at once: every object there is, and what every process does at them, seen in one walk
//! over `/proc`.

mod held;
mod locks;
mod object;
mod orphans;
mod target;
mod uses;
mod walk;

pub use held::Held;
pub use object::{Class, Found, Object, Thing, add_residence, add_values, add_waiting, objects};
pub use orphans::{Doubt, Evidence, Reason, Roster, Verdict};
pub use target::{Sought, Target};
pub use uses::{Attention, How, Lock, Use};
pub use walk::{Census, Hidden, Process, own_namespace};
