//! Servers with an admin listener.

use std::net::SocketAddr;

use crate::server::Server;

const LISTENING: &str = "health checks and metrics on http://";

/// A server with an admin listener, and the address of that.
///
/// # Panics
///
/// If the log does not say the address.
pub fn server(arguments: &[&str]) -> (Server, SocketAddr) {
    let all = [&["--admin-listen", "127.0.0.1:0"], arguments].concat();
    let server = Server::start(&all);
    let line = server.logged(LISTENING);
    let (_, address) = line.split_once(LISTENING).expect("a URL");
    let address = address.trim_end().parse().expect("an address");
    (server, address)
}
