//! The server and the client that firmware can copy (`core/examples/smoltcp/server.rs` and
//! `client.rs`), between two smoltcp sockets: rings of odd lengths, full windows, a line that loses
//! packets, and peers that vanish. Time and packets are simulated, so every run is the same.

#[path = "../../../core/examples/smoltcp/client.rs"]
mod client;
mod client_closing;
mod client_driver;
mod client_sending;
mod client_timeouts;
mod compressed;
mod echoes;
mod independent_client;
mod lossy_loopback;
mod many_clients;
mod network;
mod ring_wrap;
#[path = "../../../core/examples/smoltcp/server.rs"]
mod server;
mod server_closing;
mod server_timeouts;
