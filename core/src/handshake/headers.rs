//! The header fields that a server's handshake depends on (RFC 6455 section 4.2.1). They are
//! checked while the lines are received.

use crate::handshake::base64::{self, KEY_LEN};
use crate::handshake::http;
use crate::handshake::refusal::Refusal;

/// The most header lines that a request may have. One more is
/// [refused](crate::Refusal::TooManyHeaders).
pub const MAX_HEADERS: usize = 64;

/// The fields, in the order in which their errors are reported.
const FIELDS: [Field; 7] = [
    // > A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request
    // > message that lacks a Host header field and to any [...] that contains more than one
    // > [...] or a Host header field with an invalid field value. (RFC 9112 section 3.2)
    Field::required_once(
        "host",
        http::is_host,
        Refusal::MissingHost,
        Refusal::MalformedHost,
        Refusal::RepeatedHost,
    ),
    Field::forbidden("transfer-encoding", |_| true, Refusal::Body),
    Field::forbidden("content-length", is_body_len, Refusal::Body),
    // > An |Upgrade| header field containing the value "websocket", [...] A |Connection|
    // > header field that includes the token "Upgrade", [...] (section 4.2.1)
    Field::any_of(
        "connection",
        |value| http::lists(value, b"upgrade"),
        Refusal::MissingConnectionUpgrade,
    ),
    Field::any_of(
        "upgrade",
        |value| http::lists(value, b"websocket"),
        Refusal::MissingUpgrade,
    ),
    // > If this version does not match a version understood by the server, the server MUST
    // > abort [...] and instead send an appropriate HTTP error code [...] (section 4.2.2)
    Field::required_once(
        "sec-websocket-version",
        |value| value == b"13",
        Refusal::MissingVersion,
        Refusal::UnsupportedVersion,
        Refusal::RepeatedVersion,
    ),
    // > A |Sec-WebSocket-Key| header field with a base64-encoded [...] value that, when
    // > decoded, is 16 bytes in length. (section 4.2.1)
    Field::required_once(
        "sec-websocket-key",
        base64::is_16_bytes,
        Refusal::MissingKey,
        Refusal::MalformedKey,
        Refusal::RepeatedKey,
    ),
];

/// How many of these fields are checked in every request: the first, Host.
const HOST_ONLY: usize = 1;
/// How many of them are checked in every GET and HEAD: the two that announce a body, too.
const HOST_AND_BODY: usize = 3;
/// The index of the first field that only a request for a WebSocket has: Upgrade, with "websocket".
/// (Connection may ask for another upgrade.)
const FIRST_SIGN: usize = 4;
/// The index of Sec-WebSocket-Key: the last.
const KEY: usize = FIELDS.len() - 1;

/// A field, and the refusal of a request for each value of [`Seen`].
struct Field {
    name: &'static str,
    is_match: fn(&[u8]) -> bool,
    refusals: [Option<Refusal>; 4],
}

/// What was seen of a field, as an index.
#[derive(Clone, Copy, Debug)]
enum Seen {
    /// Nothing that matters.
    Nothing,
    /// A value that is a match.
    Match,
    /// A value that is not a match. Only of a field that has a refusal for it.
    Mismatch,
    /// Several values.
    Several,
}

impl Field {
    /// A field with exactly one value, which must be a match.
    const fn required_once(
        name: &'static str,
        is_match: fn(&[u8]) -> bool,
        missing: Refusal,
        malformed: Refusal,
        repeated: Refusal,
    ) -> Self {
        Self {
            name,
            is_match,
            refusals: [Some(missing), None, Some(malformed), Some(repeated)],
        }
    }

    /// A field with any values, of which one must be a match.
    const fn any_of(name: &'static str, is_match: fn(&[u8]) -> bool, missing: Refusal) -> Self {
        Self {
            name,
            is_match,
            refusals: [Some(missing), None, None, None],
        }
    }

    /// A field with any values, of which none may be a match.
    const fn forbidden(name: &'static str, is_match: fn(&[u8]) -> bool, present: Refusal) -> Self {
        Self {
            name,
            is_match,
            refusals: [None, Some(present), None, Some(present)],
        }
    }

    fn refusal(&self, seen: Seen) -> Option<Refusal> {
        self.refusals[seen as usize]
    }
}

/// What the header lines of a head contained so far.
#[derive(Clone, Debug)]
pub(crate) struct Headers {
    seen: [Seen; FIELDS.len()],
    key: [u8; KEY_LEN],
    /// Whether one of the fields from [`FIRST_SIGN`] on was seen.
    has_sign: bool,
    /// How many header lines there were.
    count: usize,
}

impl Headers {
    pub(crate) const fn new() -> Self {
        Self {
            seen: [Seen::Nothing; FIELDS.len()],
            key: [0; KEY_LEN],
            has_sign: false,
            count: 0,
        }
    }

    /// Checks a header line, without its line end.
    pub(crate) fn add(&mut self, line: &[u8]) -> Result<(), Refusal> {
        if self.count == MAX_HEADERS {
            return Err(Refusal::TooManyHeaders);
        }
        self.count += 1;
        let (name, value) = http::split_header(line)?;
        let mut fields = FIELDS.iter().zip(&mut self.seen).enumerate();
        let is_named = |field: &Field| name.eq_ignore_ascii_case(field.name.as_bytes());
        let Some((i, (field, seen))) = fields.find(|(_, (field, _))| is_named(field)) else {
            return Ok(());
        };
        let now = if (field.is_match)(value) {
            Seen::Match
        } else if field.refusal(Seen::Mismatch).is_some() {
            Seen::Mismatch
        } else {
            return Ok(());
        };
        *seen = match seen {
            Seen::Nothing => now,
            _ => Seen::Several,
        };
        self.has_sign |= i >= FIRST_SIGN;
        if i == KEY
            && let Some(key) = value.as_array()
        {
            self.key = *key;
        }
        Ok(())
    }

    /// Checks what every request must have.
    pub(crate) fn check_host(&self) -> Result<(), Refusal> {
        self.check(HOST_ONLY)
    }

    /// Lets a request lack Host: it counts as seen.
    pub(crate) fn excuse_host(&mut self) {
        let [host, ..] = &mut self.seen;
        *host = Seen::Match;
    }

    /// Checks that no body is announced either.
    pub(crate) fn check_body(&self) -> Result<(), Refusal> {
        self.check(HOST_AND_BODY)
    }

    /// Whether a field was seen that only a request for a WebSocket has.
    pub(crate) fn are_for_websocket(&self) -> bool {
        self.has_sign
    }

    /// The key, if these are the headers of a request for a WebSocket connection.
    pub(crate) fn key(&self) -> Result<&[u8; KEY_LEN], Refusal> {
        if !self.are_for_websocket() {
            return Err(Refusal::UpgradeRequired);
        }
        self.check(FIELDS.len())?;
        Ok(&self.key)
    }

    fn check(&self, fields: usize) -> Result<(), Refusal> {
        let mut fields = FIELDS.iter().zip(&self.seen).take(fields);
        match fields.find_map(|(field, &seen)| field.refusal(seen)) {
            None => Ok(()),
            Some(refusal) => Err(refusal),
        }
    }
}

/// Whether a Content-Length announces a body: whether it is not all zeros.
fn is_body_len(value: &[u8]) -> bool {
    value.is_empty() || value.iter().any(|&digit| digit != b'0')
}
