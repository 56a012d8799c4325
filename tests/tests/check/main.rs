//! `ws-echo check`, the conformance suite: its cases are played against the core in memory, cut
//! anywhere, and against the server over sockets; it finds every fault, finds none where there is
//! none, and ends whatever the peer does.

#![cfg(feature = "std")]

mod clients;
mod in_memory;
mod mutants;
mod never_hangs;
#[cfg(unix)]
mod own_server;
mod reports;
