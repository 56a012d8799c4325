//! Servers with an admin listener.

use std::net::SocketAddr;
use std::time::Instant;

use crate::http_answer::{Answer, plain};
use crate::server::{PATIENCE, Server};

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

/// Asks until the status is this one.
///
/// # Panics
///
/// If it does not become so.
pub fn wait_for(address: SocketAddr, path: &str, status: &str) -> Answer {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = Answer::at(address, plain("GET", path));
        if answer.status() == status {
            return answer;
        }
        assert!(Instant::now() < deadline, "{answer:?}");
    }
}
