//! What is answered over HTTP instead of opening a connection, and to clients that speak another
//! protocol than this port. The core writes the heads (RFC 9112 section 4).

use std::borrow::Cow;

use ws_echo_core::HttpResponse;

/// For a page of an origin that may not connect.
pub(crate) static FORBIDDEN_ORIGIN: Answer = Answer::refusal(
    "403 Forbidden",
    &[],
    "pages of this origin may not connect\n",
);
/// For a request whose headers could be forged.
pub(crate) static CONTRADICTORY_PROXIES: Answer = Answer::refusal(
    "400 Bad Request",
    &[],
    "Forwarded and X-Forwarded-For name different clients\n",
);
/// For another method, where the page is served.
pub(crate) static METHOD_NOT_ALLOWED: Answer = Answer::refusal(
    "405 Method Not Allowed",
    &[("Allow", "GET, HEAD, OPTIONS")],
    "method is not GET\n",
);
/// The same for the admin listener.
pub(crate) static METHOD_NOT_ALLOWED_FOR_ADMIN: Answer = Answer::refusal(
    "405 Method Not Allowed",
    &[("Allow", "GET, HEAD")],
    "method is not GET\n",
);
/// For a client that asks for the methods of a path (RFC 9110 section 9.3.7). HAProxy's health
/// check is such a request, unless another is configured.
pub(crate) static METHODS: Answer =
    Answer::refusal("200 OK", &[("Allow", "GET, HEAD, OPTIONS")], "");
/// The same where there is no page.
pub(crate) static METHODS_WITHOUT_PAGE: Answer =
    Answer::refusal("200 OK", &[("Allow", "GET, OPTIONS")], "");
/// For a client from an address that has too many connections.
pub(crate) static TOO_MANY_FROM_ADDRESS: Answer = Answer::refusal(
    "429 Too Many Requests",
    RETRY_LATER,
    "too many connections from this address\n",
);
/// For a client when there are too many connections.
pub(crate) static TOO_MANY_CONNECTIONS: Answer = Answer::refusal(
    "503 Service Unavailable",
    RETRY_LATER,
    "too many connections\n",
);
/// For a client when there is no memory for it.
pub(crate) static SHORT_OF_MEMORY: Answer =
    Answer::refusal("503 Service Unavailable", RETRY_LATER, "short of memory\n");

/// For a client that speaks plain HTTP to a port that speaks TLS.
pub(crate) static TLS_NEEDED: WrongProtocol = WrongProtocol {
    answer: ProtocolAnswer::Http(Answer::refusal(
        "400 Bad Request",
        &[],
        "this port speaks TLS: write wss:// or https:// instead of ws:// or http://\n",
    )),
    advice: "plain HTTP: this port speaks TLS; write wss:// or https://",
};
/// For a client that speaks TLS to a port that does not.
pub(crate) static TLS_NOT_SERVED: WrongProtocol = WrongProtocol {
    answer: ProtocolAnswer::TlsAlert,
    advice: "TLS: this port has none; write ws:// or http://, \
        or serve with --tls-cert and --tls-key",
};

/// > When sent with a 503 (Service Unavailable) response, Retry-After indicates how long the
/// > service is expected to be unavailable to the client. (RFC 9110 section 10.2.3)
const RETRY_LATER: &[(&str, &str)] = &[("Retry-After", "5")];

/// The alert protocol_version in a record of its own: no version is spoken here (RFC 8446
/// section 6).
const PROTOCOL_VERSION_ALERT: [u8; 7] = [ALERT, 3, 3, 0, 2, FATAL, PROTOCOL_VERSION];
const ALERT: u8 = 21;
const FATAL: u8 = 2;
const PROTOCOL_VERSION: u8 = 70;

/// An HTTP response, after which the connection ends.
#[derive(Debug)]
pub(crate) struct Answer {
    status: &'static str,
    headers: &'static [(&'static str, &'static str)],
    content_type: &'static str,
    pub(crate) content: Cow<'static, [u8]>,
}

/// That a client speaks another protocol than this port.
#[derive(Debug)]
pub struct WrongProtocol {
    answer: ProtocolAnswer,
    /// What the log says.
    pub(crate) advice: &'static str,
}

/// An answer in the protocol that the client speaks.
#[derive(Debug)]
enum ProtocolAnswer {
    Http(Answer),
    TlsAlert,
}

impl Answer {
    /// The response to a request that succeeds.
    pub(crate) const fn file(
        headers: &'static [(&'static str, &'static str)],
        content_type: &'static str,
        content: &'static str,
    ) -> Self {
        Self {
            status: "200 OK",
            headers,
            content_type,
            content: Cow::Borrowed(content.as_bytes()),
        }
    }

    /// The response with a request as it arrived, in JSON.
    pub(crate) fn report(json: String) -> Self {
        Self::of_now("200 OK", "application/json", json.into_bytes())
    }

    /// A response that is true only now, so it must not be stored.
    pub(crate) fn of_now(
        status: &'static str,
        content_type: &'static str,
        content: impl Into<Cow<'static, [u8]>>,
    ) -> Self {
        Self {
            status,
            headers: &[
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ],
            content_type,
            content: content.into(),
        }
    }

    /// A response that says in a line of text why the client is not served.
    const fn refusal(
        status: &'static str,
        headers: &'static [(&'static str, &'static str)],
        text: &'static str,
    ) -> Self {
        Self {
            status,
            headers,
            content_type: "text/plain",
            content: Cow::Borrowed(text.as_bytes()),
        }
    }

    /// The response to a request that is wrong; `text` says why.
    pub(crate) fn bad_request(text: String) -> Self {
        Self {
            status: "400 Bad Request",
            headers: &[],
            content_type: "text/plain; charset=utf-8",
            content: Cow::Owned(text.into_bytes()),
        }
    }

    pub(crate) fn head(&self) -> HttpResponse<'_> {
        HttpResponse {
            headers: self.headers,
            content_type: Some(self.content_type),
            content_len: self.content.len(),
            ..HttpResponse::new(self.status)
        }
    }

    /// All of it, for a client that is answered before it makes a request.
    pub(crate) fn bytes(&self) -> Cow<'static, [u8]> {
        let mut bytes = Vec::new();
        // No header is wrong: see the tests of `page`.
        let _ = self.head().write(|part| bytes.extend_from_slice(part));
        bytes.extend_from_slice(&self.content);
        bytes.into()
    }
}

impl WrongProtocol {
    /// What the client gets.
    pub(crate) fn bytes(&self) -> Cow<'static, [u8]> {
        match &self.answer {
            ProtocolAnswer::Http(answer) => answer.bytes(),
            ProtocolAnswer::TlsAlert => PROTOCOL_VERSION_ALERT[..].into(),
        }
    }
}
