//! How a chat ends: what is said about it, and the exit status.

use std::io::{self, Write};
use std::time::Duration;

use super::conversation::{Awaited, ConnectionEnd};
use super::end_reason::{EndReason, ExitStatus};
use super::event::ChatEvent;
use super::expecting::Expecting;
use super::reply_tracker::ReplyTracker;
use super::user::{User, View};
use crate::escape::OneLine;
use crate::time::Time;

/// Says why a connection ended.
pub(super) fn tell(view: &mut dyn View, reason: &EndReason) {
    view.note(reason);
    if reason.is_error() {
        error(view, &reason.to_string(), reason.http_status());
    }
}

/// The status of a chat that waited for a message: 0 if it came, however the connection ended.
pub(super) fn of_expectation(
    view: &mut dyn View,
    expecting: &Expecting<'_>,
    reason: &EndReason,
) -> ExitStatus {
    match reason {
        EndReason::LocalError(_) | EndReason::Poll(_) => reason.status(),
        _ if expecting.is_found() => ExitStatus::Closed,
        EndReason::Closed(..) | EndReason::Lost(_) | EndReason::Protocol(_) => {
            let note = expecting.ended_before();
            view.note(&note);
            error(view, &note, None);
            ExitStatus::Unanswered
        }
        _ => reason.status(),
    }
}

/// The status of another chat: in a pipe, each message should have been answered.
pub(super) fn of_replies(
    user: &mut User,
    replies: &ReplyTracker,
    end: &ConnectionEnd,
    wait: Duration,
) -> ExitStatus {
    let status = end.reason.status();
    if user.is_interactive() || replies.missing() == 0 {
        return status;
    }
    let note = missing(replies, end, wait);
    user.view.note(&note);
    error(&mut *user.view, &note, None);
    match status {
        ExitStatus::Closed => ExitStatus::Unanswered,
        status => status,
    }
}

fn error(view: &mut dyn View, text: &str, http_status: Option<u16>) {
    // The exit status still reports it if it cannot be shown.
    let _ = view.happened(&ChatEvent::Error(text, http_status));
}

/// The notice that says how many messages were not answered.
fn missing(replies: &ReplyTracker, end: &ConnectionEnd, wait: Duration) -> String {
    let (missing, sent) = (replies.missing(), replies.sent_total());
    let note = match (missing, sent) {
        (1, 1) => "the only message was not answered".into(),
        (1, _) => format!("1 of {sent} messages was not answered"),
        _ => format!("{missing} of {sent} messages were not answered"),
    };
    // Otherwise the wait for replies was cut short.
    if end.awaited == Awaited::Close && end.reason.status() == ExitStatus::Closed {
        format!("{note}: no further reply within {}", Time::from(wait))
    } else {
        note
    }
}

/// Shows the content of a refusal on stderr, for people.
pub(super) fn show_content(content: &[u8]) {
    let text = String::from_utf8_lossy(content);
    for line in text.lines() {
        // If stderr is closed, the exit status still reports the refusal.
        let _ = writeln!(io::stderr(), "#   {}", OneLine(line));
    }
}
