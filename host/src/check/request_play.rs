//! A request that is sent to a server, right or wrong, and the responses that are allowed
//! (RFC 6455 section 4.2, RFC 9112).

use super::session::Grade;

/// A request, and the responses that are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPlay {
    /// The bytes, with names in braces for what depends on the server: see
    /// [`Opening`](super::player::opening::Opening).
    pub request: String,
    pub allowed: Vec<(Grade, Response)>,
}

/// What a server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// It opens the connection, with the right `Sec-WebSocket-Accept`.
    Opens,
    /// It refuses with one of these statuses; with any of 400 to 599 if there are none.
    Refuses(&'static [u16]),
    /// It ends the TCP connection without a response.
    Drops,
}
