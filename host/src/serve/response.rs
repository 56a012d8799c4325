//! Responses that are the same for all who get them: written once, and sent as they are (RFC 9112 section
//! 4). What the handshake itself answers is the core's.

use std::sync::LazyLock;

/// To a page that may not connect.
pub(crate) static FORBIDDEN_ORIGIN: LazyLock<Response> = LazyLock::new(|| {
    Response::refusal("403 Forbidden", "", "pages of this origin may not connect")
});
/// To one client too many from its address.
pub(crate) static TOO_MANY_FROM_ADDRESS: LazyLock<Response> = LazyLock::new(|| {
    let text = "too many connections from this address";
    Response::refusal("429 Too Many Requests", RETRY_AFTER, text)
});
/// To one client too many.
pub(crate) static TOO_MANY_CONNECTIONS: LazyLock<Response> = LazyLock::new(|| {
    let text = "too many connections";
    Response::refusal("503 Service Unavailable", RETRY_AFTER, text)
});

/// To one client too many for the memory that there is.
pub(crate) static SHORT_OF_MEMORY: LazyLock<Response> = LazyLock::new(|| {
    let text = "short of memory";
    Response::refusal("503 Service Unavailable", RETRY_AFTER, text)
});
/// To who speaks plain HTTP where TLS is spoken.
pub(crate) static TLS_NEEDED: LazyLock<WrongProtocol> = LazyLock::new(|| {
    let text = "this port speaks TLS: write wss:// or https:// instead of ws:// or http://";
    WrongProtocol {
        response: Response::refusal("400 Bad Request", "", text).bytes,
        advice: "plain HTTP: this port speaks TLS; write wss:// or https://",
    }
});
/// To who speaks TLS where there is none: the alert protocol_version, because no version is spoken here
/// (RFC 8446 section 6).
pub(crate) static TLS_NOT_SERVED: LazyLock<WrongProtocol> = LazyLock::new(|| WrongProtocol {
    response: vec![21, 3, 3, 0, 2, FATAL, PROTOCOL_VERSION],
    advice: "TLS: this port has none; write ws:// or http://, or serve with --tls-cert and --tls-key",
});

const FATAL: u8 = 2;
const PROTOCOL_VERSION: u8 = 70;

/// > When sent with a 503 (Service Unavailable) response, Retry-After indicates how long the service is
/// > expected to be unavailable to the client. (RFC 9110 section 10.2.3)
const RETRY_AFTER: &str = "Retry-After: 5\r\n";

/// That a client speaks another protocol than this port.
#[derive(Debug)]
pub struct WrongProtocol {
    /// What the client gets, in the protocol that it speaks.
    pub(crate) response: Vec<u8>,
    /// What the log says.
    pub(crate) advice: &'static str,
}

/// A response whose head ends, and whose content begins, behind `head_len` bytes.
pub(crate) struct Response {
    pub(crate) bytes: Vec<u8>,
    pub(crate) head_len: usize,
}

impl Response {
    /// A response after which the connection ends; `headers` are lines, each with its end.
    pub(crate) fn new(status: &str, headers: &str, content_type: &str, content: &str) -> Self {
        let head = format!(
            "HTTP/1.1 {status}\r\n\
             Connection: close\r\n\
             Content-Type: {content_type}\r\n\
             Content-Length: {}\r\n\
             {headers}\r\n",
            content.len()
        );
        Self {
            head_len: head.len(),
            bytes: [head, content.into()].concat().into_bytes(),
        }
    }

    fn refusal(status: &str, headers: &str, text: &str) -> Self {
        Self::new(status, headers, "text/plain", &format!("{text}\n"))
    }
}
