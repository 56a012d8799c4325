//! The response to the request, changed as the behaviour says. The core makes the right one (RFC
//! 6455 section 4.2.2); this takes it apart and puts it together again.

use ws_echo_core::HttpResponse;

use super::frames::{FIN, TEXT, write_header};
use super::memory::Short;
use super::outbox::{Content, Step};
use super::outgoing::Outgoing;
use super::{Performance, Surroundings};
use crate::serve::behaviour::{After, HandshakeBehaviour, PongBehaviour, TestRefusal};
use crate::serve::traffic::Traffic;

/// The end of a head.
const END: &[u8] = b"\r\n\r\n";
/// What is before the value that answers the key.
const ACCEPT: &[u8] = b"Sec-WebSocket-Accept: ";
/// The values that answer two keys: 16 bytes of zero, and that of RFC 6455 section 1.3.
const OTHER_ACCEPTS: [&[u8]; 2] = [
    b"ICX+Yqv66kxgM0FcWaLWlFLwTAI=",
    b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
];

/// What statuses mean, in words; others have none.
const STATUSES: [(u16, &str); 24] = [
    (200, "OK"),
    (201, "Created"),
    (202, "Accepted"),
    (204, NO_CONTENT),
    (301, "Moved Permanently"),
    (302, "Found"),
    (303, "See Other"),
    (304, "Not Modified"),
    (307, "Temporary Redirect"),
    (308, "Permanent Redirect"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (408, "Request Timeout"),
    (410, "Gone"),
    (426, "Upgrade Required"),
    (429, "Too Many Requests"),
    (500, "Internal Server Error"),
    (501, "Not Implemented"),
    (502, "Bad Gateway"),
    (503, "Service Unavailable"),
    (504, "Gateway Timeout"),
];
const NO_CONTENT: &str = "No Content";

/// Changes the head of a response that accepts the request.
pub(crate) fn rewrite(response: &mut Vec<u8>, handshake: &HandshakeBehaviour) {
    if handshake.has_wrong_accept {
        replace_accept(response);
    }
    if response.ends_with(END) {
        response.truncate(response.len() - b"\r\n".len());
    }
    let subprotocol = handshake.subprotocol.as_deref();
    let subprotocol = subprotocol.map(|name| ("Sec-WebSocket-Protocol", name));
    let headers = handshake.headers.iter();
    let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in subprotocol.into_iter().chain(headers) {
        for part in [name, ": ", value, "\r\n"] {
            response.extend_from_slice(part.as_bytes());
        }
    }
    response.extend_from_slice(b"\r\n");
}

/// Puts another accept value of the same length in the place of the right one.
fn replace_accept(response: &mut [u8]) {
    let start = response.windows(ACCEPT.len()).position(|it| it == ACCEPT);
    let Some(value) = start.and_then(|start| response.get_mut(start + ACCEPT.len()..)) else {
        return;
    };
    let other = OTHER_ACCEPTS.into_iter().find(|it| !value.starts_with(it));
    let other = other.unwrap_or_default();
    if let Some(value) = value.get_mut(..other.len()) {
        value.copy_from_slice(other);
    }
}

/// The response that refuses a request.
pub(crate) fn refusal(refusal: &TestRefusal, headers: &[(String, String)]) -> Vec<u8> {
    let code = refusal.status;
    let known = STATUSES.iter().find(|(other, _)| *other == code);
    let words = known.map_or("", |(_, words)| words);
    let status = format!("{code} {words}");
    let content = match (&refusal.body, code) {
        // They have no content (RFC 9110 sections 15.3.5 and 15.4.5).
        (_, 204 | 304) => String::new(),
        (Some(body), _) => body.clone(),
        (None, _) => format!("{}\n", status.trim_end()),
    };
    let retry_after = refusal.retry_after.map(|seconds| seconds.to_string());
    let retry_after = retry_after
        .as_deref()
        .map(|seconds| ("Retry-After", seconds));
    let location = refusal.location.as_deref().map(|url| ("Location", url));
    let is_content_type = |name: &str| name.eq_ignore_ascii_case("Content-Type");
    let own = headers.iter().map(|(name, value)| (&**name, &**value));
    let content_type = own.clone().rfind(|(name, _)| is_content_type(name));
    let own = own.filter(|(name, _)| !is_content_type(name));
    let headers: Vec<_> = retry_after.into_iter().chain(location).chain(own).collect();
    let content_type = content_type.map_or("text/plain; charset=utf-8", |(_, value)| value);
    let response = HttpResponse {
        headers: &headers,
        content_type: (!content.is_empty()).then_some(content_type),
        content_len: content.len(),
        ..HttpResponse::new(&status)
    };
    let mut bytes = Vec::new();
    // A behaviour has no header that cannot be sent.
    if response
        .write(|part| bytes.extend_from_slice(part))
        .is_err()
    {
        let plain = HttpResponse {
            content_len: content.len(),
            ..HttpResponse::new(&status)
        };
        let _ = plain.write(|part| bytes.extend_from_slice(part));
    }
    if code == 204 {
        remove_content_len(&mut bytes);
    }
    bytes.extend_from_slice(content.as_bytes());
    bytes
}

/// Removes the length of the content, which is none.
///
/// > A server MUST NOT send a Content-Length header field in any response with a status code of
/// > 1xx (Informational) or 204 (No Content). (RFC 9110 section 8.6)
fn remove_content_len(bytes: &mut Vec<u8>) {
    let line = b"Content-Length: 0\r\n";
    if let Some(start) = bytes.windows(line.len()).position(|it| it == line) {
        bytes.drain(start..start + line.len());
    }
}

impl Performance {
    /// Adds the response, the greeting and what follows them to what waits.
    pub(super) fn open(
        &mut self,
        mut response: Vec<u8>,
        greeting: Option<String>,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        let separate = self.behaviour.greeting.separate;
        let mut opening = Vec::new();
        if let Some(text) = greeting {
            match separate {
                None => {
                    write_header(FIN | TEXT, text.len(), &mut response);
                    response.extend_from_slice(text.as_bytes());
                    self.sent = Traffic {
                        messages: 1,
                        bytes: text.len() as u64,
                    };
                }
                Some(time) => {
                    let text = text.into_bytes();
                    let message = Outgoing::new(TEXT, text, 1, Default::default());
                    opening.extend([Content::Pause(time), Content::Message(message)]);
                }
            }
        }
        opening.push(Content::Step(Step::Begin));
        let unasked = &self.behaviour.unasked;
        if unasked.pong == PongBehaviour::Unasked {
            opening.push(Content::Frames(super::frames::unasked_pong()));
        }
        if unasked.push > 0 {
            let pushed = Outgoing::numbers(unasked.push, unasked.push_len, self.fragments());
            opening.push(Content::Message(pushed));
        }
        let (memory, pool) = (&mut self.memory, &mut *around.pool);
        let due = Some(around.now + self.behaviour.handshake.delay);
        let response = Content::Response(response);
        self.outbox.push_fixed(due, response, memory, pool)?;
        for content in opening {
            self.outbox.push_fixed(None, content, memory, pool)?;
        }
        if self.behaviour.after == After::Messages(0) {
            self.queue_end(None, around)?;
        }
        Ok(())
    }

    /// Adds a response after which the connection ends.
    pub(super) fn respond_and_finish(
        &mut self,
        response: Vec<u8>,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        let (memory, pool) = (&mut self.memory, &mut *around.pool);
        let due = Some(around.now + self.behaviour.handshake.delay);
        let response = Content::Response(response);
        self.outbox.push_fixed(due, response, memory, pool)?;
        let finish = Content::Step(Step::Finish);
        self.outbox.push_fixed(None, finish, memory, pool)
    }
}
