//! What a session negotiates of permessage-deflate (RFC 7692 section 5): what is offered to a
//! server, what a client is answered, and what must come of it.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use ws_echo_core::Window;

use super::compression::parameters::{
    Agreement, Answer, ReadAnswer, answer_to, is_offered, read_answer,
};
use super::verdict::{Outcome, Verdict};

/// What is negotiated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Negotiation {
    /// What a server is offered: the values of `Sec-WebSocket-Extensions`, a header line for each.
    pub offers: Vec<Cow<'static, str>>,
    /// What a client is answered: the first of these that its offer allows.
    pub accepts: Vec<Answer>,
    /// What must come of the offers.
    pub expected: Expected,
    /// What the steps make no sense without.
    pub needs: Vec<Need>,
}

/// What must come of the offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// An agreement. Without one the case is skipped: no one has to compress.
    #[default]
    Agreed,
    /// An agreement, or none.
    Either,
    /// No agreement, and a connection without compression.
    Declined,
    /// No agreement, because the offer breaks the grammar: with a connection or without.
    Refused,
}

/// What an agreement must have, so that the steps of a session make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The end that is not tested may refer to earlier messages.
    SenderKeeps,
    /// It may not.
    SenderForgets,
    /// The end that is tested may refer to earlier messages.
    TestedKeeps,
    /// It may not.
    TestedForgets,
    /// The end that is not tested has a window of exactly so many bits.
    SenderBits(u8),
    /// The end that is tested has a window of so many bits at most.
    TestedBitsMax(u8),
}

impl Negotiation {
    /// A server is offered this, and must come to what is expected.
    pub fn offer(offers: impl IntoIterator<Item = String>, expected: Expected) -> Self {
        Self {
            offers: offers.into_iter().map(Cow::Owned).collect(),
            expected,
            ..Self::default()
        }
    }

    /// A server is offered this, and a client answered that. Without an agreement the case is
    /// skipped.
    pub fn both(offer: impl Into<Cow<'static, str>>, accept: Answer) -> Self {
        Self {
            offers: vec![offer.into()],
            accepts: vec![accept],
            ..Self::default()
        }
    }

    /// The same, which makes no sense without this.
    pub fn needing(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    /// Nothing is negotiated.
    pub fn none() -> Self {
        Self {
            expected: Expected::Either,
            ..Self::default()
        }
    }

    /// Judges the response of a server: its status, and the values of its
    /// `Sec-WebSocket-Extensions`.
    ///
    /// # Errors
    ///
    /// The verdict, if the session cannot be played.
    pub fn judge_answer(&self, status_line: &str, answers: &[&str]) -> Result<ReadAnswer, Verdict> {
        let is_open = status_line.split(' ').nth(1) == Some("101");
        match (self.expected, is_open) {
            (_, true) => {}
            (Expected::Refused, false) => return Err(Verdict::passed()),
            (Expected::Declined, false) => {
                let seen = format!("the server refused the whole connection: {status_line}");
                return Err(Verdict::new(Outcome::NotStrict, seen, DECLINED));
            }
            (Expected::Agreed | Expected::Either, false) => {
                let seen = format!("the server did not open the connection: {status_line}");
                return Err(Verdict::new(Outcome::Failed, seen, "an open connection"));
            }
        }
        let offers: Vec<&str> = self.offers.iter().map(AsRef::as_ref).collect();
        let read = read_answer(answers, &offers);
        match (self.expected, read.agreement) {
            (Expected::Declined | Expected::Refused, Some(_)) => {
                let seen = format!("the server agreed: {}", answers.join(", "));
                Err(Verdict::new(Outcome::Failed, seen, DECLINED))
            }
            (Expected::Agreed, None) => Err(match read.fault {
                Some(why) => Verdict::new(Outcome::Failed, why, "a right answer, or none"),
                None => Verdict::skipped(
                    "the server does not agree on permessage-deflate with this offer",
                ),
            }),
            (_, Some(agreement)) => match self.lacking(agreement.client, agreement.server) {
                Some(need) => Err(Verdict::skipped(format!("it needs {need}"))),
                None => Ok(read),
            },
            (_, None) => Ok(read),
        }
    }

    /// The answer to a client that offers this, the values of its `Sec-WebSocket-Extensions`, and
    /// what is then agreed on. `None`: it gets none, because nothing is to be agreed on.
    ///
    /// # Errors
    ///
    /// The verdict, if the session cannot be played.
    pub fn answer_to(&self, offers: &[&str]) -> Result<Option<(String, Agreement)>, Verdict> {
        if self.accepts.is_empty() {
            return Ok(None);
        }
        let mut answers = self.accepts.iter();
        let Some((answer, agreement)) = answers.find_map(|answer| answer_to(offers, *answer))
        else {
            return Err(Verdict::skipped(match is_offered(offers) {
                true => "the client does not offer what this case needs of permessage-deflate",
                false => "the client does not offer permessage-deflate",
            }));
        };
        match self.lacking(agreement.server, agreement.client) {
            Some(need) => Err(Verdict::skipped(format!("it needs {need}"))),
            None => Ok(Some((answer, agreement))),
        }
    }

    /// A need that these windows do not meet: of the end that is not tested, and of the one that is.
    fn lacking(&self, sender: Window, tested: Window) -> Option<Need> {
        let is_met = |need: &Need| match need {
            Need::SenderKeeps => sender.is_kept(),
            Need::SenderForgets => !sender.is_kept(),
            Need::TestedKeeps => tested.is_kept(),
            Need::TestedForgets => !tested.is_kept(),
            Need::SenderBits(bits) => sender.bits() == *bits,
            Need::TestedBitsMax(bits) => tested.bits() <= *bits,
        };
        self.needs.iter().copied().find(|need| !is_met(need))
    }
}

const DECLINED: &str = "a connection without compression: no Sec-WebSocket-Extensions in the \
                        response";

/// An agreement in words.
impl Display for Need {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("an agreement ")?;
        match self {
            Self::SenderKeeps => f.write_str("by which messages to the tested end may refer back"),
            Self::SenderForgets => {
                f.write_str("by which messages to the tested end do not refer back")
            }
            Self::TestedKeeps => f.write_str("by which messages of the tested end may refer back"),
            Self::TestedForgets => {
                f.write_str("by which messages of the tested end do not refer back")
            }
            Self::SenderBits(bits) => {
                write!(
                    f,
                    "on a window of {bits} bits for messages to the tested end"
                )
            }
            Self::TestedBitsMax(bits) => {
                write!(f, "on at most {bits} bits for messages of the tested end")
            }
        }
    }
}
