//! All mechanisms at once: every object there is.

mod object;

pub use object::{Class, Found, Object, Thing, add_residence, add_values, add_waiting, objects};
