//! A request as it arrived, in JSON: for `--welcome-request`, the test path, and who asks for it by
//! plain HTTP.
//!
//! The names of the fields are an interface: they do not change.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use ws_echo_core::{DeflateAnswer, Request};

use crate::options::serve::Secrets;
use crate::secret_header::is_secret;
use crate::serve::peer::Peer;
use crate::serve::transport::TlsFacts;

/// The most bytes of a [report](json). A byte of the head of a request, which has at most 8 KiB,
/// takes less than 4.4: its part of base64, and three in a list of offers.
pub(crate) const LEN_MAX: usize = 40 << 10;

/// Between whom a request has travelled, and how.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// The address of the client.
    pub(crate) peer: Peer,
    /// The proxy that has named the client; `None` if it has connected itself.
    pub(crate) via: Option<Peer>,
    /// Whether the request has come from a trusted proxy: then its headers tell what the client has
    /// asked for.
    pub(crate) is_from_proxy: bool,
    /// The address that the client has connected to; `None` if the system does not tell it.
    pub(crate) local: Option<Peer>,
    /// `None` without TLS.
    pub(crate) tls: Option<TlsFacts>,
}

/// What the server has chosen of the client's offers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Choice<'a> {
    pub(crate) subprotocol: Option<&'a str>,
    pub(crate) deflate: Option<&'a DeflateAnswer>,
}

#[derive(Serialize)]
struct Report<'a> {
    method: &'a str,
    target: &'a str,
    version: &'a str,
    headers: Vec<(&'a str, Value<'a>)>,
    peer: Peer,
    via: Option<Peer>,
    local: Option<Peer>,
    tls: &'a Option<TlsFacts>,
    subprotocols: Subprotocols<'a>,
    extensions: Extensions<'a>,
}

#[derive(Serialize)]
struct Subprotocols<'a> {
    offered: Vec<&'a str>,
    chosen: Option<&'a str>,
}

#[derive(Serialize)]
struct Extensions<'a> {
    /// Bytes that are not UTF-8 are U+FFFD here.
    offered: Vec<Cow<'a, str>>,
    agreed: Option<String>,
}

/// Bytes of a header.
#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Text(&'a str),
    /// They are not UTF-8.
    Bytes {
        base64: String,
    },
    /// A secret of this many bytes.
    Hidden {
        hidden: usize,
    },
}

impl<'a> Value<'a> {
    fn of_header(name: &str, bytes: &'a [u8], secrets: Secrets) -> Self {
        match secrets {
            Secrets::Hidden if is_secret(name.as_bytes()) => Self::Hidden {
                hidden: bytes.len(),
            },
            _ => Self::new(bytes),
        }
    }

    fn new(bytes: &'a [u8]) -> Self {
        match str::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(_) => Self::Bytes {
                base64: BASE64_STANDARD.encode(bytes),
            },
        }
    }
}

/// The request as one JSON object on one line, without an end of the line. It has at most
/// [`LEN_MAX`] bytes.
pub(crate) fn json(
    request: &Request<'_>,
    route: &Route,
    choice: Choice<'_>,
    secrets: Secrets,
) -> String {
    let headers = request.all_headers();
    let headers = headers.map(|(name, value)| (name, Value::of_header(name, value, secrets)));
    let report = Report {
        method: request.method(),
        target: request.target(),
        version: request.version(),
        headers: headers.collect(),
        peer: route.peer,
        via: route.via,
        local: route.local,
        tls: &route.tls,
        subprotocols: Subprotocols {
            offered: request.subprotocols().collect(),
            chosen: choice.subprotocol,
        },
        extensions: Extensions {
            offered: request.extensions().map(String::from_utf8_lossy).collect(),
            agreed: choice.deflate.map(DeflateAnswer::to_string),
        },
    };
    // A structure of texts and lists is always written.
    serde_json::to_string(&report).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use ws_echo_core::{Buffer, Progress, Window};

    use super::*;
    use crate::serve::service::Handshake;

    /// The report of a request that is complete.
    fn report(request: &[u8], secrets: Secrets) -> String {
        let mut handshake = Handshake::default();
        let mut buffer = Buffer::new(vec![0; 16 << 10]);
        buffer.spare_mut()[..request.len()].copy_from_slice(request);
        buffer.commit(request.len());
        let progress = handshake.advance(&mut buffer);
        assert_eq!(
            progress,
            Ok(Progress::Request),
            "{}",
            request.escape_ascii()
        );
        let request = handshake.request();
        let deflate = request.deflate(Window::MAX.fresh());
        let local: SocketAddr = "[::ffff:127.0.0.2]:3000".parse().expect("an address");
        let route = Route {
            via: Some(SocketAddr::from(([127, 0, 0, 3], 6)).into()),
            is_from_proxy: true,
            peer: SocketAddr::from(([127, 0, 0, 1], 5)).into(),
            local: Some(local.into()),
            tls: Some(TlsFacts {
                version: "TLSv1.3",
                cipher: "TLS_AES_256_GCM_SHA384".into(),
                server_name: Some("localhost".into()),
                alpn: None,
                resumed: false,
            }),
        };
        let choice = Choice {
            subprotocol: request.subprotocols().next(),
            deflate: deflate.as_ref(),
        };
        json(&request, &route, choice, secrets)
    }

    #[test]
    fn a_request_is_reported_as_it_arrived() {
        let request =
            b"GET /a?b=%20\" HTTP/1.1\r\nhOST: x\r\nX-A:  1\t2 \r\nx-a:\r\nX-A: \xc3\xa9\r\n\
            X-B: \xff\r\nSec-WebSocket-Protocol: v2.chat, chat\r\nSec-WebSocket-Extensions: \
            permessage-deflate; server_max_window_bits=15, \xfffoo; a=\"b,c\"\r\n\r\n";
        let expected = concat!(
            r#"{"method":"GET","target":"/a?b=%20\"","version":"HTTP/1.1","#,
            r#""headers":[["hOST","x"],["X-A","1\t2"],["x-a",""],["X-A","\u00e9"],"#,
            r#"["X-B",{"base64":"/w=="}],["Sec-WebSocket-Protocol","v2.chat, chat"],"#,
            r#"["Sec-WebSocket-Extensions",{"base64":"cGVybWVzc2FnZS1kZWZsYXRlOyBzZXJ2ZXJfbWF4X"#,
            r#"3dpbmRvd19iaXRzPTE1LCD/Zm9vOyBhPSJiLGMi"}]],"#,
            r#""peer":"127.0.0.1:5","via":"127.0.0.3:6","local":"127.0.0.2:3000","tls":{"version":"TLSv1.3","#,
            r#""cipher":"TLS_AES_256_GCM_SHA384","server_name":"localhost","alpn":null,"#,
            r#""resumed":false},"subprotocols":{"offered":["v2.chat","chat"],"chosen":"v2.chat"},"#,
            r#""extensions":{"offered":["permessage-deflate; server_max_window_bits=15","#,
            r#""\ufffdfoo; a=\"b,c\""],"agreed":"permessage-deflate; "#,
            r#"server_no_context_takeover; client_no_context_takeover; "#,
            r#"server_max_window_bits=15"}}"#,
        );
        let expected = expected.replace("\\u00e9", "\u{e9}");
        let expected = expected.replace("\\ufffd", "\u{fffd}");
        assert_eq!(report(request, Secrets::Hidden), expected);
    }

    #[test]
    fn secrets_are_hidden_unless_they_are_to_be_shown() {
        let request = b"GET / HTTP/1.1\r\nHost: x\r\nCOOKIE: a=secret\r\ncookie: \xffsecret\r\n\
            Authorization: Basic secret\r\nproxy-authorization: secret\r\nCookies: shown\r\n\
            Sec-WebSocket-Protocol: shown\r\n\r\n";
        let hidden = report(request, Secrets::Hidden);
        assert!(!hidden.contains("secret"), "{hidden}");
        for expected in [
            r#"["COOKIE",{"hidden":8}],["cookie",{"hidden":7}],["Authorization",{"hidden":12}]"#,
            r#"["proxy-authorization",{"hidden":6}],["Cookies","shown"]"#,
            r#"["Sec-WebSocket-Protocol","shown"]"#,
        ] {
            assert!(hidden.contains(expected), "{hidden}");
        }
        let shown = report(request, Secrets::Shown);
        for expected in [
            r#"["COOKIE","a=secret"],["cookie",{"base64":"/3NlY3JldA=="}]"#,
            r#"["Authorization","Basic secret"],["proxy-authorization","secret"]"#,
        ] {
            assert!(shown.contains(expected), "{shown}");
        }
    }

    #[test]
    fn the_longest_requests_have_reports_within_the_bound() {
        let mut longest = 0;
        for name in ["X", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"] {
            for unit in [
                &b"\""[..],
                b"\\",
                b"\xff",
                b"\xff,",
                b"a,",
                b"\"\",",
                b"\"\\\",\"",
                b"\t",
                "\u{2028}".as_bytes(),
                b",",
                b"\xff\"",
            ] {
                for headers in [1, 63] {
                    let room = (8 << 10) - 40 - headers * (name.len() + 3);
                    let value = unit.repeat(room / headers / unit.len());
                    let line = [name.as_bytes(), b":", &value, b"\r\n"].concat();
                    let head = b"GET / HTTP/1.1\r\nHost:x\r\n";
                    let request = [&head[..], &line.repeat(headers), b"\r\n"].concat();
                    longest = longest.max(report(&request, Secrets::Hidden).len());
                }
            }
        }
        let target = format!("GET /{} HTTP/1.1\r\nHost:x\r\n\r\n", "\"".repeat(8100));
        longest = longest.max(report(target.as_bytes(), Secrets::Hidden).len());
        assert!((30_000..=LEN_MAX - 1000).contains(&longest), "{longest}");
    }
}
