//! `ws-echo check`, the conformance suite: its cases are played against the core in memory, cut
//! anywhere, and against the server over sockets.

#![cfg(feature = "std")]

mod in_memory;
#[cfg(unix)]
mod own_server;
