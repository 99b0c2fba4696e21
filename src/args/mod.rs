//! Values and option groups that the tools share. Knows clap and no mechanism.

mod duration;
mod framing;
mod list;
mod name;
mod owner;
mod report;
mod signal;
mod size;
mod socket;
mod wait;

pub(crate) use duration::{interval, parse as duration, seconds};
pub(crate) use framing::{FramingIn, FramingOut};
pub(crate) use list::ListArgs;
pub(crate) use name::{mode, queue, segment, semaphore, semaphores};
pub(crate) use owner::{Owner, changes, parse as owner};
pub(crate) use report::ReportArgs;
pub(crate) use signal::{Sendable, later, pair, sendable, signal, signals};
pub(crate) use size::parse as size;
pub(crate) use socket::{ReachArgs, TimeoutArgs, TypeArgs, address};
pub(crate) use wait::WaitArgs;
