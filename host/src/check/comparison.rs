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
