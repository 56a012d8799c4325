//! The server and the client that are to be copied into firmware (`core/examples/smoltcp/server.rs` and
//! `client.rs`), between two smoltcp sockets: rings of odd lengths, full windows, a line that loses packets, and
//! peers that vanish. The time is simulated, and so is every packet: a run is like any other.

#[path = "../../core/examples/smoltcp/client.rs"]
mod client;
#[path = "smoltcp/crowds.rs"]
mod crowds;
#[path = "smoltcp/deadlines.rs"]
mod deadlines;
#[path = "smoltcp/driven.rs"]
mod driven;
#[path = "smoltcp/echoes.rs"]
mod echoes;
#[path = "smoltcp/endings.rs"]
mod endings;
#[path = "smoltcp/independent.rs"]
mod independent;
#[path = "smoltcp/line.rs"]
mod line;
#[path = "smoltcp/network.rs"]
mod network;
#[path = "smoltcp/partings.rs"]
mod partings;
#[path = "smoltcp/patience.rs"]
mod patience;
#[path = "../../core/examples/smoltcp/server.rs"]
mod server;
#[path = "smoltcp/talks.rs"]
mod talks;
#[path = "smoltcp/wraps.rs"]
mod wraps;
