//! A response that is sent to a client, right or wrong, and what it may do then (RFC 6455
//! section 4.1).

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use super::answer::{Answer, Kind};
use super::client_request::ClientRequest;
use super::request_part::RequestPart;
use super::session::Grade;
use super::transcript::{Tcp, Transcript};
use super::verdict::{Outcome, Verdict};

/// The text that is sent behind a response. A client that has opened the connection echoes it.
pub const MESSAGE: &str = "ws-echo check";
const NORMAL_CLOSURE: u16 = 1000;
/// Stands for the right value of `Sec-WebSocket-Accept` in a response.
pub const ACCEPT: &str = "{accept}";
/// Stands for a value that answers another key.
pub const WRONG_ACCEPT: &str = "{wrong accept}";
/// Stands for the right value with small letters instead of capital ones.
pub const LOWER_ACCEPT: &str = "{lower accept}";
/// Stands for the right value without its last four characters.
pub const SHORT_ACCEPT: &str = "{short accept}";
/// Stands for the key itself.
pub const KEY: &str = "{key}";
/// Where the response is cut into two writes, with a pause between them.
pub const CUT: &str = "{cut}";

/// A response, and what a client may do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponsePlay {
    /// What is looked at in the client's request; then the response is a right one.
    pub looks_at: Option<RequestPart>,
    /// What the client must have asked for; otherwise the case is skipped.
    pub needs: Option<Needed>,
    /// The bytes, with names in braces for what depends on the client.
    pub response: Cow<'static, str>,
    /// Whether each byte is a write of its own.
    pub is_byte_by_byte: bool,
    pub behind: Behind,
    /// Whether who refuses must end the TCP connection; otherwise that is not strict.
    pub ends_tcp: bool,
    /// What is allowed, at least one; the first is what a client should do.
    pub allowed: Vec<(Grade, Reaction)>,
}

/// What a request must have for a case to make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// No offer of permessage-deflate.
    NoDeflate,
    /// An offer of permessage-deflate.
    Deflate,
    /// One without this parameter.
    DeflateWithout(&'static str),
    /// No offer of a subprotocol.
    NoSubprotocol,
}

/// What is sent behind the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// A text message.
    Message,
    /// A text message, in the same write as the response.
    GluedMessage,
    /// The first byte of a text message in the same write as the response, and then the others.
    HalfMessage,
    /// Nothing, and the end of the connection.
    End,
    /// These characters without end, until the client ends the connection.
    Endless(&'static str),
}

/// What a client does with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// It opens the connection, and goes on with frames.
    Opens,
    /// It ends the TCP connection, and sends no frame.
    Refuses,
}

impl ResponsePlay {
    /// A response that opens the connection, as far as it is right, and nothing allowed yet.
    pub fn new(response: impl Into<Cow<'static, str>>) -> Self {
        Self {
            looks_at: None,
            needs: None,
            response: response.into(),
            is_byte_by_byte: false,
            behind: Behind::Message,
            ends_tcp: false,
            allowed: Vec::new(),
        }
    }

    /// This is allowed too.
    pub fn allows(mut self, grade: Grade, reaction: Reaction) -> Self {
        self.allowed.push((grade, reaction));
        self
    }

    /// Whether a client may open the connection.
    pub fn may_open(&self) -> bool {
        let is_opening = |(_, reaction): &(Grade, Reaction)| *reaction == Reaction::Opens;
        self.allowed.iter().any(is_opening)
    }

    /// Whether a client may refuse the response.
    pub fn may_refuse(&self) -> bool {
        let is_refusal = |(_, reaction): &(Grade, Reaction)| *reaction == Reaction::Refuses;
        self.allowed.iter().any(is_refusal)
    }

    /// Judges what a client has done. It knows no sockets and no clock.
    pub fn judge(&self, transcript: &Transcript) -> Verdict {
        let expected = self.allowed_in_words();
        let failed = |why: &str| Verdict::new(Outcome::Failed, why, expected.as_str());
        let has_answered = transcript.answers.iter().any(is_message);
        let reaction = match (has_answered, &transcript.close, transcript.tcp) {
            (true, _, _) => Reaction::Opens,
            // An answer to the Close that was sent: the connection is open.
            (false, Some(Some(close)), _) if close.code == NORMAL_CLOSURE => {
                if !self.may_refuse() {
                    return failed("the client opened the connection, but did not echo a message");
                }
                Reaction::Opens
            }
            (false, None, Tcp::Open) if self.is_lenient() => {
                let why = "the client did not open the connection, but left TCP open";
                return Verdict::new(Outcome::NotStrict, why, expected);
            }
            (false, None, Tcp::Open) => {
                return failed("the client neither opened the connection nor ended it");
            }
            _ => Reaction::Refuses,
        };
        let grade = self.allowed.iter().find(|(_, it)| *it == reaction);
        let what = match reaction {
            Reaction::Opens => "the client opened the connection: it went on with frames",
            Reaction::Refuses if transcript.tcp == Tcp::Reset => {
                "the client refused the response: it reset the TCP connection"
            }
            Reaction::Refuses => "the client refused the response: it ended the TCP connection",
        };
        let outcome = match grade {
            None => Outcome::Failed,
            Some((Grade::Passed, _)) => return Verdict::new(Outcome::Passed, "", expected),
            Some((Grade::NotStrict, _)) => Outcome::NotStrict,
            Some((Grade::Informational, _)) => Outcome::Informational,
        };
        Verdict::new(outcome, what, expected)
    }

    /// The verdict on a client that has sent another request on the same connection. That is right
    /// after a response of HTTP, and wrong after one that should have opened the connection.
    pub fn judge_reuse(&self) -> Verdict {
        let expected = self.allowed_in_words();
        let outcome = match self.response.contains(" 101") {
            false => return Verdict::new(Outcome::Passed, "", expected),
            true if self.is_lenient() => Outcome::NotStrict,
            true => Outcome::Failed,
        };
        let why = "the client did not open the connection, but used it for another request";
        Verdict::new(outcome, why, expected)
    }

    /// Whether a client may leave the TCP connection as it is. That it must not is a case of its
    /// own.
    fn is_lenient(&self) -> bool {
        self.may_refuse() && !self.ends_tcp
    }

    /// What is allowed, in words.
    pub fn allowed_in_words(&self) -> String {
        let words = self.allowed.iter().map(|(grade, reaction)| match grade {
            Grade::Passed | Grade::Informational => reaction.to_string(),
            Grade::NotStrict => format!("{reaction} (not strict)"),
        });
        words.collect::<Vec<String>>().join("; or ")
    }

    /// What is sent, in words: the lines of the response, with `{accept}` and such for what depends
    /// on the client, and what follows.
    pub fn sent_in_words(&self) -> Vec<String> {
        if self.looks_at.is_some() {
            return vec!["a right response, and a text message".into()];
        }
        let lines = self.response.split_inclusive('\n');
        let mut words: Vec<String> = lines.map(|it| it.escape_debug().to_string()).collect();
        if self.is_byte_by_byte {
            words.push("each byte in a write of its own".into());
        }
        words.push(match self.behind {
            Behind::Message => "and then a text message".into(),
            Behind::GluedMessage => "and a text message in the same write".into(),
            Behind::HalfMessage => {
                "and a text message, of which the first byte is in the same write".into()
            }
            Behind::End => "and the end of the connection".into(),
            Behind::Endless(unit) => format!("and \"{}\" again and again", unit.escape_debug()),
        });
        words
    }
}

fn is_message(answer: &Answer) -> bool {
    matches!(answer.kind, Kind::Text | Kind::Binary)
}

impl Needed {
    /// Whether a request is so. The error says why not.
    ///
    /// # Errors
    ///
    /// Why the case is skipped.
    pub fn check(self, request: &ClientRequest) -> Result<(), &'static str> {
        match self {
            Self::NoDeflate if request.offers("permessage-deflate") => {
                Err("the client offers permessage-deflate")
            }
            Self::Deflate | Self::DeflateWithout(_) if !request.offers("permessage-deflate") => {
                Err("the client does not offer permessage-deflate")
            }
            Self::DeflateWithout(parameter) if request.offers_parameter(parameter) => {
                Err("the client offers the parameter that it should not know of")
            }
            Self::NoSubprotocol if request.head.value("Sec-WebSocket-Protocol").is_some() => {
                Err("the client offers a subprotocol")
            }
            _ => Ok(()),
        }
    }
}

impl Display for Reaction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opens => "the client opens the connection, and echoes a message",
            Self::Refuses => "the client refuses: it ends the TCP connection and sends no frame",
        })
    }
}
