//! The server that is to be copied into firmware (`core/examples/smoltcp/server.rs`), between two smoltcp
//! sockets: rings of odd lengths, full windows, a line that loses packets, and clients that vanish. The time
//! is simulated, and so is every packet: a run is like any other.

#[path = "smoltcp/crowds.rs"]
mod crowds;
#[path = "smoltcp/deadlines.rs"]
mod deadlines;
#[path = "smoltcp/echoes.rs"]
mod echoes;
#[path = "smoltcp/endings.rs"]
mod endings;
#[path = "smoltcp/line.rs"]
mod line;
#[path = "smoltcp/network.rs"]
mod network;
#[path = "../../core/examples/smoltcp/server.rs"]
mod server;
#[path = "smoltcp/wraps.rs"]
mod wraps;
