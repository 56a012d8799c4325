//! A response that is sent to a client, right or wrong, and what it may do then (RFC 6455
//! section 4.1).

/// A response, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponsePlay {
    /// The bytes, with `{accept}` for the right value of `Sec-WebSocket-Accept`.
    pub response: String,
    pub allowed: Reaction,
}

/// What a client does with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// It goes on with frames.
    Opens,
    /// It ends the TCP connection, and sends no data frame.
    Refuses,
}
