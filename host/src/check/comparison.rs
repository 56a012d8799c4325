//! Compares the answers that came with those that are expected. It knows no sockets and no clock.
//!
//! A Pong may come before a message that was sent earlier: a peer may answer Pings at once, and
//! messages when its application has read them. So Pongs and messages are compared each for
//! themselves.

use super::answer::{Answer, Kind};

/// What differs between the answers that came and those that are expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comparison<'a> {
    /// The first answer that should not have come.
    pub wrong: Option<Wrong<'a>>,
    /// The first answer that has not come.
    pub missing: Option<&'a Answer>,
    /// The first message that came before a Pong that should have come first.
    pub hasty: Option<&'a Answer>,
    /// How many Pongs were left out.
    pub skipped_pongs: usize,
}

/// An answer that should not have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong<'a> {
    pub came: &'a Answer,
    /// What should have come; `None` if nothing should.
    pub instead_of: Option<&'a Answer>,
}

/// Whether a peer may answer several Pings with one Pong.
///
/// > If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response to
/// > previous Ping frame(s), the endpoint MAY elect to send a Pong frame for only the most recently
/// > processed Ping frame. (RFC 6455 section 5.5.3)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pongs {
    /// None of the Pings may be left out.
    All,
    /// The Pong for the last Ping is enough, but Pongs for all are better.
    AllIfPossible,
    /// The Pong for the last Ping is enough.
    Last,
}

/// An answer, and its place among all of both kinds.
type Placed<'a> = (usize, &'a Answer);

/// Compares.
pub fn compare<'a>(expected: &'a [Answer], came: &'a [Answer], pongs: Pongs) -> Comparison<'a> {
    let (expected_pongs, expected_messages) = by_kind(expected);
    let (came_pongs, came_messages) = by_kind(came);
    let messages = in_order(&expected_messages, &came_messages);
    let pongs = match pongs {
        Pongs::All => in_order(&expected_pongs, &came_pongs),
        Pongs::AllIfPossible | Pongs::Last => up_to_last(&expected_pongs, &came_pongs),
    };
    let missing = [messages.missing, pongs.missing];
    let hasty = match pongs.skipped {
        0 => hasty(&expected_messages, &came_messages),
        _ => None,
    };
    Comparison {
        wrong: messages.wrong.or(pongs.wrong),
        missing: missing
            .into_iter()
            .flatten()
            .min_by_key(|(place, _)| *place)
            .map(|(_, answer)| answer),
        hasty,
        skipped_pongs: pongs.skipped,
    }
}

/// The Pongs, and the messages.
fn by_kind(answers: &[Answer]) -> (Vec<Placed<'_>>, Vec<Placed<'_>>) {
    let placed = answers.iter().enumerate();
    placed.partition(|(_, answer)| answer.kind == Kind::Pong)
}

/// The comparison of answers of one kind.
#[derive(Default)]
struct OfOneKind<'a> {
    wrong: Option<Wrong<'a>>,
    missing: Option<Placed<'a>>,
    skipped: usize,
}

fn in_order<'a>(expected: &[Placed<'a>], came: &[Placed<'a>]) -> OfOneKind<'a> {
    let mut pairs = expected.iter().zip(came);
    let differs = pairs.find(|((_, expected), (_, came))| expected != came);
    let wrong = match (differs, came.get(expected.len())) {
        (Some(((_, expected), (_, came))), _) => Some(Wrong {
            came,
            instead_of: Some(*expected),
        }),
        (None, Some((_, more))) => Some(Wrong {
            came: more,
            instead_of: None,
        }),
        (None, None) => None,
    };
    OfOneKind {
        wrong,
        missing: expected.get(came.len()).copied(),
        skipped: 0,
    }
}

/// Whatever came must be expected in this order, and the last must have come.
fn up_to_last<'a>(expected: &[Placed<'a>], came: &[Placed<'a>]) -> OfOneKind<'a> {
    let mut compared = OfOneKind::default();
    let mut rest = expected;
    for (_, came) in came {
        let Some(skipped) = rest.iter().position(|(_, expected)| expected == came) else {
            compared.wrong = Some(Wrong {
                came,
                instead_of: rest.first().map(|(_, expected)| *expected),
            });
            break;
        };
        compared.skipped += skipped;
        rest = &rest[skipped + 1..];
    }
    compared.missing = rest.last().copied();
    compared
}

/// The first message that came although a Pong should have come first.
fn hasty<'a>(expected_messages: &[Placed<'a>], came_messages: &[Placed<'a>]) -> Option<&'a Answer> {
    let mut pairs = expected_messages.iter().zip(came_messages);
    // As many messages are before both, so what differs is the Pongs.
    let is_hasty = |(expected, came): &(&Placed<'a>, &Placed<'a>)| came.0 < expected.0;
    pairs.find(is_hasty).map(|(_, (_, came))| *came)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::answer::{pong_back, text_back};

    fn compared(expected: &[Answer], came: &[Answer], pongs: Pongs) -> [Option<String>; 4] {
        let compared = compare(expected, came, pongs);
        let words = |answer: Option<&Answer>| answer.map(ToString::to_string);
        [
            words(compared.wrong.map(|it| it.came)),
            words(compared.wrong.and_then(|it| it.instead_of)),
            words(compared.missing),
            words(compared.hasty),
        ]
    }

    fn some(words: &str) -> Option<String> {
        Some(words.to_owned())
    }

    #[test]
    fn nothing_differs_when_all_came_in_order() {
        let all = [text_back("a"), pong_back("b"), text_back("c")];
        assert_eq!(compare(&all, &all, Pongs::All), Comparison::default());
    }

    #[test]
    fn the_first_answer_that_differs_is_wrong() {
        let expected = [text_back("a"), text_back("b")];
        let came = [text_back("b"), text_back("a")];
        assert_eq!(
            compared(&expected, &came, Pongs::All),
            [some("the text \"b\""), some("the text \"a\""), None, None]
        );
    }

    #[test]
    fn an_answer_too_many_is_wrong() {
        let came = [text_back("a"), text_back("a")];
        assert_eq!(
            compared(&came[..1], &came, Pongs::All),
            [some("the text \"a\""), None, None, None]
        );
    }

    #[test]
    fn the_first_answer_that_has_not_come_is_missing() {
        let expected = [text_back("a"), pong_back("b"), text_back("c")];
        assert_eq!(
            compared(&expected, &expected[..1], Pongs::All),
            [None, None, some("the Pong \"b\""), None]
        );
    }

    #[test]
    fn a_pong_may_come_before_a_message_that_was_sent_earlier() {
        let expected = [text_back("a"), pong_back("b")];
        let came = [pong_back("b"), text_back("a")];
        assert_eq!(compare(&expected, &came, Pongs::All), Comparison::default());
    }

    #[test]
    fn a_message_before_a_pong_for_an_earlier_ping_is_hasty() {
        let expected = [pong_back("a"), text_back("b")];
        let came = [text_back("b"), pong_back("a")];
        assert_eq!(
            compared(&expected, &came, Pongs::All),
            [None, None, None, some("the text \"b\"")]
        );
    }

    #[test]
    fn pongs_may_be_skipped_up_to_the_last() {
        let expected = ["1", "2", "3", "4"].map(pong_back);
        let came = ["2", "4"].map(pong_back);
        let skipped = compare(&expected, &came, Pongs::Last);
        assert_eq!((skipped.wrong, skipped.missing), (None, None));
        assert_eq!(skipped.skipped_pongs, 2);
        let all = compare(&expected, &came, Pongs::All);
        assert!(all.wrong.is_some());
    }

    #[test]
    fn the_last_pong_must_come() {
        let expected = ["1", "2", "3"].map(pong_back);
        assert_eq!(
            compared(&expected, &expected[..2], Pongs::Last),
            [None, None, some("the Pong \"3\""), None]
        );
    }

    #[test]
    fn pongs_in_another_order_are_wrong_also_if_some_may_be_skipped() {
        let expected = ["1", "2", "3"].map(pong_back);
        let came = ["2", "1", "3"].map(pong_back);
        assert_eq!(
            compared(&expected, &came, Pongs::Last)[..2],
            [some("the Pong \"1\""), some("the Pong \"3\"")]
        );
    }
}
