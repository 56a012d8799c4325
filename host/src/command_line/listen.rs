//! The addresses to listen on, as `--listen` takes them: `127.0.0.1:3000`, `[::1]:0`,
//! `[fe80::1%eth0]:3000`, `localhost:3000`.
//!
//! A host name is resolved here, once, to all of its addresses, and the zone of an address to the
//! index of its network interface. A port alone is rejected: it does not say whether only this
//! machine or every network may connect.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::host;
use crate::resolve;

/// The addresses of one `--listen`, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listen(Vec<SocketAddr>);

/// Reads an address, or a host name and a port.
pub(super) fn listen(text: &str) -> Result<Listen, String> {
    if let Ok(address) = text.parse() {
        return Ok(Listen(vec![address]));
    }
    if let Some((host, zone, port)) = with_zone(text) {
        let addresses = resolve::addresses(host, port);
        return addresses.map(Listen).map_err(|_| {
            format!(
                "cannot find the network interface '{zone}' for this address: write a link-local \
                 address and the name of an interface, such as [fe80::1%eth0]:3000"
            )
        });
    }
    let (host, port) = host_and_port(text)?;
    resolve::addresses(host, port).map(Listen)
}

/// Returns the addresses of this machine for its own programs.
pub(super) fn loopback(port: u16) -> [SocketAddr; 2] {
    [
        (Ipv4Addr::LOCALHOST, port).into(),
        (Ipv6Addr::LOCALHOST, port).into(),
    ]
}

/// Returns all addresses in the order given, each once. Port 0 is a new port each time.
pub(super) fn addresses(listens: Vec<Listen>) -> Vec<SocketAddr> {
    let mut addresses = Vec::new();
    for address in listens.into_iter().flat_map(|listen| listen.0) {
        if address.port() == 0 || !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Splits `[address%zone]:port`, where the address is one of IPv6; the address keeps its zone.
fn with_zone(text: &str) -> Option<(&str, &str, u16)> {
    let (host, port) = text.strip_prefix('[')?.split_once("]:")?;
    let (address, zone) = host.split_once('%')?;
    address.parse::<Ipv6Addr>().ok()?;
    Some((host, zone, host::port(port)?))
}

/// Splits `host:port`; the error says what to write instead.
fn host_and_port(text: &str) -> Result<(&str, u16), String> {
    if text.trim() != text {
        return Err(format!(
            "leave out the blanks around the address: {}",
            text.trim()
        ));
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let address = rest.split('/').next().unwrap_or_default();
        return Err(format!(
            "write only the address, without '{scheme}://': {address}"
        ));
    }
    if text.contains(',') {
        return Err("write one address, and repeat --listen for each other one".into());
    }
    if text.contains(['[', ']']) || text.matches(':').count() > 1 {
        return Err("write an IPv6 address in brackets and a port, such as [::1]:3000".into());
    }
    let (host, port) = match text.split_once(':') {
        Some(parts) => parts,
        None if host::is_number(text) => ("", text),
        None if text.is_empty() => return Err("write an address, such as 127.0.0.1:3000".into()),
        None => return Err(format!("write a port too: {text}:3000")),
    };
    let Some(port) = host::port(port) else {
        return Err(format!("write a port from 0 to 65535: {host}:3000"));
    };
    if host.is_empty() || host == "*" {
        return Err(format!(
            "write 127.0.0.1:{port} to serve this machine, or 0.0.0.0:{port} to serve every \
             network"
        ));
    }
    if !host.is_ascii() {
        return Err(host::NOT_ASCII.into());
    }
    Ok((host, port))
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    use std::net::SocketAddrV6;

    use super::*;

    fn refusal(text: &str) -> String {
        listen(text).expect_err(text)
    }

    #[test]
    fn an_address_and_a_port_are_taken_as_written() {
        for text in ["127.0.0.1:0", "0.0.0.0:65535", "[::1]:3000", "[::]:80"] {
            let expected = Listen(vec![text.parse().expect("a literal address")]);
            assert_eq!(listen(text), Ok(expected));
        }
    }

    #[test]
    fn a_host_name_is_resolved_to_all_of_its_addresses() {
        let Listen(addresses) = listen("localhost:3000").expect("localhost is known");
        assert!(!addresses.is_empty());
        for address in addresses {
            assert!(address.ip().is_loopback() && address.port() == 3_000);
        }
    }

    #[test]
    fn a_port_alone_is_rejected_with_the_two_addresses_that_it_could_mean() {
        for text in ["3000", ":3000", "*:3000"] {
            let message = refusal(text);
            assert!(message.contains("127.0.0.1:3000") && message.contains("0.0.0.0:3000"));
        }
    }

    #[test]
    fn an_invalid_address_is_rejected_with_what_to_write() {
        assert_eq!(refusal("127.0.0.1"), "write a port too: 127.0.0.1:3000");
        let advice = "write only the address, without 'ws://': [::1]:80";
        assert_eq!(refusal("ws://[::1]:80"), advice);
        assert_eq!(refusal("ws://[::1]:80/a//b"), advice);
        let advice = "leave out the blanks around the address: 127.0.0.1:3000";
        assert_eq!(refusal(" 127.0.0.1:3000"), advice);
        assert_eq!(refusal("h:99999"), "write a port from 0 to 65535: h:3000");
        let advice = "write one address, and repeat --listen for each other one";
        assert_eq!(refusal("127.0.0.1:1,[::1]:1"), advice);
        assert_eq!(refusal("h:"), "write a port from 0 to 65535: h:3000");
        assert!(refusal("").contains("127.0.0.1:3000"));
    }

    #[test]
    fn an_ipv6_address_needs_brackets_and_a_port() {
        for text in [
            "::1",
            "::1:3000",
            "[::1",
            "[::1]",
            "[::1]:",
            "[localhost]:1",
            "fe80::zz:1",
        ] {
            assert!(refusal(text).contains("such as [::1]:3000"), "{text}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_zone_of_an_address_is_the_index_of_its_interface() {
        // The first interface of each machine is lo.
        for text in ["[fe80::1%lo]:3000", "[fe80::1%1]:3000"] {
            let Listen(addresses) = listen(text).expect(text);
            let address = SocketAddrV6::new("fe80::1".parse().expect("an address"), 3000, 0, 1);
            assert_eq!(addresses, [address.into()], "{text}");
        }
        for text in ["[fe80::1%no-such]:3000", "[fe80::1%]:3000", "[::1%lo]:3000"] {
            let advice = "the name of an interface, such as [fe80::1%eth0]:3000";
            assert!(refusal(text).ends_with(advice), "{}", refusal(text));
        }
    }

    #[test]
    fn a_host_in_other_letters_needs_its_form_in_ascii() {
        assert!(refusal("bücher.example:80").contains("xn--..."));
    }

    #[test]
    fn a_host_without_an_address_is_named() {
        // A label has at most 63 characters, so this name is not looked up anywhere.
        let host = "x".repeat(64);
        assert!(refusal(&format!("{host}:1")).contains(&format!("host '{host}'")));
    }

    #[test]
    fn an_address_given_twice_is_listened_on_once_unless_its_port_is_free_to_choose() {
        let given = |text| listen(text).expect(text);
        let twice = vec![given("127.0.0.1:1"), given("127.0.0.1:1")];
        assert_eq!(addresses(twice).len(), 1);
        let two_ports = vec![given("127.0.0.1:0"), given("127.0.0.1:0")];
        assert_eq!(addresses(two_ports).len(), 2);
    }
}
