//! The request of a recording, as far as it can be sent again.

use ws_echo_core::{ClientHandshake, ClientRequest, DeflateOffer};

use crate::options::url::{AUTHORIZATION, Url};
use crate::recording::{Request, Value};

/// The headers of a connection, and of a request with content. They are made anew, or left out.
const OF_CONNECTION: [&str; 13] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "sec-websocket-extensions",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
const OF_HANDSHAKE: &str = "sec-websocket-";

/// What is sent again of a recorded request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RecordedRequest {
    origin: Option<String>,
    subprotocols: Vec<String>,
    headers: Vec<(String, String)>,
    /// The names of headers that cannot be sent: the recording has only their length, or they are
    /// not valid.
    pub(super) left_out: Vec<String>,
}

impl RecordedRequest {
    /// Takes what can be sent from a recorded request to the server at `url`.
    pub(super) fn new(request: &Request, url: &Url) -> Self {
        let mut sent = Self::default();
        for (name, value) in &request.headers {
            let (Value::Text(name), value) = (name, value) else {
                sent.left_out.push("(a name that is not UTF-8)".into());
                continue;
            };
            let is_of_url = url.authorization.is_some() && name.eq_ignore_ascii_case(AUTHORIZATION);
            if !is_of_url && !is_made_anew(name) {
                sent.add(name, value);
            }
        }
        sent
    }

    fn add(&mut self, name: &str, value: &Value) {
        let Value::Text(value) = value else {
            self.left_out.push(name.into());
            return;
        };
        match name.to_ascii_lowercase().as_str() {
            "sec-websocket-protocol" => {
                for name in value.split(',').map(str::trim) {
                    self.add_subprotocol(name);
                }
            }
            "origin" if self.origin.is_none() => {
                let mut request = ClientRequest::new("host", "/");
                request.origin = Some(value);
                match can_be_sent(request) {
                    true => self.origin = Some(value.clone()),
                    false => self.left_out.push(name.into()),
                }
            }
            _ => {
                let headers = [(name, value.as_str())];
                let mut request = ClientRequest::new("host", "/");
                request.headers = &headers;
                match can_be_sent(request) {
                    true => self.headers.push((name.into(), value.clone())),
                    false => self.left_out.push(name.into()),
                }
            }
        }
    }

    fn add_subprotocol(&mut self, name: &str) {
        let names = [name];
        let mut request = ClientRequest::new("host", "/");
        request.subprotocols = &names;
        let is_new = !self.subprotocols.iter().any(|other| other == name);
        if is_new && can_be_sent(request) {
            self.subprotocols.push(name.into());
        }
    }

    /// Passes the request to the server at `url`, with an offer of compression if there is one, to
    /// `connect`.
    pub(super) fn with<T>(
        &self,
        url: &Url,
        deflate: Option<DeflateOffer>,
        connect: impl FnOnce(ClientRequest<'_>) -> T,
    ) -> T {
        let subprotocols: Vec<_> = self.subprotocols.iter().map(String::as_str).collect();
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| (&**name, &**value));
        let headers: Vec<_> = url.authorization().into_iter().chain(headers).collect();
        connect(ClientRequest {
            origin: self.origin.as_deref(),
            subprotocols: &subprotocols,
            deflate,
            headers: &headers,
            ..ClientRequest::new(&url.authority, &url.resource)
        })
    }
}

/// Whether a header is made anew for another connection.
fn is_made_anew(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_of_handshake = name.starts_with(OF_HANDSHAKE) && name != "sec-websocket-protocol";
    is_of_handshake || OF_CONNECTION.contains(&&*name)
}

/// Whether the core would send this request.
fn can_be_sent(request: ClientRequest<'_>) -> bool {
    ClientHandshake::<64>::new(request, [0; 16]).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    fn request(headers: &[(&str, Value)]) -> Request {
        Request {
            format: 1,
            time: String::new(),
            peer: String::new(),
            local: String::new(),
            method: text("GET"),
            target: text("/"),
            version: text("HTTP/1.1"),
            headers: headers
                .iter()
                .map(|(name, value)| (text(name), value.clone()))
                .collect(),
        }
    }

    fn url(authorization: Option<&str>) -> Url {
        Url {
            text: "ws://a/b".into(),
            authority: "a".into(),
            authorization: authorization.map(str::to_owned),
            resource: "/b".into(),
            server_name: None,
            host: "a".into(),
            port: 80,
        }
    }

    #[test]
    fn the_headers_of_the_application_are_sent_again_and_those_of_the_connection_are_not() {
        let recorded = request(&[
            ("Host", text("old.example")),
            ("Connection", text("keep-alive, Upgrade")),
            ("Upgrade", text("websocket")),
            ("Sec-WebSocket-Key", text("x")),
            ("sec-websocket-version", text("13")),
            ("Sec-WebSocket-Extensions", text("permessage-deflate")),
            ("User-Agent", text("Mozilla/5.0")),
            ("Origin", text("https://example.com")),
            ("Sec-WebSocket-Protocol", text("v2, v1,v2, a b")),
            ("X-A", text("1")),
            ("x-a", text("2")),
        ]);
        let sent = RecordedRequest::new(&recorded, &url(None));
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = RecordedRequest {
            origin: Some("https://example.com".into()),
            subprotocols: vec!["v2".into(), "v1".into()],
            headers: vec![
                header("User-Agent", "Mozilla/5.0"),
                header("X-A", "1"),
                header("x-a", "2"),
            ],
            left_out: Vec::new(),
        };
        assert_eq!(sent, expected);
    }

    #[test]
    fn what_cannot_be_sent_is_left_out_and_named() {
        let base64 = vec![0xFF];
        let recorded = request(&[
            ("Cookie", Value::Hidden { hidden: 7 }),
            ("X-Bytes", Value::Bytes { base64 }),
            ("X A", text("b")),
            ("X-Lines", text("a\r\nX-B: c")),
            ("Origin", text("a b")),
        ]);
        let sent = RecordedRequest::new(&recorded, &url(None));
        let left_out = ["Cookie", "X-Bytes", "X A", "X-Lines", "Origin"];
        assert_eq!(sent.left_out, left_out);
        assert!(sent.headers.is_empty() && sent.origin.is_none());
    }

    #[test]
    fn the_name_and_the_password_of_the_url_replace_the_recorded_ones() {
        let recorded = request(&[("authorization", text("Basic b2xk"))]);
        for (authorization, expected) in [(None, "Basic b2xk"), (Some("Basic bmV3"), "Basic bmV3")]
        {
            let url = url(authorization);
            let sent = RecordedRequest::new(&recorded, &url);
            sent.with(&url, None, |request| {
                let [(_, value)] = request.headers else {
                    panic!("one header: {:?}", request.headers);
                };
                assert_eq!(*value, expected);
                assert_eq!((request.host, request.resource), ("a", "/b"));
            });
        }
    }
}
