//! A WebSocket echo server and an echo client with faults that can be switched on, one for each
//! rule, to prove that `ws-echo check` finds them.
//!
//! Both are plain and blocking, with a thread for each connection. They share nothing with the core
//! or with `ws-echo check`, and without a fault they keep every rule.

pub mod client;
mod closing;
mod compression;
mod conversation;
pub mod fault;
mod head;
mod input;
mod negotiation;
mod request;
mod response;
mod sending;
pub mod server;
mod utf8;

pub use fault::Fault;
