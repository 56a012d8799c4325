//! Why an opening handshake is refused, and the HTTP response that says so (RFC 6455 section 4.2.2,
//! RFC 9110 section 15).

use core::fmt;
use core::str::from_utf8;

use crate::http;

/// What was wrong with a request. It is answered with a status and this as its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// A line feed without a carriage return before it.
    BareLineFeed,
    /// A carriage return without a line feed behind it.
    BareCarriageReturn,
    /// A control character in the head: NUL, the start of a TLS handshake.
    ControlCharacter,
    /// The request line is not a method, a target and a version between single spaces.
    MalformedRequestLine,
    /// The target is neither a path nor an absolute URI.
    MalformedTarget,
    /// A header line without a colon, or with a name that is no token.
    MalformedHeader,
    /// A header line that begins with white space.
    FoldedHeader,
    /// There is no Host header.
    MissingHost,
    /// There are several Host headers.
    RepeatedHost,
    /// The Host header's value is no host.
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
    /// The path is not served.
    NotFound,
    /// The method is not GET.
    MethodNotAllowed,
    /// The head was not complete in time.
    Timeout,
    /// No upgrade to a WebSocket is asked for.
    UpgradeRequired,
    /// The Sec-WebSocket-Version is not 13.
    UnsupportedVersion,
    /// The head is longer than what gathers it.
    HeadTooLarge,
    /// There are more than 64 headers.
    TooManyHeaders,
    /// The response and the greeting do not fit where the head was gathered.
    ResponseTooLarge,
    /// The request is not HTTP/1.1.
    UnsupportedHttpVersion,
}

/// Each status with the headers that go with it, and below it the text of each refusal that has
/// it, in the order of [`Refusal`].
///
/// > A sender of Upgrade MUST also send an "Upgrade" connection option in the Connection
/// > header field [...] (RFC 9110 section 7.8)
const RESPONSES: &[u8] = b"\
    400 Bad Request|\
    bare line feed|\
    bare carriage return|\
    control character|\
    malformed request line|\
    malformed target|\
    malformed header|\
    folded header|\
    missing Host|\
    repeated Host|\
    malformed Host|\
    unexpected body|\
    repeated version|\
    missing WebSocket key|\
    repeated WebSocket key|\
    malformed WebSocket key|\
    404 Not Found|\
    unknown path|\
    405 Method Not Allowed\r\nAllow: GET|\
    method is not GET|\
    408 Request Timeout|\
    request took too long|\
    426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13|\
    only WebSocket is served|\
    version is not 13|\
    431 Request Header Fields Too Large|\
    head is too large|\
    too many headers|\
    500 Internal Server Error|\
    response is too large|\
    505 HTTP Version Not Supported|\
    only HTTP/1.1 is served|\
    ";

impl Refusal {
    /// The status code and the reason phrase.
    pub fn status(self) -> &'static str {
        let (mut head, _) = self.response();
        from_utf8(http::take_until(&mut head, b'\r')).unwrap_or_default()
    }

    /// What was wrong, in a few words.
    pub fn text(self) -> &'static str {
        let (_, text) = self.response();
        from_utf8(text).unwrap_or_default()
    }

    /// The status with its headers, and the text, in ASCII.
    fn response(self) -> (&'static [u8], &'static [u8]) {
        let (mut status, mut rest) = (&b""[..], RESPONSES);
        let mut texts_before = self as usize;
        while !rest.is_empty() {
            match http::take_until(&mut rest, b'|') {
                // No text begins with a digit.
                entry @ [b'4' | b'5', ..] => status = entry,
                text if texts_before == 0 => return (status, text),
                _ => texts_before -= 1,
            }
        }
        (status, b"")
    }

    /// Gives `write` the response, part by part. Its content is the text and a line feed.
    pub(crate) fn write(self, has_content: bool, mut write: impl FnMut(&[u8])) {
        let (status, text) = self.response();
        // Every text has 9 to 98 bytes: its length has two digits.
        let len = text.len() as u8 + 1;
        let tens = len / 10;
        let digits = [b'0' + tens, b'0' + (len - 10 * tens)];
        write(b"HTTP/1.1 ");
        write(status);
        write(b"\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ");
        write(&digits);
        write(b"\r\n\r\n");
        if has_content {
            write(text);
            write(b"\n");
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::opening::MIN_HEAD_LEN;
    use heapless::Vec;

    #[test]
    fn every_response_fits_the_least_head_and_says_what_is_wrong() {
        for (refusal, text) in [
            (Refusal::BareLineFeed, "bare line feed"),
            (Refusal::BareCarriageReturn, "bare carriage return"),
            (Refusal::ControlCharacter, "control character"),
            (Refusal::MalformedRequestLine, "malformed request line"),
            (Refusal::MalformedTarget, "malformed target"),
            (Refusal::MalformedHeader, "malformed header"),
            (Refusal::FoldedHeader, "folded header"),
            (Refusal::MissingHost, "missing Host"),
            (Refusal::RepeatedHost, "repeated Host"),
            (Refusal::MalformedHost, "malformed Host"),
            (Refusal::Body, "unexpected body"),
            (Refusal::RepeatedVersion, "repeated version"),
            (Refusal::MissingKey, "missing WebSocket key"),
            (Refusal::RepeatedKey, "repeated WebSocket key"),
            (Refusal::MalformedKey, "malformed WebSocket key"),
            (Refusal::NotFound, "unknown path"),
            (Refusal::MethodNotAllowed, "method is not GET"),
            (Refusal::Timeout, "request took too long"),
            (Refusal::UpgradeRequired, "only WebSocket is served"),
            (Refusal::UnsupportedVersion, "version is not 13"),
            (Refusal::HeadTooLarge, "head is too large"),
            (Refusal::TooManyHeaders, "too many headers"),
            (Refusal::ResponseTooLarge, "response is too large"),
            (Refusal::UnsupportedHttpVersion, "only HTTP/1.1 is served"),
        ] {
            let mut response = Vec::<u8, MIN_HEAD_LEN>::new();
            refusal.write(true, |part| response.extend_from_slice(part).unwrap());
            let response = core::str::from_utf8(&response).unwrap();
            let (head, content) = response.split_once("\r\n\r\n").unwrap();
            let (_, len) = head.rsplit_once("Content-Length: ").unwrap();
            assert_eq!((refusal.text(), content.trim_end()), (text, text));
            assert_eq!(len.parse(), Ok(content.len()), "{refusal:?}");
        }
    }
}
