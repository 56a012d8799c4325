//! Host names and ports, as addresses and URLs have them.

use std::net::{SocketAddr, ToSocketAddrs};

/// Returns the last address of a host, and those before it.
pub(super) fn resolve(host: &str, port: u16) -> Result<(SocketAddr, Vec<SocketAddr>), String> {
    let unresolved = |reason: String| format!("cannot resolve the host '{host}'{reason}");
    let mut addresses: Vec<_> = (host, port)
        .to_socket_addrs()
        .map_err(|error| unresolved(format!(": {error}")))?
        .collect();
    match addresses.pop() {
        Some(last) => Ok((last, addresses)),
        None => Err(unresolved(String::new())),
    }
}

/// Reads a port from 0 to 65535.
pub(super) fn port(text: &str) -> Option<u16> {
    if !is_number(text) {
        return None;
    }
    text.parse().ok()
}

/// Returns whether the text is digits only: `parse` would accept a sign too.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
