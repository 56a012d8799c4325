//! Reading the header of the PROXY protocol. Wherever the bytes are cut, the answer is the same, or
//! that more is needed; that ends in time; and another reader finds the same client.

use std::net::SocketAddr;

use proxy_header::{Error, ParseConfig};
use ws_echo::{HeaderError, ProxyHeader};

/// The longest header of version 1.
const LINE_LEN_MAX: usize = 107;
/// Where the command of version 2 is.
const COMMAND: usize = 12;
const LOCAL: u8 = 0x20;

/// # Panics
///
/// If a promise is broken.
pub fn run(data: &[u8]) {
    let whole = ProxyHeader::parse(data);
    for cut in 0..data.len().min(300) {
        match ProxyHeader::parse(&data[..cut]) {
            Ok(None) => {}
            early => assert_eq!(early, whole, "after {cut} bytes"),
        }
    }
    match whole {
        Ok(None) => assert!(data.len() < ProxyHeader::LEN_MAX, "it waits for ever"),
        Ok(Some(header)) => {
            assert!(header.len <= data.len().min(ProxyHeader::LEN_MAX));
            compare(&data[..header.len], header);
        }
        Err(HeaderError::TooLong(len)) => assert!(len > ProxyHeader::LEN_MAX),
        Err(HeaderError::Missing | HeaderError::Malformed) => {}
    }
}

/// Asserts that the other reader finds the same.
fn compare(bytes: &[u8], header: ProxyHeader) {
    let is_binary = bytes[0] == b'\r';
    assert!(is_binary || header.len <= LINE_LEN_MAX);
    if is_binary && bytes[COMMAND] == LOCAL {
        // The other reader looks at the family all the same.
        assert_eq!(header.source, None);
        return;
    }
    match proxy_header::ProxyHeader::parse(bytes, ParseConfig::default()) {
        Ok((other, len)) => {
            let source = other.proxied_address().map(|it| it.source).and_then(known);
            assert_eq!((header.len, header.source), (len, source));
        }
        // It knows no family without a protocol.
        Err(Error::Invalid) if is_binary && bytes[COMMAND + 1] & 0xF == 0 => {
            assert_eq!(header.source, None);
        }
        Err(Error::Invalid) if is_binary && bytes[COMMAND + 1] < 0x10 => {
            assert_eq!(header.source, None);
        }
        // It ends a line at the first CR; what follows UNKNOWN may be anything.
        Err(Error::Invalid) if !is_binary && bytes[..bytes.len() - 2].contains(&b'\r') => {
            assert_eq!(header.source, None);
        }
        Err(error) => panic!("{error}: {}", bytes.escape_ascii()),
    }
}

/// The address as ours has it: none instead of `0.0.0.0` and `::`, and no IPv4-mapped one.
fn known(source: SocketAddr) -> Option<SocketAddr> {
    let ip = source.ip().to_canonical();
    (!ip.is_unspecified()).then(|| SocketAddr::new(ip, source.port()))
}
