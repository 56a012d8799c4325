//! Which pages may connect: a browser lets any page try, and sends the page's origin (RFC 6455
//! sections 4.2.2 and 10.2). Other clients can send any origin, or none.

use ws_echo_core::Request;

use crate::options::serve::Origins;

impl Origins {
    /// Whether the origin of a request is one of these, the host that it is sent to, or absent.
    ///
    /// > If the origin indicated is unacceptable to the server, then it SHOULD respond to the
    /// > WebSocket handshake with a reply containing HTTP 403 Forbidden status code. (section
    /// > 10.2)
    pub(crate) fn allow(&self, request: &Request<'_>) -> bool {
        let Self::These(listed) = self else {
            return true;
        };
        let mut origins = request.headers("origin");
        let (Some(origin), None) = (origins.next(), origins.next()) else {
            return request.headers("origin").next().is_none();
        };
        let is_listed = |other: &String| other.as_bytes().eq_ignore_ascii_case(origin);
        let host = request.headers("host").next().unwrap_or_default();
        listed.iter().any(is_listed) || is_of_host(origin, host)
    }
}

/// Whether a page from `origin` connects to the host that it is from. Both may leave out the
/// scheme's own port.
fn is_of_host(origin: &[u8], host: &[u8]) -> bool {
    for (scheme, port) in [(&b"http://"[..], &b":80"[..]), (b"https://", b":443")] {
        if let Some((start, authority)) = origin.split_at_checked(scheme.len())
            && start.eq_ignore_ascii_case(scheme)
        {
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
            let is_same = is_of_host(origin.as_bytes(), host.as_bytes());
            assert_eq!(is_same, expected, "{origin} to {host}");
        }
    }
}
