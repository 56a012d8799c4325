//! Why an opening handshake is refused, and the status of the response (RFC 6455 section 4.2.2, RFC
//! 9110 section 15).

use core::fmt;

use crate::handshake::syntax::SyntaxError;

/// Why a request is refused. The response has a status, and a text if the application [adds
/// one](crate::ServerHandshake::explain).
///
/// The handshake itself finds all of these except [`NotFound`](Self::NotFound) and
/// [`Timeout`](Self::Timeout): these are for the application, because every server needs them. Any
/// other answer is an [`HttpResponse`](crate::HttpResponse).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Refusal {
    /// The head is malformed.
    Syntax(SyntaxError),
    /// The request line is not a method, a target and a version between single spaces.
    MalformedRequestLine,
    /// The target is neither a path nor an absolute URI.
    MalformedTarget,
    /// There is no Host header.
    MissingHost,
    /// There are several Host headers.
    RepeatedHost,
    /// The value of the Host header is not a host.
    MalformedHost,
    /// A body is announced: Content-Length other than 0, or Transfer-Encoding.
    Body,
    /// There are several Sec-WebSocket-Version headers.
    RepeatedVersion,
    /// There is no Sec-WebSocket-Key header.
    MissingKey,
    /// There are several Sec-WebSocket-Key headers.
    RepeatedKey,
    /// The key is not base64 of 16 bytes.
    MalformedKey,
    /// The path is not served. The application decides that.
    NotFound,
    /// The method is not GET.
    MethodNotAllowed,
    /// The head was not complete in time. The application decides that: the crate has no clock.
    Timeout,
    /// The request has no sign of a WebSocket: see
    /// [`is_for_websocket`](crate::Request::is_for_websocket).
    UpgradeRequired,
    /// The request asks for a WebSocket by HTTP/1.0, which has no upgrade. Only of a handshake
    /// [with HTTP/1.0](crate::ServerHandshake::with_http_1_0).
    UpgradeByHttp10,
    /// There is no Connection header with "Upgrade", in a request for a WebSocket. It belongs to
    /// one hop: a proxy removes it, and Upgrade, unless it is configured to keep them.
    MissingConnectionUpgrade,
    /// There is no Upgrade header with "websocket", in a request for a WebSocket.
    MissingUpgrade,
    /// There is no Sec-WebSocket-Version header.
    MissingVersion,
    /// The Sec-WebSocket-Version is not 13.
    UnsupportedVersion,
    /// The head is longer than the `N` bytes that the handshake gathers.
    HeadTooLarge,
    /// There are more than [`MAX_HEADERS`](crate::MAX_HEADERS) headers.
    TooManyHeaders,
    /// The response and the greeting do not fit in the `N` bytes of the handshake.
    ResponseTooLarge,
    /// The request is not HTTP/1.1, nor HTTP/1.0 if that is
    /// [read](crate::ServerHandshake::with_http_1_0).
    UnsupportedHttpVersion,
}

impl Refusal {
    /// The status code and the reason phrase: `400 Bad Request`.
    pub fn status(self) -> &'static str {
        match self {
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::Timeout => "408 Request Timeout",
            Self::UpgradeRequired
            | Self::UpgradeByHttp10
            | Self::MissingConnectionUpgrade
            | Self::MissingUpgrade
            | Self::MissingVersion
            | Self::UnsupportedVersion => "426 Upgrade Required",
            Self::HeadTooLarge | Self::TooManyHeaders => "431 Request Header Fields Too Large",
            Self::ResponseTooLarge => "500 Internal Server Error",
            Self::UnsupportedHttpVersion => "505 HTTP Version Not Supported",
            // Malformed, missing or repeated parts, and a body.
            _ => "400 Bad Request",
        }
    }

    /// What follows `Connection: close` in the response: other options, and the header lines that
    /// the status requires.
    ///
    /// > A sender of Upgrade MUST also send an "Upgrade" connection option in the Connection
    /// > header field [...] (RFC 9110 section 7.8)
    pub(crate) fn headers(self) -> &'static str {
        match self {
            // > The origin server MUST generate an Allow header field in a 405 response [...]
            // > (RFC 9110 section 15.5.6)
            Self::MethodNotAllowed => "\r\nAllow: GET",
            // > The server MUST send an Upgrade header field in a 426 response [...] (RFC 9110
            // > section 15.5.22)
            Self::UpgradeRequired
            | Self::UpgradeByHttp10
            | Self::MissingConnectionUpgrade
            | Self::MissingUpgrade
            | Self::MissingVersion
            | Self::UnsupportedVersion => {
                ", Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"
            }
            _ => "",
        }
    }

    /// The reason in a few words, as in the log or in the content of the response.
    pub fn text(self) -> &'static str {
        match self {
            Self::Syntax(error) => error.text(),
            Self::MalformedRequestLine => "request line is malformed",
            Self::MalformedTarget => "target is neither a path nor an absolute URI",
            Self::MissingHost => "Host is missing",
            Self::RepeatedHost => "Host is repeated",
            Self::MalformedHost => "Host is not a valid host",
            Self::Body => "the request must not have a body",
            Self::RepeatedVersion => "Sec-WebSocket-Version is repeated",
            Self::MissingKey => "Sec-WebSocket-Key is missing",
            Self::RepeatedKey => "Sec-WebSocket-Key is repeated",
            Self::MalformedKey => "Sec-WebSocket-Key is not 16 bytes in base64",
            Self::NotFound => "path is not served",
            Self::MethodNotAllowed => "method is not GET",
            Self::Timeout => "request was not complete in time",
            Self::UpgradeRequired => "only WebSocket connections are served",
            Self::UpgradeByHttp10 => {
                "a WebSocket needs HTTP/1.1, and this request is HTTP/1.0: a proxy may have changed it"
            }
            Self::MissingConnectionUpgrade => {
                "Connection: Upgrade is missing: a proxy removes it and Upgrade unless told to keep them"
            }
            Self::MissingUpgrade => {
                "Upgrade: websocket is missing: a proxy removes it unless told to keep it"
            }
            Self::MissingVersion => "Sec-WebSocket-Version is missing",
            Self::UnsupportedVersion => "Sec-WebSocket-Version is not 13",
            Self::HeadTooLarge => "request head is too large",
            Self::TooManyHeaders => "too many headers",
            Self::ResponseTooLarge => "response is too large",
            Self::UnsupportedHttpVersion => "only HTTP/1.1 is served",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Refusal {}

impl From<SyntaxError> for Refusal {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}
