//! Plays a session against a client that has connected.

use super::client_opening::WaitingClient;
use super::conversation::Conversation;
use crate::check::compression::Compression;
use crate::check::compression::parameters::Agreement;
use crate::check::frame::{self, Frame, Role};
use crate::check::judge::judge;
use crate::check::received::{FaultKind, FrameReader};
use crate::check::session::{Cut, End, Session, Step};
use crate::check::transcript::{Direction, Transcript};
use crate::check::verdict::{Outcome, Verdict};

const EXTENSIONS: &str = "Sec-WebSocket-Extensions";

/// What is agreed on, and the value of the header that says so.
type Agreed = Option<(String, Agreement)>;

/// Plays a session, and judges it.
pub(crate) fn play(client: WaitingClient<'_>, session: &Session) -> (Verdict, Transcript) {
    let session = match session.is_cut_everywhere {
        true => &cut_everywhere(session),
        false => session,
    };
    let offers: Vec<&str> = client.request.head.values(EXTENSIONS).collect();
    let negotiation = session.negotiation.as_ref();
    let agreed = match negotiation.map(|negotiation| negotiation.answer_to(&offers)) {
        None => None,
        Some(Ok(agreed)) => agreed,
        Some(Err(verdict)) => return skip(client, verdict),
    };
    let mut transcript = client.transcript();
    // What cannot be opened has failed, and the reason is what is missing in the request.
    if let Err(why) = converse(client, session, agreed, &mut transcript) {
        let verdict = Verdict::new(Outcome::Failed, why, "an open connection");
        return (verdict, transcript);
    }
    let verdict = judge(session, &transcript);
    // They may be long, and are not needed any longer.
    transcript.answers.clear();
    (verdict, transcript)
}

/// Opens the connection and closes it, because a case cannot be played.
pub(crate) fn skip(client: WaitingClient<'_>, verdict: Verdict) -> (Verdict, Transcript) {
    let mut transcript = client.transcript();
    // How it ends does not matter.
    let _ = converse(client, &closed_behind(Vec::new()), None, &mut transcript);
    (verdict, transcript)
}

/// A session with a Close behind these frames.
pub(crate) fn closed_behind(mut frames: Vec<Frame>) -> Session {
    frames.push(frame::close(1000, ""));
    Session {
        steps: vec![Step::Send(frames, Cut::Whole)],
        ..Session::default()
    }
}

/// The same session with its bytes cut at each place, and between all bytes. A client connects once
/// for each case, so all is played on one connection if that stays open.
fn cut_everywhere(session: &Session) -> Session {
    let frames: Vec<Frame> = session.steps.iter().flat_map(sent_frames).collect();
    let answers = &session.allowed[0].answers;
    let stays_open = session.allowed.len() == 1 && session.allowed[0].end == End::Open;
    let places = match stays_open {
        true => 1..session.bytes(Role::Client).len(),
        false => 0..0,
    };
    let cuts: Vec<Cut> = places.map(Cut::At).chain([Cut::Bytes]).collect();
    let mut all = Session {
        steps: Vec::new(),
        is_cut_everywhere: false,
        ..session.clone()
    };
    all.strict().answers = cuts.iter().flat_map(|_| answers.clone()).collect();
    for (index, cut) in cuts.into_iter().enumerate() {
        all.steps.push(Step::Send(frames.clone(), cut));
        all.steps.push(Step::Await((index + 1) * answers.len()));
    }
    all
}

fn sent_frames(step: &Step) -> Vec<Frame> {
    match step {
        Step::Send(frames, _) => frames.clone(),
        _ => Vec::new(),
    }
}

/// Opens the connection, and plays a session on it.
///
/// # Errors
///
/// Why it cannot be opened.
pub(crate) fn converse(
    mut client: WaitingClient<'_>,
    session: &Session,
    agreed: Agreed,
    transcript: &mut Transcript,
) -> Result<(), String> {
    let response = client.response(agreed.as_ref().map(|(answer, _)| answer.as_str()))?;
    let mut bytes = response.into_bytes();
    let line = "HTTP/1.1 101 Switching Protocols";
    transcript.record.add(Direction::Sent, line, &bytes);
    let mut steps = &session.steps[..];
    let mut glued: &[Frame] = &[];
    if session.is_glued
        && let Some((Step::Send(frames, _), rest)) = steps.split_first()
    {
        (glued, steps) = (frames, rest);
    }
    bytes.extend(glued.iter().flat_map(|frame| frame.bytes(Role::Client)));
    client.send(&bytes)?;
    let mut compression = agreed.map(|(_, agreement)| Compression::new(agreement, Role::Client));
    if session.watched == Some(FaultKind::Window)
        && let Some(compression) = &mut compression
    {
        compression.look_at_distances();
    }
    let mut conversation = conversation(client, compression, transcript);
    conversation.was_sent(glued);
    conversation.play(session, steps);
    Ok(())
}

/// A conversation behind a response that was sent.
pub(super) fn conversation<'a, 'b>(
    client: WaitingClient<'a>,
    compression: Option<Compression>,
    transcript: &'b mut Transcript,
) -> Conversation<'a, 'b> {
    let reader = FrameReader::new(Role::Client, compression);
    let mut conversation = Conversation::new(
        client.connection,
        Role::Client,
        reader,
        client.timing,
        transcript,
    );
    conversation.receive(&client.behind);
    conversation
}
