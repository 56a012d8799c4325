//! How many TCP segments a socket has received, as the kernel counts them. TCP joins segments that
//! wait to be sent, and nothing that a client reads tells where one begins.

use std::net::SocketAddr;
use std::process::Command;

use crate::programs;

/// How many segments with data the socket at this address of this machine has received, if `ss` is
/// installed.
///
/// # Panics
///
/// If there is no such socket.
pub fn received_at(address: SocketAddr) -> Option<u64> {
    let remedy = "apt install iproute2";
    if !programs::is_there("ss", remedy, Command::new("ss").arg("-V")) {
        return None;
    }
    let mut command = Command::new("ss");
    command.args(["-tinH", "src", &address.to_string()]);
    let output = command.output().expect("ss can be started");
    let output = String::from_utf8_lossy(&output.stdout);
    let counts = output.split_whitespace();
    let count = counts
        .filter_map(|it| it.strip_prefix("data_segs_in:"))
        .next();
    let count = count.unwrap_or_else(|| panic!("{address}: {output:?}"));
    Some(count.parse().expect("a number"))
}
