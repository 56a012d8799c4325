//! What a session negotiates of permessage-deflate (RFC 7692 section 5): what is offered to a
//! server, what a client is answered, and what must come of it.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use ws_echo_core::Window;

use super::compression::parameters::{
    Agreement, Answer, answer_to, has_malformed, is_offered, read_answer,
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
    /// An agreement, even by an answer that is not quite right: that is for other cases. Without
    /// one the case is skipped, because no one has to compress.
    #[default]
    Agreed,
    /// An agreement by a right answer. Without one the case is skipped.
    Right,
    /// An agreement by a right answer, or none.
    RightOrNone,
    /// An agreement, or none.
    Any,
    /// No agreement, and a connection without compression.
    Declined,
    /// No connection, because the offer breaks the grammar. One without compression is not strict.
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
            expected: Expected::Any,
            ..Self::default()
        }
    }

    /// Judges the response of a server: its status line, and the values of its
    /// `Sec-WebSocket-Extensions`. Returns what was agreed on.
    ///
    /// # Errors
    ///
    /// The verdict, if the session cannot be played.
    pub fn judge_answer(
        &self,
        status_line: &str,
        answers: &[&str],
    ) -> Result<Option<Agreement>, Verdict> {
        if status_line.split(' ').nth(1) != Some("101") {
            let seen = format!("the server did not open the connection: {status_line}");
            return Err(self.judge_refusal(&seen));
        }
        let offers = self.offers();
        let read = read_answer(answers, &offers);
        let failed = |seen, expected| Err(Verdict::new(Outcome::Failed, seen, expected));
        match (self.expected, read.agreement, read.fault) {
            (Expected::Declined | Expected::Refused, Some(_), _) => {
                let seen = format!("the server agreed: {}", answers.join(", "));
                return failed(seen, self.without());
            }
            (Expected::Right | Expected::RightOrNone, _, Some(why)) => {
                return failed(why, "a right answer to the offer, or none");
            }
            (Expected::Refused, None, _) => {
                let seen =
                    "the server opened the connection, although it had to refuse the request";
                return Err(Verdict::new(Outcome::NotStrict, seen, REFUSED));
            }
            (Expected::Agreed, None, Some(why)) => {
                return Err(Verdict::skipped(format!(
                    "the server's answer cannot be understood: {why}"
                )));
            }
            (Expected::Agreed | Expected::Right, None, _) => {
                return Err(Verdict::skipped(
                    "the server does not agree on permessage-deflate with this offer",
                ));
            }
            _ => {}
        }
        let lacking = read
            .agreement
            .and_then(|agreement| self.lacking(agreement.client, agreement.server));
        match lacking {
            Some(need) => Err(Verdict::skipped(format!("it needs {need}"))),
            None => Ok(read.agreement),
        }
    }

    /// Judges that a server did not open the connection; how is said in words.
    pub fn judge_refusal(&self, seen: &str) -> Verdict {
        match self.expected {
            Expected::Refused => Verdict::passed(),
            Expected::Declined => Verdict::new(Outcome::NotStrict, seen, DECLINED),
            // It has declined more than the offer that it must not accept.
            _ if has_malformed(&self.offers()) => {
                Verdict::new(Outcome::NotStrict, seen, "a connection all the same")
            }
            _ => Verdict::new(Outcome::Failed, seen, "an open connection"),
        }
    }

    /// What is expected without an agreement.
    fn without(&self) -> &'static str {
        match self.expected {
            Expected::Refused => REFUSED,
            _ => DECLINED,
        }
    }

    fn offers(&self) -> Vec<&str> {
        self.offers.iter().map(AsRef::as_ref).collect()
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

    /// A need that these windows do not meet: of the end that is not tested, or of the other.
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

const REFUSED: &str = "an answer of 400, because the header breaks its grammar";
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

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = "HTTP/1.1 101 Switching Protocols";
    const OFFER: &str = "permessage-deflate; client_max_window_bits";

    fn outcome(expected: Expected, offer: &str, status: &str, answers: &[&str]) -> Outcome {
        let negotiation = Negotiation::offer([offer.to_owned()], expected);
        match negotiation.judge_answer(status, answers) {
            Ok(_) => Outcome::Passed,
            Err(verdict) => verdict.outcome,
        }
    }

    #[test]
    fn the_answer_of_a_server_is_judged_by_what_is_expected() {
        let refused = "HTTP/1.1 400 Bad Request";
        let right = &["permessage-deflate"][..];
        let wrong = &["permessage-deflate; unknown"][..];
        use Expected::*;
        use Outcome::*;
        for (expected, status, answers, outcome_expected) in [
            (Agreed, OPEN, right, Passed),
            (Agreed, OPEN, wrong, Passed),
            (Agreed, OPEN, &[], Skipped),
            (Agreed, refused, &[], Failed),
            (Right, OPEN, right, Passed),
            (Right, OPEN, wrong, Failed),
            (Right, OPEN, &["permessage-deflate;"], Failed),
            (Right, OPEN, &[], Skipped),
            (RightOrNone, OPEN, wrong, Failed),
            (RightOrNone, OPEN, &[], Passed),
            (Any, OPEN, wrong, Passed),
            (Any, refused, &[], Failed),
            (Declined, OPEN, right, Failed),
            (Declined, OPEN, &[], Passed),
            (Declined, refused, &[], NotStrict),
            (Refused, OPEN, right, Failed),
            (Refused, OPEN, &[], NotStrict),
            (Refused, refused, &[], Passed),
        ] {
            let outcome = outcome(expected, OFFER, status, answers);
            assert_eq!(
                outcome, outcome_expected,
                "{expected:?} {status} {answers:?}"
            );
        }
        let offer = "permessage-deflate; unknown, permessage-deflate";
        assert_eq!(outcome(Right, offer, refused, &[]), NotStrict);
    }

    #[test]
    fn a_case_is_skipped_if_the_agreement_is_not_what_it_needs() {
        let negotiation = Negotiation::both(OFFER, Answer::default()).needing(Need::SenderKeeps);
        let answer = "permessage-deflate; client_no_context_takeover";
        let verdict = negotiation.judge_answer(OPEN, &[answer]).unwrap_err();
        assert_eq!(verdict.outcome, Outcome::Skipped);
        assert!(negotiation.answer_to(&[OFFER]).unwrap().is_some());
        assert_eq!(
            negotiation.answer_to(&[]).unwrap_err().outcome,
            Outcome::Skipped
        );
    }
}
