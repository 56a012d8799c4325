//! The flags about proxies in front of the server.

use std::net::IpAddr;

use clap::Args;
use ipnet::IpNet;

use crate::options::proxies::{ProxyOptions, TrustedProxy};

/// In place of a network: the clients of a Unix socket.
const UNIX: &str = "unix";

#[derive(Args)]
pub(super) struct ProxyArguments {
    /// The address of a proxy, or a network of them, such as 10.0.0.0/8: its PROXY headers and its
    /// Forwarded and X-Forwarded-* name the client. unix is for --listen unix:PATH; may be repeated
    /// [default: no proxy is trusted]
    #[arg(long = "trust-proxy", value_name = "CIDR", value_parser = trusted_proxy)]
    trusted: Vec<TrustedProxy>,

    /// Each connection from a trusted proxy begins with a header of the PROXY protocol, version 1
    /// or 2, within --handshake-timeout
    #[arg(long)]
    proxy_protocol: bool,

    /// How many bits of an IPv6 address stand for a client in --max-connections-per-ip: most
    /// clients have a whole network of 64
    #[arg(long, value_name = "BITS", value_parser = ipv6_prefix)]
    #[arg(default_value = "64")]
    ipv6_prefix: u8,
}

impl ProxyArguments {
    /// Returns the options. The error says which flag is missing. (The parser cannot check that: it
    /// does not know about the variables.)
    pub(super) fn into_options(self) -> Result<ProxyOptions, &'static str> {
        if self.proxy_protocol && self.trusted.is_empty() {
            return Err(
                "--proxy-protocol needs --trust-proxy: name the addresses of your proxies too, \
                 such as --trust-proxy 10.0.0.0/8",
            );
        }
        Ok(ProxyOptions {
            trusted: self.trusted,
            proxy_protocol: self.proxy_protocol,
            ipv6_prefix: self.ipv6_prefix,
        })
    }
}

/// Reads an address, a network or `unix`.
fn trusted_proxy(text: &str) -> Result<TrustedProxy, String> {
    if text == UNIX {
        return Ok(TrustedProxy::Unix);
    }
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => text.parse::<IpNet>().map_err(|_| {
            "write an address or a network, such as 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32, or unix"
        })?,
    };
    if let IpNet::V6(network) = network
        && let Some(address) = network.addr().to_ipv4_mapped()
    {
        let bits = network.prefix_len().saturating_sub(96);
        return Err(format!("write the IPv4 network: {address}/{bits}"));
    }
    match network.trunc() {
        whole if whole == network => Ok(TrustedProxy::Network(network)),
        whole => Err(format!(
            "this is an address and the length of its network: write {whole} for the network, or \
             {} for the address",
            network.addr()
        )),
    }
}

fn ipv6_prefix(text: &str) -> Result<u8, &'static str> {
    let bits = text.parse().ok().filter(|bits| (1..=128).contains(bits));
    bits.ok_or("write a number of bits from 1 to 128, such as 64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trusted_proxy_is_an_address_a_network_or_unix() {
        for (text, expected) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::1", "::1/128"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
        ] {
            let network = expected.parse().map(TrustedProxy::Network);
            assert_eq!(
                trusted_proxy(text),
                Ok(network.expect("a network")),
                "{text}"
            );
        }
        assert_eq!(trusted_proxy("unix"), Ok(TrustedProxy::Unix));
    }

    #[test]
    fn the_advice_about_a_wrong_proxy_is_right() {
        for (text, advice) in [
            ("", "write an address or a network"),
            ("10.0.0.0/33", "write an address or a network"),
            ("10.0.0/8", "write an address or a network"),
            ("proxy.example", "write an address or a network"),
            (
                "10.0.0.1/8",
                "write 10.0.0.0/8 for the network, or 10.0.0.1 for the address",
            ),
            ("::ffff:10.0.0.0/104", "write the IPv4 network: 10.0.0.0/8"),
        ] {
            let error = trusted_proxy(text).expect_err(text);
            assert!(error.contains(advice), "{text}: {error}");
        }
        for text in ["0", "129", "-1", "/64", ""] {
            assert!(ipv6_prefix(text).is_err(), "{text}");
        }
        assert_eq!(ipv6_prefix("1"), Ok(1));
    }
}
