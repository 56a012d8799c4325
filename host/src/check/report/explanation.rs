//! One case in words, without playing it: what it claims, what is sent, and what is allowed.

use std::borrow::Cow;

use super::list::role;
use super::record::{self, Bytes};
use super::style::{Color, Style};
use super::terminal::quoted;
use crate::check::attack;
use crate::check::case::{Case, Play, Severity};
use crate::check::frame::{Frame, Role};
use crate::check::negotiation::Negotiation;
use crate::check::session::{Cut, Grade, Session, Step};
use crate::escape::OneLine;

/// How many frames of a step are shown.
const FRAMES_SHOWN: usize = 6;

/// How many lines at the beginning and at the end of what is sent are shown.
const BEGINNING: usize = 24;
const END: usize = 6;

/// The explanation.
pub(crate) fn text(case: &Case, style: Style) -> String {
    let mut text = style.paint(Color::Strong, &case.id) + "\n";
    text += &style.paragraph("  ", &case.claim);
    text += "\n";
    text += &style.paragraph("rule      ", &quoted(case.rule));
    text += &style.paragraph("severity  ", about(case));
    text += &style.paragraph("tests     ", tested(case.role));
    if let Some(number) = &case.autobahn {
        text += &format!("Autobahn  {number}\n");
    }
    for need in needs(case) {
        text += &style.paragraph("needs     ", need);
    }
    text += "\n";
    text += &(style.paint(Color::Strong, "sent") + "\n");
    let (sent, allowed) = match &case.play {
        Play::Session(session) => (steps(session, case.role), allowed(session)),
        Play::Request(play) => (play.sent_in_words(), vec![play.allowed_in_words()]),
        Play::Response(play) => (play.sent_in_words(), vec![play.allowed_in_words()]),
        Play::Attack(attack) => (vec![attack.to_string()], vec![attack::EXPECTED.to_owned()]),
    };
    for line in shortened(sent) {
        text += &style.paragraph("  ", &line);
    }
    text += "\n";
    text += &(style.paint(Color::Strong, "allowed") + "\n");
    for line in allowed {
        text += &style.paragraph("  ", &line);
    }
    text
}

/// Leaves out lines in the middle of many.
fn shortened(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > BEGINNING + END + 1 {
        let hidden = BEGINNING..lines.len() - END;
        let count = hidden.len();
        lines.splice(hidden, [format!("… and {count} more lines")]);
    }
    lines
}

fn about(case: &Case) -> &'static str {
    match case.severity {
        Severity::Must => "MUST: the check fails without it",
        Severity::Should => "SHOULD: the check fails without it if there is --strict",
        Severity::Robustness => {
            "robustness: no RFC asks for it, but who lacks it can be hurt; the check fails without \
             it if there is --strict"
        }
    }
}

fn tested(of: Option<Role>) -> &'static str {
    match of {
        None => "servers and clients",
        Some(_) => role(of),
    }
}

fn needs(case: &Case) -> Vec<&'static str> {
    let needs = case.needs;
    [
        (case.needs_echo(), "a peer that echoes"),
        (needs.hostile, "--hostile, because it loads the server"),
        (needs.alone, "that no other case is played at the same time"),
        (needs.plain_tcp, "a connection without TLS"),
    ]
    .into_iter()
    .filter_map(|(is_needed, what)| is_needed.then_some(what))
    .collect()
}

fn steps(session: &Session, role: Option<Role>) -> Vec<String> {
    let to = role.unwrap_or(Role::Server);
    let mut lines = Vec::new();
    if let Some(negotiation) = &session.negotiation {
        lines.extend(negotiation_lines(negotiation, to));
    }
    if session.is_glued {
        lines.push("in one piece with the end of the opening handshake:".into());
    }
    if session.is_cut_everywhere {
        lines.push("again for each place where the bytes can be cut, and byte by byte:".into());
    }
    for step in &session.steps {
        lines.extend(step_lines(step, to));
    }
    lines
}

fn negotiation_lines(negotiation: &Negotiation, to: Role) -> Vec<String> {
    match to {
        Role::Server => {
            let offers = negotiation.offers.iter();
            let header =
                |offer: &Cow<'_, str>| format!("Sec-WebSocket-Extensions: {}", OneLine(offer));
            offers.map(header).collect()
        }
        Role::Client => {
            let answers = negotiation.accepts.iter();
            answers
                .map(|it| format!("the answer to an offer: {it:?}"))
                .collect()
        }
    }
}

fn step_lines(step: &Step, to: Role) -> Vec<String> {
    match step {
        Step::Send(frames, cut) => {
            let mut lines = frame_lines(frames, to);
            lines.extend(cut_words(*cut));
            lines
        }
        Step::SendUnread(frames) => {
            let mut lines = frame_lines(frames, to);
            lines.push("(and nothing is read meanwhile)".into());
            lines
        }
        Step::SendBytes(bytes) => match record::bytes(bytes, bytes.len()) {
            Bytes::None => vec!["no bytes".into()],
            Bytes::Hex(digits) => vec![format!("bytes  {digits}")],
            Bytes::Text(lines) => lines,
        },
        Step::SendCompressed(message) => {
            let fragments = match message.fragment_len {
                Some(len) => format!(" in frames of {len} bytes"),
                None => String::new(),
            };
            vec![format!(
                "a compressed message{fragments}: {}",
                message.payload
            )]
        }
        Step::Await(1) => vec!["… until an answer has come".into()],
        Step::Await(count) => vec![format!("… until {count} answers have come")],
        Step::Pause => vec!["… for some time".into()],
        Step::StaysOpen => vec!["… for some time, and the connection must stay open".into()],
        Step::ShouldEnd => vec![
            "… for some time; the connection should have ended now, and this is sent if not:"
                .into(),
        ],
        Step::EndSending => vec!["a FIN: the TCP connection ends in this direction".into()],
        Step::Reset => vec!["a RST: the TCP connection is reset".into()],
    }
}

fn frame_lines(frames: &[Frame], to: Role) -> Vec<String> {
    let (shown, others) = frames.split_at(frames.len().min(FRAMES_SHOWN));
    let mut lines: Vec<String> = shown.iter().map(|frame| frame_line(frame, to)).collect();
    if !others.is_empty() {
        lines.push(format!("… and {} more frames", others.len()));
    }
    lines
}

fn frame_line(frame: &Frame, to: Role) -> String {
    let bytes = frame.bytes(to);
    match record::bytes(&bytes, bytes.len()) {
        Bytes::Hex(digits) => format!("{}  {digits}", OneLine(&frame.to_string())),
        _ => frame.to_string(),
    }
}

fn cut_words(cut: Cut) -> Option<String> {
    match cut {
        Cut::Whole => None,
        Cut::Frames => Some("(each frame in a write of its own)".into()),
        Cut::Bytes => Some("(byte by byte)".into()),
        Cut::Chunks(len) => Some(format!("(in writes of {len} bytes)")),
        Cut::At(len) => Some(format!("(in two writes; the first has {len} bytes)")),
    }
}

fn allowed(session: &Session) -> Vec<String> {
    let line = |allowed: &crate::check::session::Allowed| match allowed.grade {
        Grade::Passed => allowed.to_string(),
        Grade::NotStrict => format!("{allowed} (not strict)"),
        Grade::Informational => format!("{allowed} (the RFC leaves it open)"),
    };
    let mut lines: Vec<String> = session.allowed.iter().map(line).collect();
    if let Some(fault) = session.watched {
        let fault = in_words(&format!("{fault:?}"));
        lines.push(format!("and in no frame a fault of this kind: {fault}"));
    }
    lines
}

/// `reserved bits` for `ReservedBits`.
fn in_words(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}
