//! An HTTP response to a client that gets no connection, as bytes (RFC 9110, RFC 9112 section 4).
//! The responses of the handshake itself are in `refusal`.

use core::fmt;

use crate::handshake::http;

/// The head of an HTTP response, after which the connection ends.
///
/// [`ServerHandshake::respond`](crate::ServerHandshake::respond) answers a request with it.
/// [`write`](Self::write) is for a client that is answered before its request is received.
///
/// ```
/// use ws_echo_core::HttpResponse;
///
/// let text = "too many connections\n";
/// let response = HttpResponse {
///     headers: &[("Retry-After", "5")],
///     content_type: Some("text/plain"),
///     content_len: text.len(),
///     ..HttpResponse::new("503 Service Unavailable")
/// };
/// let mut bytes = Vec::new();
/// response.write(|part| bytes.extend_from_slice(part))?;
/// bytes.extend_from_slice(text.as_bytes());
/// assert!(bytes.starts_with(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"));
/// # Ok::<(), ws_echo_core::HttpResponseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpResponse<'a> {
    /// The status code, a space and the reason phrase: `"503 Service Unavailable"`.
    pub status: &'a str,
    /// Other headers: their names and their values.
    pub headers: &'a [(&'a str, &'a str)],
    /// The value of Content-Type. `None` sends no such header.
    pub content_type: Option<&'a str>,
    /// The length of the content in bytes, the value of Content-Length.
    pub content_len: usize,
}

/// Why a response cannot be sent. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum HttpResponseError {
    /// The request was answered before.
    Answered,
    /// The head does not fit where the head of the request was gathered.
    TooLarge,
    /// The status is not a code from 200 to 599, a space and a reason phrase.
    Status,
    /// The name of a header is not a token, or a value contains control characters.
    Header,
    /// A header is one that the response itself sends, or Upgrade.
    ReservedHeader,
}

impl<'a> HttpResponse<'a> {
    /// A response without content and without other headers.
    pub const fn new(status: &'a str) -> Self {
        Self {
            status,
            headers: &[],
            content_type: None,
            content_len: 0,
        }
    }

    /// Passes the bytes of the head to `write`, part by part.
    ///
    /// # Errors
    ///
    /// What is wrong with the response. Then `write` was not called.
    pub fn write(&self, write: impl FnMut(&[u8])) -> Result<(), HttpResponseError> {
        self.check()?;
        self.write_with("", write);
        Ok(())
    }

    /// The same, unchecked. `more` follows `Connection: close`: other options, and header lines.
    // The compiler leaves out what a refusal does not have.
    #[inline(always)]
    pub(crate) fn write_with(&self, more: &str, mut write: impl FnMut(&[u8])) {
        // > A server SHOULD send a response version equal to the highest version to which the
        // > server is conformant that has a major version less than or equal to the one received
        // > in the request. (RFC 9110 section 2.5)
        //
        // Nothing that follows needs more than HTTP/1.0: a length, and the end of the connection.
        // The handshake writes that version where it reads it.
        for part in ["HTTP/1.1 ", self.status, "\r\nConnection: close", more] {
            write(part.as_bytes());
        }
        if let Some(content_type) = self.content_type {
            http::write_header("Content-Type", content_type, &mut write);
        }
        write(b"\r\nContent-Length: ");
        write_number(self.content_len, &mut write);
        for (name, value) in self.headers {
            http::write_header(name, value, &mut write);
        }
        write(b"\r\n\r\n");
    }

    pub(crate) fn check(&self) -> Result<(), HttpResponseError> {
        match self.status.as_bytes() {
            [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ', reason @ ..] if http::is_text(reason) => {
            }
            _ => return Err(HttpResponseError::Status),
        }
        let content_type = self.content_type.unwrap_or_default();
        if !http::is_text(content_type.as_bytes()) {
            return Err(HttpResponseError::Header);
        }
        self.headers.iter().try_for_each(check_header)
    }
}

fn check_header((name, value): &(&str, &str)) -> Result<(), HttpResponseError> {
    if !http::is_header(name, value) {
        return Err(HttpResponseError::Header);
    }
    let is = |other: &&str| name.eq_ignore_ascii_case(other);
    if RESERVED.iter().any(is) {
        return Err(HttpResponseError::ReservedHeader);
    }
    Ok(())
}

/// The headers that an application must not add.
const RESERVED: [&str; 5] = [
    "connection",
    "content-type",
    "content-length",
    "transfer-encoding",
    "upgrade",
];

/// Writes a number in decimal.
fn write_number(number: usize, write: &mut impl FnMut(&[u8])) {
    if number >= 10 {
        write_number(number / 10, write);
    }
    write(&[b'0' + (number % 10) as u8]);
}

impl fmt::Display for HttpResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "the request was answered before",
            Self::TooLarge => "response head is too large",
            Self::Status => "status must be a code from 200 to 599 and a text",
            Self::Header => "header is malformed",
            Self::ReservedHeader => "header belongs to the response",
        })
    }
}

impl core::error::Error for HttpResponseError {}
