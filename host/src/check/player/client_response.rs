//! Sends a response to a client, right or wrong, and sees what the client does with it.

use std::thread;
use std::time::{Duration, Instant};

use super::client_opening::WaitingClient;
use super::client_session::{conversation, converse, skip};
use super::connection::Moved;
use super::opening;
use crate::check::answer::text_back;
use crate::check::frame::{self, Frame, Role};
use crate::check::request_part::{Circumstances, RequestPart};
use crate::check::response_play::{
    ACCEPT, Behind, CUT, KEY, LOWER_ACCEPT, MESSAGE, ResponsePlay, SHORT_ACCEPT, WRONG_ACCEPT,
};
use crate::check::session::{Cut, End, Session, Step};
use crate::check::transcript::{Direction, Transcript};
use crate::check::verdict::{Outcome, Verdict};

/// How long is waited between two pieces of a response.
const PAUSE: Duration = Duration::from_millis(20);
/// How much a client is sent that never ends, at most: more than any system buffers.
const ENDLESS_LEN: usize = 16 << 20;
const ENDLESS_TIME: Duration = Duration::from_secs(10);
const PIECE_LEN: usize = 64 << 10;
/// How a client begins another request on the same connection.
const REQUEST: &[u8] = b"GET /";

/// Sends the response, and judges what the client does. A client that uses the connection for
/// another request is returned, and has sent the beginning of that.
pub(crate) fn play<'a>(
    mut client: WaitingClient<'a>,
    play: &ResponsePlay,
    around: Circumstances,
) -> (Verdict, Transcript, Option<WaitingClient<'a>>) {
    let without = |(verdict, transcript)| (verdict, transcript, None);
    if let Some(part) = play.looks_at {
        return without(look_at(client, part, around));
    }
    if let Some(Err(why)) = play.needs.map(|it| it.check(&client.request)) {
        return without(skip(client, Verdict::skipped(why)));
    }
    let mut transcript = client.transcript();
    let sent = send_response(&mut client, play, &mut transcript);
    if play.may_refuse() && sent.is_ok() {
        client.listen(client.timing.quiet());
        if client.behind.starts_with(REQUEST) {
            return (play.judge_reuse(), transcript, Some(client));
        }
    }
    let steps = match sent {
        Ok(()) => match follow(&mut client, play.behind, &mut transcript) {
            Ok(steps) => steps,
            Err(why) => {
                let verdict = Verdict::new(Outcome::Failed, why, play.allowed_in_words());
                return (verdict, transcript, None);
            }
        },
        // Who has ended the connection early is judged by that.
        Err(_) => Vec::new(),
    };
    let session = session(play, steps);
    conversation(client, None, &mut transcript).play(&session, &session.steps);
    (play.judge(&transcript), transcript, None)
}

/// Sends the response, and what is glued to it.
fn send_response(
    client: &mut WaitingClient<'_>,
    play: &ResponsePlay,
    transcript: &mut Transcript,
) -> Result<(), String> {
    let key = client.request.key().unwrap_or_default();
    let response = filled_in(&play.response, key);
    let message = frame::text(MESSAGE).bytes(Role::Client);
    let glued = match play.behind {
        Behind::GluedMessage => &message[..],
        Behind::HalfMessage => &message[..1],
        Behind::Message | Behind::End | Behind::Endless(_) => &[],
    };
    let line = response.lines().next().unwrap_or_default().replace(CUT, "");
    let sent = [response.replace(CUT, "").as_bytes(), glued].concat();
    transcript.record.add(Direction::Sent, line, &sent);
    send(client, &response, glued, play.is_byte_by_byte)
}

/// Sends what never ends, and returns the steps of everything else that follows the response.
///
/// # Errors
///
/// When the client takes what never ends.
fn follow(
    client: &mut WaitingClient<'_>,
    behind: Behind,
    transcript: &mut Transcript,
) -> Result<Vec<Step>, String> {
    let message = frame::text(MESSAGE);
    Ok(match behind {
        Behind::Message => vec![Step::Send(vec![message], Cut::Whole)],
        Behind::HalfMessage => {
            vec![Step::SendBytes(message.bytes(Role::Client)[1..].to_vec())]
        }
        Behind::GluedMessage | Behind::End => Vec::new(),
        Behind::Endless(unit) => {
            send_endlessly(client, unit, transcript)?;
            Vec::new()
        }
    })
}

/// A part of the request is judged. The connection is opened all the same, and closed.
fn look_at(
    mut client: WaitingClient<'_>,
    part: RequestPart,
    mut around: Circumstances,
) -> (Verdict, Transcript) {
    if part == RequestPart::Early {
        client.listen(client.timing.quiet());
    }
    around.early_len = client.behind.len();
    let looked = part.check(&client.request, around);
    let mut transcript = client.transcript();
    let session = echoed(vec![Step::Send(vec![frame::text(MESSAGE)], Cut::Whole)]);
    let opened = converse(client, &session, None, &mut transcript);
    let failed = |why| Verdict::new(Outcome::Failed, why, "a request that keeps the rule");
    let verdict = match (looked, opened) {
        (Err(why), _) | (Ok(()), Err(why)) => failed(why),
        (Ok(()), Ok(())) => Verdict::passed(),
    };
    (verdict, transcript)
}

/// The response with everything that depends on the client.
fn filled_in(response: &str, key: &str) -> String {
    let accept = opening::accept(key);
    response
        .replace(ACCEPT, &accept)
        .replace(LOWER_ACCEPT, &accept.to_ascii_lowercase())
        .replace(SHORT_ACCEPT, &accept[..accept.len() - 4])
        .replace(WRONG_ACCEPT, &opening::accept(&format!("{key}?")))
        .replace(KEY, key)
}

/// Sends the response in its pieces.
fn send(
    client: &mut WaitingClient<'_>,
    response: &str,
    glued: &[u8],
    is_byte_by_byte: bool,
) -> Result<(), String> {
    if is_byte_by_byte {
        for byte in response.as_bytes().chunks(1) {
            client.send(byte)?;
        }
        return client.send(glued);
    }
    let (first, last) = match response.rsplit_once(CUT) {
        Some((first, last)) => (Some(first), last),
        None => (None, response),
    };
    for piece in first.into_iter().flat_map(|first| first.split(CUT)) {
        client.send(piece.as_bytes())?;
        thread::sleep(PAUSE);
    }
    client.send(&[last.as_bytes(), glued].concat())
}

/// Sends without end.
///
/// # Errors
///
/// When the client has taken all that is sent.
fn send_endlessly(
    client: &mut WaitingClient<'_>,
    unit: &str,
    transcript: &mut Transcript,
) -> Result<(), String> {
    let piece = unit.repeat(PIECE_LEN.div_ceil(unit.len()));
    let deadline = Instant::now() + ENDLESS_TIME;
    let mut len = 0;
    while len < ENDLESS_LEN {
        // Whoever has ended its direction may still take what comes.
        if client.connection.read(&mut client.behind) == Moved::End {
            break;
        }
        match client
            .connection
            .write(&piece.as_bytes()[len % unit.len()..])
        {
            Moved::Bytes(written) => len += written,
            Moved::Nothing if Instant::now() < deadline => client.connection.wait(deadline),
            Moved::Nothing | Moved::End => break,
        }
    }
    let words = format!("{len} bytes more were sent");
    transcript.record.event(words);
    match len < ENDLESS_LEN {
        true => Ok(()),
        false => Err(format!(
            "the client took {len} bytes, and did not end the connection"
        )),
    }
}

/// What is done after the response.
fn session(play: &ResponsePlay, mut steps: Vec<Step>) -> Session {
    if !play.may_refuse() {
        return echoed(steps);
    }
    if play.may_open() || matches!(play.behind, Behind::Message) {
        steps.push(Step::Pause);
        // Who has opened the connection is told that it ends.
        steps.push(Step::Send(vec![close()], Cut::Whole));
    }
    // Who waits for the end of the content of a refusal gets it.
    steps.push(Step::EndSending);
    let mut session = Session {
        steps,
        ..Session::default()
    };
    session.strict().end = End::Ended;
    session
}

/// The message comes back behind these steps.
fn echoed(mut steps: Vec<Step>) -> Session {
    steps.push(Step::Await(1));
    let mut session = Session {
        steps,
        ..Session::default()
    };
    session.strict().answers = vec![text_back(MESSAGE)];
    session
}

fn close() -> Frame {
    frame::close(1000, "")
}
