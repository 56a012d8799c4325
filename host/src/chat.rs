//! `ws-echo chat`: a WebSocket client for a person at a terminal, and for pipes.
//!
//! One loop on one thread runs the connection for both: commands arrive through a channel, and
//! events go to a view. Lines are typed, or read, on a thread of their own.

mod back_off;
mod command;
mod compression;
mod conclusion;
mod conversation;
mod end_reason;
mod event;
mod expecting;
mod inbox;
mod input;
mod json;
mod pipe;
mod reply_tracker;
mod terminal;
mod user;
mod whole_message;
mod wire;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use ws_echo_core::{ClientRequest, Deflate, DeflateOffer, Window};

use self::back_off::BackOff;
use self::command::UserCommand;

use self::conversation::{Awaited, ConnectionEnd, Conversation};
use self::end_reason::{EndReason, ExitStatus};
use self::event::ChatEvent;
use self::expecting::Expecting;
use self::reply_tracker::ReplyTracker;
use self::user::User;
use crate::client::connect::{self, Opened};
use crate::client::destination::Destination;
use crate::client::error::ConnectError;
use crate::client::tls::{INSECURE, TlsConnector};
use crate::client::waiter::Waiter as _;
use crate::options::chat::ChatOptions;
use crate::options::trust::Trust;
use crate::stderr;
use crate::time::Time;

/// The compression that is offered: as much as the server likes.
const OFFER: DeflateOffer = DeflateOffer::new(Deflate {
    server: Window::MAX,
    client: Window::MAX,
});

/// Talks to a server until one of the two sides closes the connection.
pub(crate) fn run(options: &ChatOptions) -> ExitCode {
    let start = Instant::now();
    let connector = match TlsConnector::new(destination(options)) {
        Ok(connector) => connector,
        Err(reason) => {
            stderr::print(&reason);
            return ExitCode::from(ExitStatus::Unanswered as u8);
        }
    };
    if options.trust == Trust::Anyone {
        stderr::print(INSECURE);
    }
    let mut user = match input::start(options, start) {
        Ok(user) => user,
        Err(error) => {
            stderr::print(&format!("cannot start the chat: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let mut replies = ReplyTracker::default();
    let expectation = options.expectation.as_ref();
    let mut expecting = expectation.map(|it| Expecting::new(it, start, options.timeout));
    let connector = connector.as_ref();
    let end = converse(&mut user, &mut replies, &mut expecting, options, connector);
    user.view.finish();
    conclusion::tell(&mut *user.view, &end.reason);
    if let EndReason::NotOpened(ConnectError::Refused(refusal)) = &end.reason {
        conclusion::show_content(&refusal.content);
    }
    let status = match &expecting {
        Some(expecting) => conclusion::of_expectation(&mut *user.view, expecting, &end.reason),
        None => conclusion::of_replies(&mut user, &replies, &end, options.wait),
    };
    // Nothing follows.
    let _ = user.view.happened(&ChatEvent::End(status as u8));
    ExitCode::from(status as u8)
}

/// Holds a conversation, and with `--reconnect` another one each time that the connection is lost.
fn converse(
    user: &mut User,
    replies: &mut ReplyTracker,
    expecting: &mut Option<Expecting<'_>>,
    options: &ChatOptions,
    connector: Option<&TlsConnector<'_>>,
) -> ConnectionEnd {
    let mut back_off = BackOff::new();
    let mut was_ever_open = false;
    loop {
        let mut opened_at = None;
        let deadline = expecting.as_ref().map(|it| it.deadline);
        let deadline = deadline.unwrap_or_else(|| Instant::now() + options.timeout);
        let end = match open(user, options, connector, deadline) {
            Ok(opened) => {
                user.view.set_connected(true);
                user.view.note(&opened.note());
                // A later event reports that the output has failed.
                let _ = user.view.happened(&ChatEvent::Connected(&opened.facts));
                opened_at = Some(Instant::now());
                was_ever_open = true;
                let Opened { stream, agreed, .. } = opened;
                let expecting = expecting.as_mut();
                let conversation =
                    Conversation::new(stream, agreed, user, replies, expecting, options.wait);
                let end = conversation.run();
                user.view.set_connected(false);
                end
            }
            Err(error) => ConnectionEnd {
                reason: error.into(),
                awaited: Awaited::Input,
            },
        };
        let is_wanted = options.reconnect && end.awaited == Awaited::Input;
        if !is_wanted || !end.reason.is_temporary() {
            return end;
        }
        conclusion::tell(&mut *user.view, &end.reason);
        user.is_skipping |= replies.is_inside_message();
        replies.begin_connection();
        let was_open = opened_at.map_or(Duration::ZERO, |time| time.elapsed());
        let time = back_off.pause(was_open, end.reason.retry_after());
        let without_input = was_ever_open.then(|| end.reason.status());
        if let Err(reason) = pause(user, time, without_input) {
            let awaited = Awaited::Input;
            return ConnectionEnd { reason, awaited };
        }
    }
}

/// Opens a connection before the deadline, with the request that the options ask for.
fn open(
    user: &mut User,
    options: &ChatOptions,
    connector: Option<&TlsConnector<'_>>,
    deadline: Instant,
) -> Result<Opened, ConnectError> {
    let subprotocols: Vec<_> = options.subprotocols.iter().map(String::as_str).collect();
    let authorization = options.url.authorization();
    let headers = options.headers.iter();
    let headers = headers.map(|header| (&*header.name, &*header.value));
    let headers: Vec<_> = authorization.into_iter().chain(headers).collect();
    let request = ClientRequest {
        origin: options.origin.as_deref(),
        subprotocols: &subprotocols,
        deflate: options.compression.then_some(OFFER),
        headers: &headers,
        ..ClientRequest::new(&options.url.authority, &options.url.resource)
    };
    connect::open(user, destination(options), request, connector, deadline)
}

fn destination(options: &ChatOptions) -> Destination<'_> {
    Destination {
        url: &options.url,
        trust: &options.trust,
        timeout: options.timeout,
    }
}

/// Waits before the next attempt. If there is a status `without_input`, there is no need for a
/// connection once all of the input was sent.
fn pause(
    user: &mut User,
    time: Duration,
    without_input: Option<ExitStatus>,
) -> Result<(), EndReason> {
    let until = Instant::now() + time;
    let shown = Time::from(time);
    user.view.note(&format_args!("reconnecting in {shown}"));
    let _ = user.view.happened(&ChatEvent::Reconnecting(time));
    while !user.is_past(until)? {
        match (without_input, user.peek_command()) {
            (Some(status), Some(UserCommand::End)) => return Err(EndReason::InputSent(status)),
            (_, Some(UserCommand::Fail(reason))) => {
                return Err(EndReason::LocalError(reason.clone()));
            }
            _ => user.wait(Some(until)).map_err(EndReason::Poll)?,
        }
    }
    Ok(())
}
