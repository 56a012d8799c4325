//! Headers of the PROXY protocol, as proxies write them (`proxy-protocol.txt` of HAProxy).

use std::net::SocketAddr;

/// The family and protocol of version 2 for a Unix socket.
pub const UNIX: u8 = 0x31;
/// The command of version 2 for a connection of the proxy's own.
pub const LOCAL: u8 = 0x20;
/// The command of version 2 for a client's connection.
pub const PROXY: u8 = 0x21;

/// Version 1, from this client.
pub fn version_1(client: &str) -> Vec<u8> {
    let client: SocketAddr = client.parse().expect("an address");
    let (ip, port) = (client.ip(), client.port());
    let (family, destination) = match client {
        SocketAddr::V4(_) => ("TCP4", "198.51.100.1"),
        SocketAddr::V6(_) => ("TCP6", "2001:db8:ffff::1"),
    };
    format!("PROXY {family} {ip} {destination} {port} 443\r\n").into_bytes()
}

/// Version 2, from this client.
pub fn version_2(client: &str) -> Vec<u8> {
    version_2_with(client, &[])
}

/// Version 2, from this client, with these bytes of more fields.
pub fn version_2_with(client: &str, fields: &[u8]) -> Vec<u8> {
    let client: SocketAddr = client.parse().expect("an address");
    let (family, mut block) = match client {
        SocketAddr::V4(client) => (0x11, [client.ip().octets(), [198, 51, 100, 1]].concat()),
        SocketAddr::V6(client) => (0x21, [client.ip().octets(), [1; 16]].concat()),
    };
    block.extend(client.port().to_be_bytes());
    block.extend(443_u16.to_be_bytes());
    block.extend(fields);
    binary(PROXY, family, &block)
}

/// Version 2 with any content.
///
/// # Panics
///
/// If that is longer than a header can be.
pub fn binary(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let len = u16::try_from(block.len()).expect("a length of 16 bits");
    let fixed = [&b"\r\n\r\n\0\r\nQUIT\n"[..], &[command, family]].concat();
    [&fixed[..], &len.to_be_bytes(), block].concat()
}
