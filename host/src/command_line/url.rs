//! The server that `bench` and `chat` talk to, as a URL: `ws://HOST[:PORT][/PATH[?QUERY]]` (RFC 6455
//! section 3).
//!
//! A host name is resolved here to all of its addresses, so that a wrong one is an error of the command
//! line. `wss://` is refused: there is no TLS.

use std::net::{Ipv6Addr, SocketAddr, ToSocketAddrs};

const SCHEME: &str = "ws://";
const DEFAULT_PORT: u16 = 80;

/// The address of a server, with nothing in it that could break a request's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// As it was written.
    pub(crate) text: String,
    /// The value of `Host`: the host, and the port if one was written.
    pub(crate) authority: String,
    /// The path with its leading `/`, and the query.
    pub(crate) resource: String,
    /// Where the host is, if it is at no other address.
    pub(crate) address: SocketAddr,
    /// Where else it may be, to be preferred.
    pub(crate) other_addresses: Vec<SocketAddr>,
}

impl Url {
    /// Where the host may be, in the order in which to try.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        [&self.other_addresses[..], &[self.address]].concat()
    }
}

/// Reads a URL and resolves its host.
pub(super) fn url(text: &str) -> Result<Url, String> {
    let rest = behind_scheme(text)?;
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("write what is no visible ASCII as a client sends it, such as %20".into());
    }
    if let Some((start, _)) = text.split_once('#') {
        return Err(format!("leave the fragment out: {start}"));
    }
    let (authority, resource) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = host_and_port(authority)?;
    let no_address = |reason: String| format!("no address is known for the host '{host}'{reason}");
    let mut other_addresses: Vec<_> = (host, port)
        .to_socket_addrs()
        .map_err(|error| no_address(format!(": {error}")))?
        .collect();
    let Some(address) = other_addresses.pop() else {
        return Err(no_address(String::new()));
    };
    let root = if resource.starts_with('/') { "" } else { "/" };
    Ok(Url {
        text: text.into(),
        authority: authority.into(),
        resource: format!("{root}{resource}"),
        address,
        other_addresses,
    })
}

fn behind_scheme(text: &str) -> Result<&str, String> {
    // A query may have a URL in it, whose scheme is not this one's.
    let with_scheme = text.split_once("://").filter(|(it, _)| is_scheme(it));
    match with_scheme {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => Ok(rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("wss") => Err(format!(
            "TLS is not supported: write {SCHEME}{rest} if the server also listens without it"
        )),
        Some((_, rest)) => Err(format!("write another scheme: {SCHEME}{rest}")),
        None => Err(format!("write the scheme too: {SCHEME}{text}")),
    }
}

/// Splits `host[:port]` or `[IPv6][:port]`; the host comes without brackets.
fn host_and_port(authority: &str) -> Result<(&str, u16), String> {
    if let Some((_, host)) = authority.rsplit_once('@') {
        return Err(format!("leave name and password out: {SCHEME}{host}"));
    }
    if let Some((address, zone)) = authority.split_once('%')
        && address.starts_with('[')
    {
        let zone = zone.split(']').next().unwrap_or_default();
        return Err(format!(
            "leave the zone (%{zone}) out: a URL has none; write an address that needs none, such as \
             ws://[::1]:3000"
        ));
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest
            .split_once(']')
            .filter(|(host, _)| host.parse::<Ipv6Addr>().is_ok())
            .ok_or("write an IPv6 address in brackets, such as ws://[::1]:3000")?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if host.is_empty() {
        return Err("write a host, such as ws://127.0.0.1:3000".into());
    }
    if port.is_empty() {
        return Ok((host, DEFAULT_PORT));
    }
    if port.matches(':').count() > 1 {
        return Err("write an IPv6 address in brackets, such as ws://[::1]:3000".into());
    }
    let digits = port.strip_prefix(':').filter(|it| is_number(it));
    match digits.and_then(|digits| digits.parse().ok()) {
        Some(port) if port > 0 => Ok((host, port)),
        _ => Err("write a port from 1 to 65535, such as ws://127.0.0.1:3000".into()),
    }
}

/// RFC 3986 section 3.1.
fn is_scheme(text: &str) -> bool {
    let is_rest = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(is_rest)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String, SocketAddr) {
        let url = url(text).expect(text);
        assert_eq!(url.text, text);
        (url.authority, url.resource, url.address)
    }

    fn refusal(text: &str) -> String {
        url(text).expect_err(text)
    }

    #[test]
    fn the_port_the_path_and_the_query_may_be_left_out() {
        for (text, authority, resource, address) in [
            ("ws://127.0.0.1", "127.0.0.1", "/", "127.0.0.1:80"),
            (
                "WS://127.0.0.1:3000/",
                "127.0.0.1:3000",
                "/",
                "127.0.0.1:3000",
            ),
            (
                "ws://127.0.0.1:1/a/b?c=d://e",
                "127.0.0.1:1",
                "/a/b?c=d://e",
                "127.0.0.1:1",
            ),
            (
                "ws://127.0.0.1?a/b@c",
                "127.0.0.1",
                "/?a/b@c",
                "127.0.0.1:80",
            ),
            ("ws://[::1]", "[::1]", "/", "[::1]:80"),
            ("ws://[::1]:65535/x", "[::1]:65535", "/x", "[::1]:65535"),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(parts(text), (authority.into(), resource.into(), address));
        }
    }

    #[test]
    fn a_host_name_stands_for_all_of_its_addresses() {
        let url = url("ws://localhost:3000").expect("localhost is known");
        assert_eq!(url.authority, "localhost:3000");
        let addresses = url.addresses();
        assert_eq!(addresses.last(), Some(&url.address));
        assert!(addresses.iter().all(|it| it.ip().is_loopback()));
    }

    #[test]
    fn tls_is_said_to_be_missing() {
        let message = refusal("wss://host/x");
        assert!(message.starts_with("TLS is not supported: write ws://host/x"));
    }

    #[test]
    fn another_scheme_and_none_are_told_the_right_one() {
        assert!(refusal("http://a:1/b").ends_with("ws://a:1/b"));
        assert!(refusal("127.0.0.1:3000").ends_with("ws://127.0.0.1:3000"));
        for text in ["127.0.0.1:3000/x?y=a://b", "a:1/x?y=ws://b", "a/b://c"] {
            assert_eq!(refusal(text), format!("write the scheme too: ws://{text}"));
        }
        assert!(refusal("").ends_with("ws://"));
    }

    #[test]
    fn what_is_no_host_or_port_is_told_how_to_write_one() {
        for text in [
            "ws://a:",
            "ws://a:x",
            "ws://a:0",
            "ws://a:65536",
            "ws://a:+1",
            "ws://[::1]x",
        ] {
            assert!(refusal(text).contains("a port from 1 to 65535"), "{text}");
        }
        for text in ["ws://::1", "ws://::1:3000", "ws://[::1", "ws://[a]"] {
            let message = refusal(text);
            assert!(
                message.contains("[::1]:3000") || message.contains("a host"),
                "{text}"
            );
        }
        for text in ["ws://", "ws:///a", "ws://:80"] {
            assert!(refusal(text).contains("write a host"), "{text}");
        }
        assert!(refusal("ws://u:p@h/").ends_with("ws://h"));
        for text in ["ws://[fe80::1%lo]", "ws://[fe80::1%lo]:3000/"] {
            assert!(refusal(text).starts_with("leave the zone (%lo) out"));
        }
    }

    #[test]
    fn nothing_that_could_break_a_line_of_the_request_is_taken() {
        for text in [
            "ws://a/ b",
            "ws://a/\r\nX: y",
            "ws://ä/",
            "ws://a\n",
            "ws://a/ü",
        ] {
            assert!(refusal(text).contains("%20"), "{text}");
        }
        assert_eq!(refusal("ws://a/b#c"), "leave the fragment out: ws://a/b");
    }

    #[test]
    fn a_host_without_an_address_is_named() {
        // A label of a name has at most 63 characters, so nobody is asked for this one.
        let host = "x".repeat(64);
        assert!(refusal(&format!("ws://{host}:1")).contains(&format!("host '{host}'")));
    }
}
