//! Compares what a server did with a request with what is allowed. It knows no sockets and no
//! clock.

use super::answer::{Answer, Kind};
use super::http::Head;
use super::request_play::{RequestPlay, Response};
use super::response_head::{Asked, HeadFault, fault};
use super::session::Grade;
use super::transcript::{Tcp, Transcript};
use super::verdict::{Outcome, Verdict};
use crate::escape::Untrusted;

const SWITCHING: u16 = 101;
/// How the status line of every response begins that HTTP/1 has.
const STATUS_LINE: &[u8] = b"HTTP/1.";

/// What a server did with a request.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// The request in words, such as `a request without Host`.
    pub request: String,
    pub asked: Asked,
    /// What came before the request was complete.
    pub early: Vec<u8>,
    /// The head of the last response, and its bytes.
    pub response: Option<(Head, Vec<u8>)>,
    /// The first bytes of what came instead of a response, or of what has followed it.
    pub behind: Vec<u8>,
    /// What happened on the connection once it was open, and how it ended.
    pub transcript: Transcript,
}

/// Judges what a server did with a request.
pub fn judge(play: &RequestPlay, answered: &Answered) -> Verdict {
    let expected = play.allowed_in_words();
    if let Some(why) = &answered.transcript.not_opened {
        return Verdict::new(Outcome::Failed, why, expected);
    }
    if let Some(what) = play.watched.and_then(|kind| watched(kind, answered)) {
        let seen = format!("{what}; it answers {}", answered.request);
        return Verdict::new(Outcome::Failed, seen, expected);
    }
    let fits = |(_, response): &&(Grade, Response)| fits(*response, answered);
    let grades = play.allowed.iter().filter(fits);
    let grade = grades.map(|(grade, _)| outcome(*grade)).min();
    let Some(outcome) = grade else {
        return Verdict::new(Outcome::Failed, seen(answered), expected);
    };
    if status(answered) == Some(SWITCHING)
        && let Some(why) = missing_answer(play, answered)
    {
        return Verdict::new(Outcome::Failed, why, expected);
    }
    match outcome {
        Outcome::Passed => Verdict::new(Outcome::Passed, "", expected),
        outcome => Verdict::new(outcome, seen(answered), expected),
    }
}

fn outcome(grade: Grade) -> Outcome {
    match grade {
        Grade::Passed => Outcome::Passed,
        Grade::NotStrict => Outcome::NotStrict,
        Grade::Informational => Outcome::Informational,
    }
}

fn status(answered: &Answered) -> Option<u16> {
    answered.response.as_ref()?.0.status()
}

fn watched(kind: HeadFault, answered: &Answered) -> Option<String> {
    match kind {
        HeadFault::Early if !answered.early.is_empty() => Some(format!(
            "{} bytes came before the request was complete",
            answered.early.len()
        )),
        HeadFault::SecondResponse if find(&answered.behind, STATUS_LINE).is_some() => {
            Some("a second response came behind that with status 101".into())
        }
        kind => {
            let (head, bytes) = answered.response.as_ref()?;
            fault(kind, head, bytes, &answered.asked)
        }
    }
}

/// Where a part begins.
fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// Whether the server did this.
fn fits(response: Response, answered: &Answered) -> bool {
    let status = status(answered);
    let has_ended = answered.transcript.tcp != Tcp::Open;
    let is_silent = answered.response.is_none() && answered.behind.is_empty();
    match response {
        Response::Opens => status == Some(SWITCHING),
        Response::Refuses([]) => matches!(status, Some(400..=599)),
        Response::Refuses(statuses) => status.is_some_and(|status| statuses.contains(&status)),
        Response::RefusesAndEnds(statuses) => {
            has_ended && fits(Response::Refuses(statuses), answered)
        }
        Response::Declines => matches!(status, Some(200..=599)),
        Response::Drops | Response::Waits => is_silent && has_ended,
        Response::Ends => has_ended && status != Some(SWITCHING),
    }
}

/// Whether the answers to the frames behind the opening handshake are not what they must be.
fn missing_answer(play: &RequestPlay, answered: &Answered) -> Option<String> {
    if play.answers.is_empty() {
        return None;
    }
    // Only Pings are sent. A server's own messages are not looked at.
    let came = answered.transcript.answers.iter();
    let came: Vec<&Answer> = came.filter(|answer| answer.kind == Kind::Pong).collect();
    let request = &answered.request;
    let wrong = came.iter().find(|answer| !play.answers.contains(*answer));
    if let Some(wrong) = wrong {
        return Some(format!(
            "the server opened the connection in answer to {request}, and then {wrong} came, which \
             nothing has asked for"
        ));
    }
    let is_missing = |answer: &&Answer| !came.contains(answer);
    let missing = play.answers.iter().find(is_missing)?;
    Some(format!(
        "the server opened the connection in answer to {request}, but then {missing} did not come"
    ))
}

/// What the server did, in words.
fn seen(answered: &Answered) -> String {
    let request = &answered.request;
    let tcp = answered.transcript.tcp;
    let ended = match tcp {
        Tcp::Open => "did not end",
        Tcp::Fin => "ended",
        Tcp::Reset => "reset",
    };
    if let Some((head, _)) = &answered.response {
        let line = Untrusted::excerpt(&head.first_line);
        return format!("the server answered \"{line}\" to {request}");
    }
    if let Some(place) = find(&answered.behind, STATUS_LINE) {
        return format!(
            "the server sent {place} bytes before its response to {request}, so that a client \
             finds no response"
        );
    }
    match (answered.behind.len(), tcp) {
        (0, Tcp::Open) => {
            format!("the server did not answer {request}, and did not end the connection")
        }
        (0, _) => format!("the server {ended} the connection without an answer to {request}"),
        (len, _) => format!(
            "the server sent {len} bytes that are no response to {request}, and {ended} the \
             connection"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::answer::pong_back;
    use crate::check::frame::ping;
    use crate::check::request::request;
    use crate::check::request_play::ask;

    fn answered(response: &str, tcp: Tcp) -> Answered {
        let head = Head::read(response.as_bytes());
        Answered {
            request: "a request without Host".into(),
            response: head.map(|head| (head, response.as_bytes().to_vec())),
            transcript: Transcript {
                tcp,
                ..Transcript::default()
            },
            ..Answered::default()
        }
    }

    fn open() -> Answered {
        answered("HTTP/1.1 101 Switching Protocols\r\n\r\n", Tcp::Open)
    }

    #[test]
    fn a_connection_that_is_opened_by_a_wrong_request_fails_in_words() {
        let play = ask(request())
            .refused(&[400])
            .or(Grade::NotStrict, Response::Refuses(&[]));
        let verdict = judge(&play, &open());
        assert_eq!(verdict.outcome, Outcome::Failed);
        assert_eq!(
            verdict.seen,
            "the server answered \"HTTP/1.1 101 Switching Protocols\" to a request without Host"
        );
        assert_eq!(
            verdict.expected,
            "a response with status 400; or a response with a status from 400 to 599 (not strict)"
        );
    }

    #[test]
    fn the_best_grade_counts() {
        let play = ask(request())
            .or(Grade::NotStrict, Response::Refuses(&[]))
            .refused(&[400]);
        for (line, outcome) in [
            ("HTTP/1.1 400 Bad Request\r\n\r\n", Outcome::Passed),
            ("HTTP/1.1 403 Forbidden\r\n\r\n", Outcome::NotStrict),
            ("HTTP/1.1 200 OK\r\n\r\n", Outcome::Failed),
        ] {
            assert_eq!(judge(&play, &answered(line, Tcp::Fin)).outcome, outcome);
        }
    }

    #[test]
    fn silence_is_not_the_end_of_a_connection() {
        let play = ask(request()).or(Grade::Passed, Response::Drops);
        assert_eq!(
            judge(&play, &answered("", Tcp::Fin)).outcome,
            Outcome::Passed
        );
        let verdict = judge(&play, &answered("", Tcp::Open));
        assert_eq!(
            verdict.seen,
            "the server did not answer a request without Host, and did not end the connection"
        );
    }

    #[test]
    fn bytes_that_are_no_response_are_not_an_end_without_one() {
        let play = ask(request()).or(Grade::Passed, Response::Drops);
        let garbage = Answered {
            behind: b"garbage".to_vec(),
            ..answered("", Tcp::Fin)
        };
        assert_eq!(judge(&play, &garbage).outcome, Outcome::Failed);
    }

    #[test]
    fn frames_before_the_response_are_told() {
        let play = ask(request()).opens();
        let early = Answered {
            behind: b"\x8A\x00HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec(),
            ..answered("", Tcp::Open)
        };
        assert_eq!(
            judge(&play, &early).seen,
            "the server sent 2 bytes before its response to a request without Host, so that a \
             client finds no response"
        );
    }

    #[test]
    fn a_refusal_that_must_end_the_connection_is_none_while_it_is_open() {
        let play = ask(request()).or(Grade::Passed, Response::RefusesAndEnds(&[400]));
        let line = "HTTP/1.1 400 Bad Request\r\n\r\n";
        assert_eq!(
            judge(&play, &answered(line, Tcp::Open)).outcome,
            Outcome::Failed
        );
        assert_eq!(
            judge(&play, &answered(line, Tcp::Fin)).outcome,
            Outcome::Passed
        );
    }

    #[test]
    fn an_open_connection_must_answer_the_frames_and_no_others() {
        let play = ask(request())
            .opens()
            .then(vec![ping("a")], vec![pong_back("a")]);
        let verdict = judge(&play, &open());
        assert_eq!(
            verdict.seen,
            "the server opened the connection in answer to a request without Host, but then \
             the Pong \"a\" did not come"
        );
        let mut other = open();
        other.transcript.answers = vec![pong_back("b"), pong_back("a")];
        assert_eq!(judge(&play, &other).outcome, Outcome::Failed);
        other.transcript.answers = vec![pong_back("a")];
        assert_eq!(judge(&play, &other).outcome, Outcome::Passed);
    }

    #[test]
    fn a_watched_fault_fails_whatever_else_is_right() {
        let play = ask(request()).opens().watches(HeadFault::Upgrade);
        let verdict = judge(&play, &open());
        assert_eq!(
            verdict.seen,
            "the response with status 101 has no Upgrade; it answers a request without Host"
        );
        let early = Answered {
            early: b"HTTP".to_vec(),
            ..open()
        };
        let play = ask(request()).opens().watches(HeadFault::Early);
        assert_eq!(judge(&play, &early).outcome, Outcome::Failed);
        assert_eq!(judge(&play, &open()).outcome, Outcome::Passed);
    }
}
