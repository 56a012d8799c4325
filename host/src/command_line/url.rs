//! The server that `bench` and `chat` talk to, as a URL: `ws://HOST[:PORT][/PATH[?QUERY]]`, and for
//! `chat` also `wss://...` (RFC 6455 section 3).
//!
//! A host name stays a name: each connection resolves it anew.

use std::net::Ipv6Addr;

use rustls::pki_types::ServerName;

use super::host;
use super::names::NOT_VISIBLE_ASCII;
use crate::options::url::{Scheme, Url};

/// Reads a URL without TLS.
pub(super) fn ws_url(text: &str) -> Result<Url, String> {
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    if is("wss") || is("https") {
        let prefix = Scheme::Ws.prefix();
        return Err(format!(
            "bench does not speak TLS: write {prefix}{rest} if the server also listens without it"
        ));
    }
    url(text)
}

/// Reads a URL.
pub(super) fn url(text: &str) -> Result<Url, String> {
    let (scheme, rest) = split_scheme(text)?;
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(NOT_VISIBLE_ASCII.into());
    }
    if let Some((start, _)) = text.split_once('#') {
        return Err(format!("leave out the fragment: {start}"));
    }
    let (authority, resource) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = host_and_port(scheme, authority)?;
    let server_name = match scheme {
        Scheme::Ws => None,
        Scheme::Wss => Some(server_name(host)?),
    };
    let root = if resource.starts_with('/') { "" } else { "/" };
    Ok(Url {
        text: text.into(),
        authority: authority.into(),
        resource: format!("{root}{resource}"),
        server_name,
        host: host.into(),
        port,
    })
}

fn split_scheme(text: &str) -> Result<(Scheme, &str), String> {
    // A query may contain another URL with its scheme.
    let with_scheme = text.split_once("://").filter(|(name, _)| is_scheme(name));
    let (ws, wss) = (Scheme::Ws.prefix(), Scheme::Wss.prefix());
    let Some((name, rest)) = with_scheme else {
        return Err(format!("write the scheme too: {ws}{text}"));
    };
    match name.to_ascii_lowercase().as_str() {
        "ws" => Ok((Scheme::Ws, rest)),
        "wss" => Ok((Scheme::Wss, rest)),
        "https" => Err(format!("write another scheme: {wss}{rest}")),
        _ => Err(format!("write another scheme: {ws}{rest}")),
    }
}

/// Returns the name that a certificate for a host must have.
fn server_name(host: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(host.to_owned()).map_err(|_| {
        format!("no certificate is valid for the host '{host}': write a DNS name or an IP address")
    })
}

/// Splits `host[:port]` or `[IPv6][:port]`; the host is returned without brackets.
fn host_and_port(scheme: Scheme, authority: &str) -> Result<(&str, u16), String> {
    if let Some((_, host)) = authority.rsplit_once('@') {
        let prefix = scheme.prefix();
        return Err(format!("leave out the name and password: {prefix}{host}"));
    }
    if let Some((address, zone)) = authority.split_once('%')
        && address.starts_with('[')
    {
        let zone = zone.split(']').next().unwrap_or_default();
        return Err(format!(
            "leave out the zone (%{zone}), which a URL cannot have: write an address without one, \
             such as ws://[::1]:3000"
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
        return Ok((host, scheme.default_port()));
    }
    if port.matches(':').count() > 1 {
        return Err("write an IPv6 address in brackets, such as ws://[::1]:3000".into());
    }
    match port.strip_prefix(':').and_then(host::port) {
        Some(port) if port > 0 => Ok((host, port)),
        _ => Err("write a port from 1 to 65535, such as ws://127.0.0.1:3000".into()),
    }
}

/// RFC 3986 section 3.1.
fn is_scheme(text: &str) -> bool {
    let is_rest = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(is_rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String, (String, u16)) {
        let url = url(text).expect(text);
        assert_eq!(url.text, text);
        (url.authority, url.resource, (url.host, url.port))
    }

    fn refusal(text: &str) -> String {
        url(text).expect_err(text)
    }

    #[test]
    fn the_port_the_path_and_the_query_may_be_left_out() {
        for (text, authority, resource, host, port) in [
            ("ws://127.0.0.1", "127.0.0.1", "/", "127.0.0.1", 80),
            ("WS://a.test:3000/", "a.test:3000", "/", "a.test", 3000),
            ("ws://a:1/a/b?c=d://e", "a:1", "/a/b?c=d://e", "a", 1),
            ("ws://a?a/b@c", "a", "/?a/b@c", "a", 80),
            ("ws://[::1]", "[::1]", "/", "::1", 80),
            ("ws://[::1]:65535/x", "[::1]:65535", "/x", "::1", 65535),
        ] {
            let address = (host.into(), port);
            assert_eq!(parts(text), (authority.into(), resource.into(), address));
        }
    }

    #[test]
    fn with_tls_the_port_is_443_and_the_certificate_must_be_for_the_host() {
        for (text, name, port) in [
            ("wss://127.0.0.1/", "127.0.0.1", 443),
            ("WSS://[::1]?a", "::1", 443),
            ("wss://[::1]:3000", "::1", 3000),
        ] {
            let url = url(text).expect(text);
            assert_eq!((&*url.host, url.port), (name, port));
            assert_eq!(url.server_name, ServerName::try_from(name).ok());
        }
        let name = url("wss://localhost").expect("localhost").server_name;
        assert_eq!(name, ServerName::try_from("localhost").ok());
        assert_eq!(url("ws://localhost").expect("localhost").server_name, None);
        let message = refusal("wss://a..b");
        assert!(message.ends_with("'a..b': write a DNS name or an IP address"));
    }

    #[test]
    fn a_url_can_be_written_with_another_scheme() {
        let url = url("wss://127.0.0.1:3000/a?b").expect("a URL");
        assert_eq!(url.with(Scheme::Ws), "ws://127.0.0.1:3000/a?b");
        assert_eq!(url.with(Scheme::Wss), url.text);
    }

    #[test]
    fn a_url_with_tls_is_rejected_without_it_with_what_to_write() {
        for text in ["wss://host/x", "WSS://host/x", "https://host/x"] {
            let message = ws_url(text).expect_err(text);
            assert_eq!(
                message,
                "bench does not speak TLS: write ws://host/x if the server also listens without it"
            );
        }
        assert_eq!(ws_url("ws://127.0.0.1"), url("ws://127.0.0.1"));
    }

    #[test]
    fn a_wrong_or_missing_scheme_is_rejected_with_the_right_one() {
        assert!(refusal("http://a:1/b").ends_with("scheme: ws://a:1/b"));
        assert!(refusal("https://a:1/b").ends_with("scheme: wss://a:1/b"));
        assert!(refusal("127.0.0.1:3000").ends_with("ws://127.0.0.1:3000"));
        for text in ["127.0.0.1:3000/x?y=a://b", "a:1/x?y=ws://b", "a/b://c"] {
            assert_eq!(refusal(text), format!("write the scheme too: ws://{text}"));
        }
        assert!(refusal("").ends_with("ws://"));
    }

    #[test]
    fn an_invalid_host_or_port_is_rejected_with_what_to_write() {
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
        assert!(refusal("ws://u:p@h/").ends_with(" ws://h"));
        assert!(refusal("wss://u:p@h/").ends_with(" wss://h"));
        for text in ["ws://[fe80::1%lo]", "ws://[fe80::1%lo]:3000/"] {
            assert!(refusal(text).starts_with("leave out the zone (%lo)"));
        }
    }

    #[test]
    fn characters_that_could_break_a_line_of_the_request_are_rejected() {
        for text in [
            "ws://a/ b",
            "ws://a/\r\nX: y",
            "ws://ä/",
            "ws://a\n",
            "ws://a/ü",
        ] {
            assert!(refusal(text).contains("%20"), "{text}");
        }
        assert_eq!(refusal("ws://a/b#c"), "leave out the fragment: ws://a/b");
    }

    #[test]
    fn a_host_name_is_not_resolved() {
        // A label has at most 63 characters, so nobody has this name.
        let host = "x".repeat(64);
        let url = url(&format!("ws://{host}:1")).expect("a URL");
        assert_eq!((url.host, url.port), (host, 1));
    }
}
