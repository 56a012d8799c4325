//! Which pages may connect: a browser lets any page try, and sends the page's origin (RFC 6455
//! sections 4.2.2 and 10.2). Other clients can send any origin, or none.

use std::fmt::{self, Display, Formatter};

use ws_echo_core::Request;

use crate::escape::Untrusted;
use crate::options::origin::normalized;
use crate::options::serve::Origins;
use crate::serve::proxies::forwarded::{Forwarded, Scheme};

/// What a request says about the origin of its page.
enum Sent<'a> {
    /// Nothing, or an empty value.
    Nothing,
    One(&'a [u8]),
    Several,
}

impl<'a> Sent<'a> {
    fn with(request: &Request<'a>) -> Self {
        let mut origins = request.headers("origin").filter(|value| !value.is_empty());
        match (origins.next(), origins.next()) {
            (None, _) => Self::Nothing,
            (Some(origin), None) => Self::One(origin),
            (Some(_), Some(_)) => Self::Several,
        }
    }
}

impl Origins {
    /// Whether the origin of a request is one of these, the host that it is sent to, or absent. An
    /// empty one counts as absent: no browser sends it, but some libraries for devices do.
    ///
    /// > If the origin indicated is unacceptable to the server, then it SHOULD respond to the
    /// > WebSocket handshake with a reply containing HTTP 403 Forbidden status code. (section
    /// > 10.2)
    ///
    /// A trusted proxy tells the host and the scheme that the browser has used (`forwarded`). Then
    /// both must be the origin's.
    pub(crate) fn allow(&self, request: &Request<'_>, forwarded: &Forwarded<'_>) -> bool {
        let Self::These(listed) = self else {
            return true;
        };
        let sent = match Sent::with(request) {
            Sent::Nothing => return true,
            Sent::One(sent) => sent,
            Sent::Several => return false,
        };
        let own = request.headers("host").next().unwrap_or_default();
        let host = forwarded.host.unwrap_or(own);
        let is_own = |origin: &[u8]| is_of_host(origin, host, forwarded.scheme);
        if is_own(sent) {
            return true;
        }
        let origin = str::from_utf8(sent).ok().and_then(normalized);
        origin.is_some_and(|it| listed.contains(&it) || is_own(it.as_bytes()))
    }
}

/// What allows a request whose origin is not allowed, for the log. What it advises can be written
/// on the command line, and then the request is accepted.
pub(crate) struct Advice<'a>(Sent<'a>);

impl<'a> Advice<'a> {
    pub(crate) fn to(request: &Request<'a>) -> Self {
        Self(Sent::with(request))
    }
}

impl Display for Advice<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Sent::One(sent) = self.0 else {
            return f.write_str("Origin is repeated, and only --origin '*' allows that");
        };
        let sent = String::from_utf8_lossy(sent);
        match normalized(&sent) {
            // A shell could take brackets for a pattern.
            Some(origin) if origin.contains('[') => {
                write!(f, "allow its pages with --origin '{origin}'")
            }
            Some(origin) => write!(f, "allow its pages with --origin {origin}"),
            None => {
                let sent = Untrusted::excerpt(&sent);
                write!(f, "only --origin '*' allows an Origin such as {sent}")
            }
        }
    }
}

/// Whether a page from `origin` connects to the host that it is from, by this scheme if it is
/// known. Both may leave out the scheme's own port.
fn is_of_host(origin: &[u8], host: &[u8], used: Option<Scheme>) -> bool {
    for (scheme, start, port) in [
        (Scheme::Plain, &b"http://"[..], &b":80"[..]),
        (Scheme::Tls, b"https://", b":443"),
    ] {
        if let Some((begun, authority)) = origin.split_at_checked(start.len())
            && begun.eq_ignore_ascii_case(start)
        {
            if used.is_some_and(|used| used != scheme) {
                return false;
            }
            let [authority, host] =
                [authority, host].map(|name| name.strip_suffix(port).unwrap_or(name));
            return authority.eq_ignore_ascii_case(host);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_may_connect_to_the_host_that_it_is_from() {
        for (origin, host, expected) in [
            ("http://127.0.0.1:3000", "127.0.0.1:3000", true),
            ("HTTP://Echo.Example", "echo.example", true),
            ("http://echo.example", "echo.example:80", true),
            ("https://echo.example", "echo.example:443", true),
            ("http://[::1]:3000", "[::1]:3000", true),
            ("http://127.0.0.1:3001", "127.0.0.1:3000", false),
            ("http://localhost:3000", "127.0.0.1:3000", false),
            ("https://echo.example", "echo.example:80", false),
            ("http://echo.example.evil", "echo.example", false),
            ("http://evil/echo.example", "echo.example", false),
            ("echo.example", "echo.example", false),
            ("null", "null", false),
            ("", "", false),
        ] {
            let is_same = is_of_host(origin.as_bytes(), host.as_bytes(), None);
            assert_eq!(is_same, expected, "{origin} to {host}");
        }
    }

    #[test]
    fn the_scheme_counts_where_it_is_known() {
        let (plain, tls) = (&b"http://a:443"[..], &b"https://a"[..]);
        assert!(is_of_host(plain, b"a:443", Some(Scheme::Plain)));
        assert!(!is_of_host(plain, b"a:443", Some(Scheme::Tls)));
        assert!(is_of_host(tls, b"a:443", Some(Scheme::Tls)));
        assert!(!is_of_host(tls, b"a:443", Some(Scheme::Plain)));
    }
}
