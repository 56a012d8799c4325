//! Plays a session against a server.

use std::time::Instant;

use super::connection::Connection;
use super::conversation::Conversation;
use super::opening::{self, Opening};
use crate::check::compression::Compression;
use crate::check::frame::{Frame, Role};
use crate::check::judge::judge;
use crate::check::negotiation::Negotiation;
use crate::check::received::{FaultKind, FrameReader};
use crate::check::session::{Cut, Session, Step};
use crate::check::target::Target;
use crate::check::transcript::{Direction, Transcript};
use crate::check::verdict::{Outcome, Verdict};
use crate::client::waiter::SocketPoll;
use crate::escape::Untrusted;

/// Plays a session, and judges it. One that is cut everywhere is played until it fails.
pub(crate) fn play(
    poll: &mut SocketPoll,
    target: &Target<'_>,
    session: &Session,
) -> (Verdict, Transcript) {
    if !session.is_cut_everywhere {
        return play_once(poll, target, session);
    }
    let mut last = (Verdict::passed(), Transcript::default());
    for session in cuts(session, Role::Server) {
        last = play_once(poll, target, &session);
        if last.0.outcome != Outcome::Passed {
            break;
        }
    }
    last
}

/// The same session with its bytes cut at each place, and between all bytes.
pub(crate) fn cuts(session: &Session, to: Role) -> impl Iterator<Item = Session> {
    let len = session.bytes(to).len();
    let cuts = (1..len).map(Cut::At).chain([Cut::Bytes]);
    cuts.map(move |cut| {
        let frames = session.steps.iter().flat_map(|step| match step {
            Step::Send(frames, _) => frames.clone(),
            _ => Vec::new(),
        });
        let awaited = session.allowed[0].answers.len();
        Session {
            steps: vec![Step::Send(frames.collect(), cut), Step::Await(awaited)],
            ..session.clone()
        }
    })
}

fn play_once(
    poll: &mut SocketPoll,
    target: &Target<'_>,
    session: &Session,
) -> (Verdict, Transcript) {
    let mut transcript = Transcript::new(target.detail);
    if let Err(verdict) = converse(poll, target, session, &mut transcript) {
        return (verdict, transcript);
    }
    let verdict = judge(session, &transcript);
    // They may be long, and are not needed any longer.
    transcript.answers.clear();
    (verdict, transcript)
}

/// Plays a session. The error is the verdict on one that cannot be played.
fn converse(
    poll: &mut SocketPoll,
    target: &Target<'_>,
    session: &Session,
    transcript: &mut Transcript,
) -> Result<(), Verdict> {
    let failed = |why: String| Verdict::new(Outcome::Failed, why, "an open connection");
    let mut connection =
        Connection::open(poll, target).map_err(|error| failed(error.to_string()))?;
    let opening = Opening::new();
    let negotiation = session
        .negotiation
        .clone()
        .unwrap_or_else(Negotiation::none);
    let request = opening.request(target, &negotiation.offers);
    let mut bytes = request.clone().into_bytes();
    let mut steps = &session.steps[..];
    let mut glued: &[Frame] = &[];
    if session.is_glued
        && let Some((Step::Send(frames, _), rest)) = steps.split_first()
    {
        bytes.extend(frames.iter().flat_map(|frame| frame.bytes(Role::Server)));
        (glued, steps) = (frames, rest);
    }
    let words = request.lines().next().unwrap_or_default();
    transcript.record.add(Direction::Sent, words, &bytes);
    let deadline = Instant::now() + target.destination.timeout;
    opening::send_all(&mut connection, &bytes, deadline).map_err(failed)?;
    let mut received = Vec::new();
    let head = match opening::await_head(&mut connection, &mut received, deadline) {
        Ok(head) => head,
        Err(why) => {
            let came = "no response";
            transcript.record.add(Direction::Received, came, &received);
            return Err(negotiation.judge_refusal(&why));
        }
    };
    let response: Vec<u8> = received.drain(..head.len).collect();
    transcript
        .record
        .add(Direction::Received, head.first_line.clone(), &response);
    if head.status().is_none() {
        let line = Untrusted::excerpt(&head.first_line);
        return Err(failed(format!(
            "what came first is no HTTP response: {line}"
        )));
    }
    let answers: Vec<&str> = head.values("Sec-WebSocket-Extensions").collect();
    let agreement = negotiation.judge_answer(&head.first_line, &answers)?;
    let mut compression = agreement.map(|agreement| Compression::new(agreement, Role::Server));
    if session.watched == Some(FaultKind::Window)
        && let Some(compression) = &mut compression
    {
        compression.look_at_distances();
    }
    let reader = FrameReader::new(Role::Server, compression);
    let mut conversation =
        Conversation::new(connection, Role::Server, reader, target.timing, transcript);
    conversation.skip(target.greeting_len);
    conversation.was_sent(glued);
    conversation.receive(&received);
    conversation.play(session, steps);
    Ok(())
}
