//! The response to a client's opening handshake, as the client reads it (RFC 6455 section 4.1). Its
//! lines are known to be well-formed.

use core::fmt;
use core::str::from_utf8;

use crate::handshake::accept::ACCEPT_LEN;
use crate::handshake::head;
use crate::handshake::http;
use crate::handshake::syntax::SyntaxError;

/// The response to a client's opening handshake. Before its head is complete it has the status 0,
/// an empty reason and no headers.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    head: &'a [u8],
}

/// Why a response does not open the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ResponseError {
    /// The first line is not a status line of HTTP/1.x.
    MalformedStatusLine,
    /// The head is malformed.
    Syntax(SyntaxError),
    /// The head is longer than the `N` bytes that the handshake gathers.
    HeadTooLarge,
    /// The status code, which is not 101: a refusal or a redirect.
    Status(u16),
    /// The status is 101, but the response is HTTP/1.0.
    UnsupportedHttpVersion,
    /// The Upgrade header is missing, or not "websocket" alone.
    NoUpgrade,
    /// There are several Upgrade headers.
    RepeatedUpgrade,
    /// There is no Connection header with "Upgrade".
    NoConnectionUpgrade,
    /// There is no Sec-WebSocket-Accept header.
    NoAccept,
    /// The Sec-WebSocket-Accept header does not answer the key.
    WrongAccept,
    /// There are several Sec-WebSocket-Accept headers.
    RepeatedAccept,
    /// The server chose a subprotocol that was not offered.
    UnexpectedSubprotocol,
    /// There are several Sec-WebSocket-Protocol headers.
    RepeatedSubprotocol,
    /// The server chose an extension that was not offered, or several.
    UnexpectedExtension,
    /// The server accepted the offer of compression with parameters that do not answer it, or that
    /// are malformed (RFC 7692 section 7.1).
    WrongDeflate,
}

impl<'a> Response<'a> {
    pub(crate) fn new(head: &'a [u8]) -> Self {
        Self { head }
    }

    /// The status code, or 0 before the head is complete.
    pub fn status(&self) -> u16 {
        StatusLine::decode(self.status_line()).map_or(0, |line| line.status)
    }

    /// The reason phrase. It may be empty, and is empty if it is not UTF-8.
    pub fn reason(&self) -> &'a str {
        let reason = StatusLine::decode(self.status_line()).map_or(&b""[..], |line| line.reason);
        from_utf8(reason).unwrap_or_default()
    }

    /// The values of the headers with this name, in their order. The case of the name does not
    /// matter.
    pub fn headers<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        head::values(self.head, name)
    }

    /// Whether another response to the same request follows this one.
    pub(crate) fn is_interim(&self) -> bool {
        let status = self.status();
        status / 100 == 1 && status != SWITCHING_PROTOCOLS
    }

    fn status_line(&self) -> &'a [u8] {
        let mut head = self.head;
        http::take_until(&mut head, b'\r')
    }

    /// Checks whether the response opens the connection of a client that waits for `accept`. What
    /// was chosen of the client's offers is checked by the functions below.
    pub(crate) fn check(&self, accept: &[u8; ACCEPT_LEN]) -> Result<(), ResponseError> {
        let line = StatusLine::decode(self.status_line())?;
        // > If the status code received from the server is not 101, the client handles the
        // > response per HTTP [RFC2616] procedures. (section 4.1)
        if line.status != SWITCHING_PROTOCOLS {
            return Err(ResponseError::Status(line.status));
        }
        if line.version == b"HTTP/1.0" {
            return Err(ResponseError::UnsupportedHttpVersion);
        }
        // > If the response lacks an |Upgrade| header field or the |Upgrade| header field contains
        // > a value that is not an ASCII case-insensitive match for the value "websocket", [...]
        // > (section 4.1)
        let mut upgrades = self.headers("upgrade");
        match (upgrades.next(), upgrades.next()) {
            (Some(value), None) if value.eq_ignore_ascii_case(b"websocket") => {}
            (_, Some(_)) => return Err(ResponseError::RepeatedUpgrade),
            _ => return Err(ResponseError::NoUpgrade),
        }
        // > If the response lacks a |Connection| header field or the |Connection| header field
        // > doesn't contain a token that is an ASCII case-insensitive match for the value
        // > "Upgrade", [...] (section 4.1)
        let lists_upgrade = |value| http::lists(value, b"upgrade");
        if !self.headers("connection").any(lists_upgrade) {
            return Err(ResponseError::NoConnectionUpgrade);
        }
        // > If the response lacks a |Sec-WebSocket-Accept| header field or the
        // > |Sec-WebSocket-Accept| contains a value other than [...] (section 4.1)
        let mut accepts = self.headers("sec-websocket-accept");
        match (accepts.next(), accepts.next()) {
            (None, _) => return Err(ResponseError::NoAccept),
            (Some(value), None) if value == accept => {}
            (_, Some(_)) => return Err(ResponseError::RepeatedAccept),
            _ => return Err(ResponseError::WrongAccept),
        }
        Ok(())
    }

    /// The subprotocol that was chosen of these.
    ///
    /// > If the response includes a |Sec-WebSocket-Protocol| header field and this header field
    /// > indicates the use of a subprotocol that was not present in the client's handshake [...],
    /// > the client MUST _Fail the WebSocket Connection_. (section 4.1)
    pub(crate) fn subprotocol<'s>(
        &self,
        offers: &[&'s str],
    ) -> Result<Option<&'s str>, ResponseError> {
        let mut values = self.headers("sec-websocket-protocol");
        let Some(chosen) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(ResponseError::RepeatedSubprotocol);
        }
        let offer = offers.iter().find(|name| name.as_bytes() == chosen);
        if offer.is_none() {
            return Err(ResponseError::UnexpectedSubprotocol);
        }
        Ok(offer.copied())
    }
}

const SWITCHING_PROTOCOLS: u16 = 101;

/// The first line of a response (RFC 9112 section 4).
pub(crate) struct StatusLine<'a> {
    version: &'a [u8],
    status: u16,
    reason: &'a [u8],
}

impl<'a> StatusLine<'a> {
    /// Decodes the line, without its line end.
    pub(crate) fn decode(mut line: &'a [u8]) -> Result<Self, ResponseError> {
        let version = http::take_until(&mut line, b' ');
        let status = http::take_until(&mut line, b' ');
        // > [...] process that message as if it were in the highest minor version within that major
        // > version to which the recipient is conformant. (RFC 9110 section 2.5)
        let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9'] = version else {
            return Err(ResponseError::MalformedStatusLine);
        };
        let &[a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] = status else {
            return Err(ResponseError::MalformedStatusLine);
        };
        let [hundreds, tens, ones] = [a, b, c].map(|digit| u16::from(digit - b'0'));
        Ok(Self {
            version,
            status: 100 * hundreds + 10 * tens + ones,
            reason: line,
        })
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MalformedStatusLine => "not an HTTP response",
            Self::Syntax(error) => error.text(),
            Self::HeadTooLarge => "response head is too large",
            Self::Status(status) => return write!(f, "status is {status}"),
            Self::UnsupportedHttpVersion => "response is HTTP/1.0",
            Self::NoUpgrade => "Upgrade is missing, or not websocket alone",
            Self::RepeatedUpgrade => "Upgrade is repeated",
            Self::NoConnectionUpgrade => "Connection does not contain Upgrade",
            Self::NoAccept => "Sec-WebSocket-Accept is missing",
            Self::WrongAccept => "Sec-WebSocket-Accept does not answer the key",
            Self::RepeatedAccept => "Sec-WebSocket-Accept is repeated",
            Self::RepeatedSubprotocol => "Sec-WebSocket-Protocol is repeated",
            Self::UnexpectedSubprotocol => "Sec-WebSocket-Protocol was not requested",
            Self::UnexpectedExtension => "Sec-WebSocket-Extensions was not requested",
            Self::WrongDeflate => "Sec-WebSocket-Extensions does not answer the offer",
        })
    }
}

impl core::error::Error for ResponseError {}

impl From<SyntaxError> for ResponseError {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}
