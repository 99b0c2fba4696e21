//! Remote procedure calls in JSON over a [`Socket`](super::socket::Socket): JSON-RPC 2.0 and Varlink.
//!
//! [`send`] and [`Receiver`] put messages on a stream and take them off it, each in its [`Frame`].
//! [`read`] tells what a server got, [`Answer`] what a client did. Values pass through as they were
//! written: numbers keep their digits, objects their order.

mod json;
mod message;
pub mod varlink;
mod wire;

pub use json::compact;
pub use message::{Answer, Call, Failure, Incoming, answer_failed, answer_result, read, request};
pub use wire::{Frame, Receiver, send};
