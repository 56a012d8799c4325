//! Compares what happened in a session with what is allowed. It knows no sockets and no clock.

use super::comparison::{Pongs, Wrong, compare};
use super::received::Close;
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
    if let Some(watched) = session.watched
        && let Some(fault) = transcript.faults.iter().find(|fault| fault.kind == watched)
    {
        return Verdict::new(Outcome::Failed, &fault.what, expected);
    }
    let (outcome, seen) = best_of(session, transcript);
    if session.watched.is_some() && outcome == Outcome::Failed {
        // What else is wrong fails other cases.
        return Verdict::skipped(format!("there was not enough to look at: {seen}"));
    }
    Verdict::new(outcome, seen, expected)
}

/// Compares with each allowed way.
fn best_of(session: &Session, transcript: &Transcript) -> (Outcome, String) {
    let judged = session
        .allowed
        .iter()
        .map(|allowed| of(allowed, session.pongs, transcript));
    let mut best: Option<(Outcome, String)> = None;
    for (outcome, seen) in judged {
        // Of failures the first is told: it is compared with what a peer should do.
        if best.as_ref().is_none_or(|(best, _)| outcome < *best) {
            best = Some((outcome, seen));
        }
    }
    best.unwrap_or((Outcome::Passed, String::new()))
}

/// Compares with one allowed way: the outcome, and what is not as it should be.
fn of(allowed: &Allowed, pongs: Pongs, transcript: &Transcript) -> (Outcome, String) {
    let (mut outcome, mut seen) = match allowed.grade {
        Grade::Passed => (Outcome::Passed, String::new()),
        Grade::NotStrict => (Outcome::NotStrict, came(transcript)),
        Grade::Informational => (Outcome::Informational, came(transcript)),
    };
    match answers(allowed, pongs, transcript) {
        Ok(None) => {}
        Ok(Some(lacking)) => (outcome, seen) = (outcome.max(Outcome::NotStrict), lacking),
        Err(why) => return (Outcome::Failed, why),
    }
    match end(&allowed.end, transcript) {
        Ok(None) => {}
        Ok(Some(lacking)) => (outcome, seen) = (outcome.max(Outcome::NotStrict), lacking),
        Err(why) => return (Outcome::Failed, why),
    }
    (outcome, seen)
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
        }) => return Err(format!("{came} came instead of {expected}")),
        Some(Wrong {
            came,
            instead_of: None,
        }) => return Err(format!("{came} came, which nothing has asked for")),
        None => {}
    }
    if let Some(missing) = compared.missing {
        // Whoever fails a connection may drop what was not sent yet.
        let may_drop = matches!(allowed.end, End::Fails(_)) && has_ended(transcript);
        return match may_drop {
            true => Ok(Some(format!(
                "the connection failed before {missing} came, which was sent before the fault"
            ))),
            false => Err(format!("{missing} did not come{}", ending(transcript))),
        };
    }
    let hasty = compared
        .hasty
        .map(|message| format!("{message} came before the Pong for a Ping that was sent earlier"));
    Ok(hasty)
}

fn has_ended(transcript: &Transcript) -> bool {
    transcript.close.is_some() || transcript.tcp != Tcp::Open
}

/// Compares the end: `Ok` with what is not strict.
fn end(end: &End, transcript: &Transcript) -> Result<Option<String>, String> {
    let close = transcript.close.as_ref();
    match end {
        End::Open => open(transcript).map(|()| None),
        End::Fails(codes) => fails(codes, transcript),
        End::Closes(codes) => closes(codes, transcript).map(|()| None),
        End::Disconnects(codes) => {
            closes(codes, transcript)?;
            match transcript.tcp {
                Tcp::Open => Err("a Close came, but the TCP connection did not end".into()),
                Tcp::Reset => Ok(Some(
                    "the TCP connection was reset, so that what was sent last can be lost".into(),
                )),
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
    match transcript.close.as_ref().map(code) {
        Some(code) if is_failure(code) => {
            let code = Codes(&[code]);
            Err(format!("the peer has failed the connection, with {code}"))
        }
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
        Some(close) if !codes.is_empty() && !codes.contains(&code(close)) => Err(format!(
            "the Close has {} instead of {}",
            Codes(&[code(close)]),
            Codes(codes)
        )),
        Some(_) => Ok(()),
    }
}

/// The peer must have failed the connection. That it ends TCP behind its Close is a case of its own.
fn fails(codes: &[u16], transcript: &Transcript) -> Result<Option<String>, String> {
    if transcript.has_survived {
        return Err("the connection went on: a Ping behind the fault was answered".into());
    }
    match (&transcript.close, transcript.tcp) {
        (None, Tcp::Open) => Err("nothing came: no Close, and no end of the connection".into()),
        (None, _) if codes.is_empty() => Ok(None),
        (None, _) => Ok(Some(
            "the connection ended without a Close that says why".into(),
        )),
        (Some(close), _) if !codes.is_empty() && !codes.contains(&code(close)) => {
            Ok(Some(format!(
                "the Close has {} instead of {}",
                Codes(&[code(close)]),
                Codes(codes)
            )))
        }
        (Some(_), _) if transcript.is_late => Ok(Some(
            "the connection failed only when more had come, although the fault was there before"
                .into(),
        )),
        (Some(_), _) => Ok(None),
    }
}

/// The code of a Close.
fn code(close: &Option<Close>) -> u16 {
    close.as_ref().map_or(NO_CODE, |close| close.code)
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
        (None, Tcp::Fin) => ", and the TCP connection ended without a Close".into(),
        (None, Tcp::Reset) => ", and the TCP connection was reset without a Close".into(),
        (Some(close), Tcp::Open) => format!(", and then a Close with {}", Codes(&[code(close)])),
        (Some(close), _) => format!(
            ", and then a Close with {} and the end of the TCP connection",
            Codes(&[code(close)])
        ),
    }
}
