//! Compares what happened in a session with what is allowed. It knows no sockets and no clock.

use super::answer::Answer;
use super::comparison::{Pongs, Wrong, compare};
use super::received::{Close, FaultKind};
use super::session::{Allowed, Codes, End, Grade, Session};
use super::transcript::{Tcp, Transcript};
use super::verdict::{Outcome, Verdict};

/// A Close without a code, as if it had this one.
const NO_CODE: u16 = 1005;

/// Judges a session.
pub fn judge(session: &Session, transcript: &Transcript) -> Verdict {
    let expected = session
        .allowed
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; or ");
    if let Some(why) = &transcript.not_opened {
        return Verdict::new(Outcome::Failed, why, expected);
    }
    if let Some(why) = &transcript.lost
        && !session.allows(|end| *end == End::Waiting)
    {
        return Verdict::new(Outcome::Failed, why, expected);
    }
    if transcript.has_ended_early {
        let seen = format!(
            "the connection ended before there was a reason{}",
            ending(transcript)
        );
        return Verdict::new(Outcome::Failed, seen, expected);
    }
    // A message that cannot be inflated is none that is allowed, even if its bytes look like one.
    let is_fatal =
        |kind: FaultKind| Some(kind) == session.watched || kind == FaultKind::Compression;
    if let Some(fault) = transcript.faults.iter().find(|fault| is_fatal(fault.kind)) {
        return Verdict::new(Outcome::Failed, &fault.what, "no frame with this fault");
    }
    let Judged {
        outcome,
        mut seen,
        is_about_close,
    } = best_of(session, transcript);
    let mut faults = transcript.faults.iter();
    if outcome == Outcome::Failed
        && let Some(fault) = faults.find(|fault| fault.kind == FaultKind::Compression)
    {
        seen = format!("{seen}; {}", fault.what);
    }
    if session.watched.is_some() && outcome == Outcome::Failed {
        // What else is wrong fails other cases.
        return Verdict::skipped(format!("there was not enough to look at: {seen}"));
    }
    Verdict {
        is_about_close,
        ..Verdict::new(outcome, seen, expected)
    }
}

/// What is said about one allowed way.
struct Judged {
    outcome: Outcome,
    seen: String,
    /// Whether nothing is lacking but a Close, or its code.
    is_about_close: bool,
}

/// What is not as it should be, but allowed.
struct Lacking {
    what: String,
    is_about_close: bool,
}

impl Lacking {
    fn of_close(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            is_about_close: true,
        }
    }

    fn other(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            is_about_close: false,
        }
    }
}

impl Judged {
    fn new(outcome: Outcome, seen: String) -> Self {
        Self {
            outcome,
            seen,
            is_about_close: false,
        }
    }

    fn lacks(&mut self, lacking: Lacking) {
        self.is_about_close = lacking.is_about_close && self.outcome == Outcome::Passed;
        self.outcome = self.outcome.max(Outcome::NotStrict);
        self.seen = lacking.what;
    }
}

/// Compares with each allowed way.
fn best_of(session: &Session, transcript: &Transcript) -> Judged {
    let judged = session
        .allowed
        .iter()
        .map(|allowed| of(allowed, session.pongs, transcript));
    // Of failures the first is told: it is compared with what a peer should do.
    let best = judged.min_by_key(|judged| judged.outcome);
    best.unwrap_or_else(|| Judged::new(Outcome::Passed, String::new()))
}

/// Compares with one allowed way: the outcome, and what is not as it should be.
fn of(allowed: &Allowed, pongs: Pongs, transcript: &Transcript) -> Judged {
    let (outcome, seen) = match allowed.grade {
        Grade::Passed => (Outcome::Passed, String::new()),
        Grade::NotStrict => (Outcome::NotStrict, came(transcript)),
        Grade::Informational => (Outcome::Informational, came(transcript)),
    };
    let mut judged = Judged::new(outcome, seen);
    if let Some(went_on) = went_on(allowed, pongs, transcript) {
        return Judged::new(Outcome::Failed, went_on);
    }
    match answers(allowed, pongs, transcript) {
        Ok(None) => {}
        Ok(Some(what)) => judged.lacks(Lacking::other(what)),
        Err(why) => return Judged::new(Outcome::Failed, why),
    }
    match end(&allowed.end, transcript) {
        Ok(None) => {}
        Ok(Some(lacking)) => judged.lacks(lacking),
        Err(why) => return Judged::new(Outcome::Failed, why),
    }
    judged
}

/// What came on a connection that should have failed.
fn went_on(allowed: &Allowed, pongs: Pongs, transcript: &Transcript) -> Option<String> {
    if !matches!(allowed.end, End::Fails(_)) || !transcript.has_survived {
        return None;
    }
    let compared = compare(&allowed.answers, &transcript.answers, pongs);
    let also = match compared.wrong {
        Some(Wrong { came, .. }) => format!("{came} came, and "),
        None => String::new(),
    };
    Some(format!(
        "the connection went on: {also}a Ping behind the fault was answered"
    ))
}

/// Compares the answers: `Ok` with what is lacking if that is allowed.
fn answers(
    allowed: &Allowed,
    pongs: Pongs,
    transcript: &Transcript,
) -> Result<Option<String>, String> {
    let compared = compare(&allowed.answers, &transcript.answers, pongs);
    match compared.wrong {
        Some(Wrong {
            came,
            instead_of: Some(expected),
        }) => {
            let from = difference(came, expected);
            return Err(format!("{came} came instead of {expected}{from}"));
        }
        Some(Wrong {
            came,
            instead_of: None,
        }) => return Err(format!("{came} came, which nothing has asked for")),
        None => {}
    }
    if let Some(missing) = compared.missing {
        // Whoever fails a connection may drop what was not sent yet.
        let may_drop = matches!(allowed.end, End::Fails(_) | End::Ended) && has_ended(transcript);
        return match may_drop {
            true => Ok(Some(format!(
                "the connection failed before {missing} came, which was sent before the fault"
            ))),
            false => Err(format!("{missing} did not come{}", ending(transcript))),
        };
    }
    let skipped = compared.skipped_pongs;
    if pongs == Pongs::AllIfPossible && skipped > 0 {
        return Ok(Some(format!(
            "{skipped} Pings were not answered; that is allowed because a later one was"
        )));
    }
    let hasty = compared
        .hasty
        .map(|message| format!("{message} came before the Pong for a Ping that was sent earlier"));
    Ok(hasty)
}

/// Where two answers differ that look the same, because only their beginning is shown.
fn difference(came: &Answer, expected: &Answer) -> String {
    if came.to_string() != expected.to_string() {
        return String::new();
    }
    let (came, expected) = (came.payload.bytes(), expected.payload.bytes());
    let same = came.iter().zip(&*expected).take_while(|(a, b)| a == b);
    format!("; they differ from byte {} on", same.count() + 1)
}

fn has_ended(transcript: &Transcript) -> bool {
    transcript.close.is_some() || transcript.tcp != Tcp::Open
}

/// Compares the end: `Ok` with what is not strict.
fn end(end: &End, transcript: &Transcript) -> Result<Option<Lacking>, String> {
    let close = transcript.close.as_ref();
    match end {
        End::Open => open(transcript).map(|()| None),
        End::Fails(codes) => fails(codes, transcript),
        End::Closes(codes) => closes(codes, transcript).map(|()| None),
        End::Disconnects(codes) => {
            closes(codes, transcript)?;
            match transcript.tcp {
                Tcp::Open => Err("a Close came, but the TCP connection did not end".into()),
                Tcp::Reset => Ok(Some(Lacking::of_close(
                    "the TCP connection was reset, so that what was sent last can be lost",
                ))),
                Tcp::Fin => Ok(None),
            }
        }
        End::Dropped if close.is_none() && transcript.tcp != Tcp::Open => Ok(None),
        End::Dropped => Err(format!(
            "the connection did not end without a Close{}",
            ending(transcript)
        )),
        End::Ended if has_ended(transcript) => Ok(None),
        End::Ended => Err("the connection did not end".into()),
        End::Waiting if has_ended(transcript) => Err(format!(
            "the connection did not stay open{}",
            ending(transcript)
        )),
        End::Waiting => Ok(None),
    }
}

/// The peer must have left it to the player to end the connection. How it answers the Close is a
/// case of its own.
fn open(transcript: &Transcript) -> Result<(), String> {
    if transcript.has_ended_first {
        return Err(format!(
            "the connection did not stay open{}",
            ending(transcript)
        ));
    }
    match &transcript.close {
        Some(Some(close)) if is_failure(close.code) => Err(format!(
            "the peer has failed the connection, with code {}",
            close.code
        )),
        _ => Ok(()),
    }
}

/// Whether this code says that something was wrong (RFC 6455 section 7.4.1).
fn is_failure(code: u16) -> bool {
    matches!(code, 1002 | 1003 | 1007..=1011)
}

/// The peer must have sent a Close with one of these codes.
fn closes(codes: &[u16], transcript: &Transcript) -> Result<(), String> {
    match &transcript.close {
        None => Err(format!("no Close came{}", ending(transcript))),
        Some(close) => other_code(close, codes).map_or(Ok(()), Err),
    }
}

/// The peer must have failed the connection. That it ends TCP behind its Close is another case.
fn fails(codes: &[u16], transcript: &Transcript) -> Result<Option<Lacking>, String> {
    const LATE: &str =
        "the connection failed only when more had come, although the fault was there before";
    let Some(close) = &transcript.close else {
        return match transcript.tcp {
            Tcp::Open => Err("nothing came: no Close, and no end of the connection".into()),
            _ if transcript.is_late => Ok(Some(Lacking::other(LATE))),
            _ if codes.is_empty() => Ok(None),
            _ => Ok(Some(Lacking::of_close(
                "the connection ended without a Close that says why",
            ))),
        };
    };
    if transcript.is_late {
        return Ok(Some(Lacking::other(LATE)));
    }
    Ok(other_code(close, codes).map(Lacking::of_close))
}

/// What is to be said of a Close that has none of these codes. Without codes any will do.
fn other_code(close: &Option<Close>, codes: &[u16]) -> Option<String> {
    let is_right = match close {
        None => codes.contains(&NO_CODE),
        // A code of 1005 that was really sent is not the same as none.
        Some(close) => close.code != NO_CODE && codes.contains(&close.code),
    };
    if is_right || codes.is_empty() {
        return None;
    }
    let has = code_words(close);
    Some(format!("the Close has {has} instead of {}", Codes(codes)))
}

fn code_words(close: &Option<Close>) -> String {
    match close {
        None => "no code".into(),
        Some(close) => format!("code {}", close.code),
    }
}

/// What came, in words.
fn came(transcript: &Transcript) -> String {
    let answers: Vec<String> = transcript
        .answers
        .iter()
        .take(3)
        .map(ToString::to_string)
        .collect();
    let answers = match answers.is_empty() {
        true => String::from("nothing"),
        false => answers.join(", then "),
    };
    format!("{answers} came{}", ending(transcript))
}

/// How the connection ended, behind other words.
fn ending(transcript: &Transcript) -> String {
    match (&transcript.close, transcript.tcp) {
        (None, Tcp::Open) => String::new(),
        (None, Tcp::Fin) => "; the TCP connection ended without a Close".into(),
        (None, Tcp::Reset) => "; the TCP connection was reset without a Close".into(),
        (Some(close), Tcp::Open) => format!("; a Close came with {}", code_words(close)),
        (Some(close), _) => format!(
            "; a Close came with {}, and the TCP connection ended",
            code_words(close)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::answer::{pong_back, text_back};
    use crate::check::received::{Fault, FaultKind};
    use crate::check::session::Step;

    /// A session in which nothing is sent, with these answers and this end.
    fn session(answers: &[Answer], end: End) -> Session {
        let mut session = Session::default();
        *session.strict() = Allowed {
            grade: Grade::Passed,
            answers: answers.to_vec(),
            end,
        };
        session
    }

    fn came(answers: &[Answer]) -> Transcript {
        Transcript {
            answers: answers.to_vec(),
            ..Transcript::default()
        }
    }

    fn closed(code: u16) -> Transcript {
        Transcript {
            close: Some(Some(Close {
                code,
                reason: Vec::new(),
            })),
            tcp: Tcp::Fin,
            ..Transcript::default()
        }
    }

    #[track_caller]
    fn assert_judged(session: &Session, transcript: &Transcript, outcome: Outcome, seen: &str) {
        let verdict = judge(session, transcript);
        assert_eq!((verdict.outcome, verdict.seen.as_str()), (outcome, seen));
    }

    #[test]
    fn an_echo_passes_and_a_wrong_one_fails() {
        let expected = session(&[text_back("a")], End::Open);
        assert_judged(&expected, &came(&[text_back("a")]), Outcome::Passed, "");
        assert_judged(
            &expected,
            &came(&[text_back("b")]),
            Outcome::Failed,
            "the text \"b\" came instead of the text \"a\"",
        );
        assert_judged(
            &expected,
            &came(&[text_back("a"), pong_back("b")]),
            Outcome::Failed,
            "the Pong \"b\" came, which nothing has asked for",
        );
        assert_judged(
            &expected,
            &came(&[]),
            Outcome::Failed,
            "the text \"a\" did not come",
        );
    }

    #[test]
    fn a_connection_that_must_stay_open_may_be_closed_by_the_player_only() {
        let expected = session(&[], End::Open);
        assert_judged(&expected, &closed(1000), Outcome::Passed, "");
        let first = Transcript {
            has_ended_first: true,
            ..closed(1000)
        };
        assert_judged(
            &expected,
            &first,
            Outcome::Failed,
            "the connection did not stay open; a Close came with code 1000, and the TCP connection \
             ended",
        );
        assert_judged(
            &expected,
            &closed(1002),
            Outcome::Failed,
            "the peer has failed the connection, with code 1002",
        );
    }

    #[test]
    fn a_failed_connection_says_why_with_the_right_code() {
        let expected = session(&[], End::Fails(&[1002]));
        assert_judged(&expected, &closed(1002), Outcome::Passed, "");
        assert_judged(
            &expected,
            &closed(1000),
            Outcome::NotStrict,
            "the Close has code 1000 instead of code 1002",
        );
        let dropped = Transcript {
            tcp: Tcp::Reset,
            ..Transcript::default()
        };
        assert_judged(
            &expected,
            &dropped,
            Outcome::NotStrict,
            "the connection ended without a Close that says why",
        );
        assert_judged(
            &expected,
            &came(&[]),
            Outcome::Failed,
            "nothing came: no Close, and no end of the connection",
        );
    }

    #[test]
    fn a_connection_that_survives_a_fault_fails() {
        let survived = Transcript {
            has_survived: true,
            answers: vec![text_back("a")],
            ..came(&[])
        };
        assert_judged(
            &session(&[], End::Fails(&[1002])),
            &survived,
            Outcome::Failed,
            "the connection went on: the text \"a\" came, and a Ping behind the fault was answered",
        );
    }

    #[test]
    fn a_connection_that_fails_late_is_not_strict_and_one_that_ends_too_early_fails() {
        let expected = session(&[], End::Fails(&[1007]));
        let late = Transcript {
            is_late: true,
            ..closed(1007)
        };
        let seen = "the connection failed only when more had come, although the fault was there \
                    before";
        assert_judged(&expected, &late, Outcome::NotStrict, seen);
        let early = Transcript {
            has_ended_early: true,
            ..closed(1007)
        };
        let seen = "the connection ended before there was a reason; a Close came with code 1007, \
                    and the TCP connection ended";
        assert_judged(&expected, &early, Outcome::Failed, seen);
    }

    #[test]
    fn the_end_of_tcp_matters_only_where_it_is_asked_for() {
        let ended_by = |tcp| Transcript {
            tcp,
            ..closed(1000)
        };
        let closes = session(&[], End::Closes(&[1000]));
        assert_judged(&closes, &ended_by(Tcp::Open), Outcome::Passed, "");
        let disconnects = session(&[], End::Disconnects(&[]));
        assert_judged(&disconnects, &ended_by(Tcp::Fin), Outcome::Passed, "");
        assert_judged(
            &disconnects,
            &ended_by(Tcp::Reset),
            Outcome::NotStrict,
            "the TCP connection was reset, so that what was sent last can be lost",
        );
        assert_judged(
            &disconnects,
            &ended_by(Tcp::Open),
            Outcome::Failed,
            "a Close came, but the TCP connection did not end",
        );
    }

    #[test]
    fn an_end_without_a_close_is_another_one_than_with_it() {
        let dropped = Transcript {
            tcp: Tcp::Fin,
            ..Transcript::default()
        };
        let expected = session(&[], End::Dropped);
        assert_judged(&expected, &dropped, Outcome::Passed, "");
        let seen = "the connection did not end without a Close; a Close came with code 1000, and \
                    the TCP connection ended";
        assert_judged(&expected, &closed(1000), Outcome::Failed, seen);
    }

    #[test]
    fn who_fails_a_connection_may_drop_what_was_not_sent_yet() {
        let mut expected = session(&[text_back("a")], End::Fails(&[1002]));
        let seen =
            "the connection failed before the text \"a\" came, which was sent before the fault";
        assert_judged(&expected, &closed(1002), Outcome::NotStrict, seen);
        expected.strict().end = End::Open;
        assert_judged(
            &expected,
            &closed(1000),
            Outcome::Failed,
            "the text \"a\" did not come; a Close came with code 1000, and the TCP connection ended",
        );
    }

    #[test]
    fn the_best_of_the_allowed_ways_counts() {
        let mut expected = session(&[], End::Fails(&[1009]));
        expected.allowed.push(Allowed {
            grade: Grade::Informational,
            answers: vec![text_back("a")],
            end: End::Open,
        });
        assert_judged(&expected, &closed(1009), Outcome::Passed, "");
        let echoed = Transcript {
            answers: vec![text_back("a")],
            has_survived: true,
            ..closed(1000)
        };
        let verdict = judge(&expected, &echoed);
        assert_eq!(verdict.outcome, Outcome::Informational);
    }

    #[test]
    fn a_watched_fault_fails_whatever_else_came_and_nothing_else_does() {
        let mut expected = session(&[text_back("a")], End::Open);
        expected.watched = Some(FaultKind::Mask);
        let fault = |kind| Fault {
            kind,
            what: "it is wrong".into(),
        };
        let mut transcript = came(&[text_back("a")]);
        transcript.faults = vec![fault(FaultKind::LongLength)];
        assert_judged(&expected, &transcript, Outcome::Passed, "");
        transcript.faults.push(fault(FaultKind::Mask));
        assert_judged(&expected, &transcript, Outcome::Failed, "it is wrong");
        assert_judged(
            &expected,
            &came(&[]),
            Outcome::Skipped,
            "there was not enough to look at: the text \"a\" did not come",
        );
    }

    #[test]
    fn pongs_that_were_left_out_are_not_strict_or_right() {
        let all = ["1", "2"].map(pong_back);
        let mut expected = session(&all, End::Open);
        for (pongs, outcome) in [
            (Pongs::All, Outcome::Failed),
            (Pongs::AllIfPossible, Outcome::NotStrict),
            (Pongs::Last, Outcome::Passed),
        ] {
            expected.pongs = pongs;
            let verdict = judge(&expected, &came(&all[1..]));
            assert_eq!(verdict.outcome, outcome, "{pongs:?}");
        }
    }

    #[test]
    fn a_peer_that_sends_without_end_fails_unless_a_long_frame_may_be_waited_for() {
        let endless = Transcript {
            lost: Some("it sends without end".into()),
            ..Transcript::default()
        };
        let open = session(&[], End::Open);
        assert_judged(&open, &endless, Outcome::Failed, "it sends without end");
        let waiting = session(&[], End::Waiting);
        assert_judged(&waiting, &endless, Outcome::Passed, "");
    }

    #[test]
    fn who_must_wait_must_not_end_the_connection() {
        let expected = session(&[], End::Waiting);
        assert_judged(&expected, &came(&[]), Outcome::Passed, "");
        assert_judged(
            &expected,
            &closed(1001),
            Outcome::Failed,
            "the connection did not stay open; a Close came with code 1001, and the TCP connection \
             ended",
        );
    }

    #[test]
    fn a_close_is_answered_with_its_code() {
        let mut expected = session(&[], End::Closes(&[1000, 1005]));
        expected.steps = vec![Step::Pause];
        assert_judged(&expected, &closed(1000), Outcome::Passed, "");
        assert_judged(
            &expected,
            &closed(1001),
            Outcome::Failed,
            "the Close has code 1001 instead of code 1000 or no code",
        );
        assert_judged(&expected, &came(&[]), Outcome::Failed, "no Close came");
    }

    #[test]
    fn what_is_expected_names_all_that_is_allowed() {
        let mut expected = session(&[text_back("a")], End::Open);
        expected.allowed.push(Allowed {
            grade: Grade::NotStrict,
            answers: Vec::new(),
            end: End::Fails(&[1009]),
        });
        let verdict = judge(&expected, &came(&[]));
        assert_eq!(
            verdict.expected,
            "the text \"a\", then nothing else, and the connection stays open; or a Close with \
             code 1009, and the end of the connection"
        );
    }

    #[test]
    fn a_code_of_1005_that_was_sent_is_not_the_same_as_no_code() {
        let expected = session(&[], End::Closes(&[1000, 1005]));
        let without_code = Transcript {
            close: Some(None),
            ..Transcript::default()
        };
        assert_judged(&expected, &without_code, Outcome::Passed, "");
        let seen = "the Close has code 1005 instead of code 1000 or no code";
        assert_judged(&expected, &closed(1005), Outcome::Failed, seen);
    }

    #[test]
    fn long_answers_that_begin_alike_are_told_apart_by_the_byte_where_they_differ() {
        let mut wrong = vec![b'*'; 100];
        wrong[70] = b'+';
        let expected = session(&[text_back(vec![b'*'; 100])], End::Open);
        let seen = judge(&expected, &came(&[text_back(wrong)])).seen;
        assert!(seen.ends_with("; they differ from byte 71 on"), "{seen}");
    }

    #[test]
    fn what_lacks_only_a_close_or_its_code_is_about_the_close() {
        let mut expected = session(&[], End::Fails(&[1002]));
        let is_about_close = |session: &Session, transcript: &Transcript| {
            let verdict = judge(session, transcript);
            assert_eq!(verdict.outcome, Outcome::NotStrict);
            verdict.is_about_close
        };
        assert!(is_about_close(&expected, &closed(1000)));
        let late = Transcript {
            is_late: true,
            ..closed(1002)
        };
        assert!(!is_about_close(&expected, &late));
        expected.strict().answers.push(text_back("a"));
        assert!(!is_about_close(&expected, &closed(1000)));
    }
}
