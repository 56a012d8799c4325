//! Origins of web pages, as browsers send them (RFC 6454 sections 4 and 6): the form in which they
//! are listed, compared and logged.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The most characters of an origin: a host has up to 253.
const LEN_MAX: usize = 300;

/// The origin of a page that has none of its own, such as a local file in most browsers.
const NULL: &str = "null";

/// Returns the origin of a URL as a browser sends it: in lower case, without the scheme's own port
/// and without a path. Libraries outside browsers send some URL of theirs, also with `ws`, as which
/// no page is loaded.
///
/// Returns `None` if a browser sends no such origin, or if it has unusual characters. So the result
/// is also safe in a line of the log and, quoted if it has brackets, in a shell.
pub(crate) fn normalized(url: &str) -> Option<String> {
    let url = url.to_ascii_lowercase();
    if url == NULL {
        return Some(url);
    }
    let (scheme, rest) = url.split_once("://")?;
    let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
    let (scheme, default_port) = match scheme {
        "http" | "ws" => ("http", Some(80)),
        "https" | "wss" => ("https", Some(443)),
        other => (other, None),
    };
    let (host, port) = split_port(authority)?;
    let host = match host.strip_prefix('[') {
        None if is_host(host, default_port.is_some()) => host.to_owned(),
        None => return None,
        Some(literal) => {
            let address: Ipv6Addr = literal.strip_suffix(']')?.parse().ok()?;
            format!("[{address}]")
        }
    };
    let port = port.filter(|&port| Some(port) != default_port);
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    let origin = format!("{scheme}://{host}{port}");
    (is_scheme(scheme) && origin.len() <= LEN_MAX).then_some(origin)
}

/// The host, and the port if there is one.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end = authority.find(']').map_or(0, |bracket| bracket + 1);
    let Some(colon) = authority[end..].find(':') else {
        return Some((authority, None));
    };
    let (host, port) = authority.split_at(end + colon);
    let digits = &port[1..];
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.parse().ok().filter(|_| is_number)?;
    Some((host, Some(port)))
}

fn is_scheme(scheme: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(is_inner)
}

/// Whether this is a name or an IPv4 address; of a scheme that is not the web's it may be empty.
fn is_host(host: &str, is_web: bool) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !host.bytes().all(is_part) {
        return false;
    }
    if !is_web {
        return true;
    }
    // Browsers read a host that ends in a number as an IPv4 address, and write it in four parts.
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    !name.is_empty() && (!is_number || host.parse::<Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_normalized_as_browsers_send_it() {
        for (url, expected) in [
            ("https://example.com", "https://example.com"),
            ("HTTPS://Example.COM:443", "https://example.com"),
            ("http://a:80", "http://a"),
            ("http://a:0080", "http://a"),
            ("https://a:80", "https://a:80"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[0:0::1]:3000", "http://[::1]:3000"),
            (
                "http://xn--bcher-kva.example",
                "http://xn--bcher-kva.example",
            ),
            ("http://my_host.local.", "http://my_host.local."),
            ("https://github.com/a/library", "https://github.com"),
            ("http://a/", "http://a"),
            ("ws://a:80/chat", "http://a"),
            ("wss://a:3000", "https://a:3000"),
            ("NULL", "null"),
            ("file://", "file://"),
            ("file:///", "file://"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("app://.", "app://."),
            ("chrome-extension://abcdef", "chrome-extension://abcdef"),
            (
                "moz-extension://01234567-89ab-cdef-0123-456789abcdef",
                "moz-extension://01234567-89ab-cdef-0123-456789abcdef",
            ),
        ] {
            assert_eq!(normalized(url).as_deref(), Some(expected), "{url}");
            assert_eq!(normalized(expected).as_deref(), Some(expected), "{url}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_not_an_origin() {
        let long = format!("http://{}.example", "a".repeat(300));
        for text in [
            "",
            "*",
            "example.com",
            "http:",
            "http://",
            "http:///path",
            "http://:80",
            "http://*.example",
            "http://a b",
            "http://a,http://b",
            "http://a http://b",
            "http://user@a",
            "http://b\u{fc}cher.example",
            "http://a:",
            "http://a:+80",
            "http://a:65536",
            "http://a:b",
            "http://a:1:2",
            "http://127.1",
            "http://1",
            "http://a.0x7f",
            "http://256.1.1.1",
            "http://[::1",
            "http://[::1]x",
            "http://[fe80::1%eth0]",
            "http://[]",
            "http://a?b",
            "http://a;reboot",
            "http://$(reboot)",
            "http://`reboot`",
            "http://a\n",
            "ht tp://a",
            "://a",
            "1://a",
            &long,
        ] {
            assert_eq!(normalized(text), None, "{text}");
        }
    }
}
