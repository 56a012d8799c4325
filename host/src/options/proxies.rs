//! The proxies in front of the server, and how clients behind them are counted.

use ipnet::IpNet;

/// Which proxies are trusted, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProxyOptions {
    /// The addresses of proxies whose word about their clients counts; may be empty.
    pub(crate) trusted: Vec<TrustedProxy>,
    /// Whether connections from these addresses begin with a header of the PROXY protocol.
    pub(crate) proxy_protocol: bool,
    /// How many bits of an IPv6 address stand for a client where connections are counted by
    /// address, from 1 to 128.
    pub(crate) ipv6_prefix: u8,
}

/// From where a proxy connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustedProxy {
    /// An address of this network. (No address in it is IPv4-mapped.)
    Network(IpNet),
    /// A Unix socket of this machine.
    Unix,
}
