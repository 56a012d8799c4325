//! What the server does on the test path, as the address of the request says. Data only: `parse`
//! makes it of a query, and `performance` does it.

pub(crate) mod parse;
pub(crate) mod performance;
mod written;

use std::fmt::{self, Display};
use std::time::Duration;

/// What the server does to one client. The default is the exact echo, with the usual greeting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behaviour {
    pub(crate) handshake: HandshakeBehaviour,
    pub(crate) greeting: GreetingBehaviour,
    pub(crate) messages: MessageBehaviour,
    pub(crate) unasked: UnaskedBehaviour,
    pub(crate) end: EndBehaviour,
    /// What no server may do, once.
    pub(crate) violation: Option<Violation>,
    /// When the end, the violation, or both come: the violation first. At once by default.
    pub(crate) after: After,
    /// Where random choices come from; `None` if the server chooses.
    pub(crate) seed: Option<u64>,
}

/// The opening handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HandshakeBehaviour {
    /// The request is refused with this; `None` if it is accepted.
    pub(crate) refusal: Option<TestRefusal>,
    /// How long the response waits.
    pub(crate) delay: Duration,
    /// More headers of the response: names are HTTP tokens, values visible ASCII and spaces.
    pub(crate) headers: Vec<(String, String)>,
    /// The subprotocol of the response, an HTTP token, whether it was offered or not; `None` for
    /// the usual choice.
    pub(crate) subprotocol: Option<String>,
    /// Whether Sec-WebSocket-Accept is that of another key.
    pub(crate) has_wrong_accept: bool,
    /// The response is sent in pieces of this many bytes; 0 for one piece.
    pub(crate) piece_len: usize,
}

/// An HTTP response that refuses the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TestRefusal {
    /// From 200 to 599.
    pub(crate) status: u16,
    /// The value of Retry-After, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// The value of Location: visible ASCII.
    pub(crate) location: Option<String>,
    /// The content, in UTF-8; `None` for the status in words.
    pub(crate) body: Option<String>,
}

/// The first message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GreetingBehaviour {
    pub(crate) greeting: Greeting,
    /// How long after the response it is sent; `None` for in one segment with it.
    pub(crate) separate: Option<Duration>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// That of `--welcome`.
    #[default]
    Usual,
    None,
    /// The request as it arrived, in JSON.
    Request,
    Text(String),
}

/// What becomes of each message: it is dropped or not, changed, repeated, cut into frames, and sent
/// at its time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MessageBehaviour {
    /// How long an echo waits.
    pub(crate) delay: Duration,
    /// By how much more or less an echo waits, at most. Echoes keep their order.
    pub(crate) jitter: Duration,
    /// How many bytes are sent in a second; `None` for as many as the client takes. At least 1.
    pub(crate) rate: Option<u64>,
    /// How many bytes of payload a frame has; 0 for one frame.
    pub(crate) fragment_len: usize,
    /// Whether a text may be cut inside a character.
    pub(crate) cuts_characters: bool,
    /// How often a message is sent; at least 1. (The default is 0 here, which means 1.)
    pub(crate) repeat: u64,
    pub(crate) kind: SentKind,
    /// Every how manieth message is not echoed; 0 for none.
    pub(crate) drop_every: u64,
    /// What each message begins with, in UTF-8.
    pub(crate) prefix: String,
    /// Echoes within this time after the first leave together, at its end.
    pub(crate) coalesce: Duration,
    /// How many bytes a TCP segment has; 0 for as many as fit.
    pub(crate) segment_len: usize,
    /// After how many messages nothing more is received; `None` for never.
    pub(crate) pause_reading_after: Option<u64>,
}

/// The type of the messages that are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SentKind {
    #[default]
    AsReceived,
    /// Bytes that are no UTF-8 become U+FFFD.
    Text,
    Binary,
}

/// What the server sends of its own accord.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnaskedBehaviour {
    /// How often it sends a number and the time, as a JSON object.
    pub(crate) tick: Option<Duration>,
    /// How many messages it sends at once, and their length in bytes.
    pub(crate) push: u64,
    pub(crate) push_len: usize,
    /// How often it sends a Ping.
    pub(crate) ping: Option<Duration>,
    pub(crate) pong: PongBehaviour,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PongBehaviour {
    /// Each Ping is answered.
    #[default]
    Usual,
    /// No Ping is answered.
    None,
    /// An empty Pong that nobody asked for also comes after the greeting and before each echo.
    Unasked,
}

/// How the connection ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EndBehaviour {
    /// The Close that the server sends; `None` for none.
    pub(crate) close: Option<SentClose>,
    /// What happens to the transport; with a Close, after it.
    pub(crate) transport: Option<TransportEnd>,
    pub(crate) close_answer: CloseAnswer,
}

/// A Close frame of the server's own accord.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SentClose {
    /// One that may be sent: from 1000 to 4999 without 1004 to 1006 and 1015 to 2999.
    pub(crate) code: u16,
    /// At most 123 bytes.
    pub(crate) reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransportEnd {
    /// The connection ends (FIN).
    Fin,
    /// The connection is reset (RST).
    Reset,
    /// The server reads, and sends nothing more.
    Hang,
    /// The server ends its side (FIN) and reads until the client ends its own.
    Half,
}

/// How a Close of the client is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CloseAnswer {
    #[default]
    AtOnce,
    Never,
    /// After this long.
    Late(Duration),
}

/// When something happens that happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// After this many messages of the client, each echoed before.
    Messages(u64),
    /// This long after the greeting.
    Time(Duration),
}

impl Default for After {
    fn default() -> Self {
        Self::Messages(0)
    }
}

/// What no server may do (RFC 6455). The client must fail the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A frame is masked (section 5.1).
    Mask,
    /// A reserved bit is set that was not agreed on (section 5.2).
    ReservedBit,
    /// The opcode is a reserved one (section 5.2).
    Opcode,
    /// A text is not UTF-8 (section 5.6).
    Utf8,
    /// The most significant bit of a length of 64 bits is set (section 5.2).
    Length,
    /// A message begins inside another (section 5.4).
    Fragment,
    /// A Ping has more than 125 bytes (section 5.5).
    Control,
    /// A Close has a code that may not be sent (section 7.4.1).
    CloseCode,
    /// A continuation without a beginning (section 5.4).
    Continuation,
}

impl Behaviour {
    /// The memory that it takes, in bytes, with its texts.
    pub(crate) fn memory(&self) -> usize {
        let handshake = &self.handshake;
        let refusal = handshake.refusal.iter();
        let refusal = refusal.flat_map(|it| [it.location.as_ref(), it.body.as_ref()]);
        let close = self.end.close.iter().map(|close| &close.reason);
        let greeting = match &self.greeting.greeting {
            Greeting::Text(text) => Some(text),
            _ => None,
        };
        let headers = handshake.headers.iter();
        let headers = headers.map(|header| size_of_val(header) + header.0.len() + header.1.len());
        let texts = refusal
            .flatten()
            .chain(&handshake.subprotocol)
            .chain([&self.messages.prefix])
            .chain(greeting)
            .chain(close);
        size_of::<Self>() + headers.sum::<usize>() + texts.map(String::len).sum::<usize>()
    }

    /// Whether some of it is left to chance.
    pub(crate) fn is_random(&self) -> bool {
        !self.messages.jitter.is_zero()
    }

    /// Whether messages go back as they came, apart from their time: then they may be compressed.
    pub(crate) fn keeps_messages(&self) -> bool {
        let messages = &self.messages;
        messages.fragment_len == 0
            && messages.kind == SentKind::AsReceived
            && messages.prefix.is_empty()
    }
}

impl Display for TransportEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fin => "end=fin",
            Self::Reset => "end=reset",
            Self::Hang => "end=hang",
            Self::Half => "end=half",
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
