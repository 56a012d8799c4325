//! `ws-echo chat`: a WebSocket client for a person at a terminal, and for pipes.
//!
//! One loop on one thread runs the connection for both: commands arrive through a channel, and
//! events go to a view. Lines are typed, or read, on a thread of their own.

mod back_off;
mod command;
mod compression;
mod conversation;
mod end_reason;
mod pipe;
mod reply_tracker;
mod terminal;
mod user;

use std::io::{self, IsTerminal, Write};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Poll, Token, Waker};
use ws_echo_core::{ClientRequest, Deflate, DeflateOffer, Window};

use self::back_off::BackOff;
use self::command::UserCommand;

use self::conversation::{Awaited, ConnectionEnd, Conversation};
use self::end_reason::{EndReason, ExitStatus};
use self::pipe::Printer;
use self::reply_tracker::ReplyTracker;
use self::terminal::Terminal;

use self::user::{User, WhileDisconnected};
use crate::client::connect::{self, Opened};
use crate::client::destination::Destination;
use crate::client::error::ConnectError;
use crate::client::tls::{INSECURE, TlsConnector};
use crate::client::waiter::Waiter as _;
use crate::escape::OneLine;
use crate::options::chat::ChatOptions;
use crate::options::trust::Trust;
use crate::platform::TerminalMode;
use crate::stderr;
use crate::stop_signal::StopSignal;
use crate::time::Time;

/// The compression that is offered: as much as the server likes.
const OFFER: DeflateOffer = DeflateOffer::new(Deflate {
    server: Window::MAX,
    client: Window::MAX,
});

const WAKER: Token = Token(1);

/// Talks to a server until one of the two sides closes the connection.
pub(crate) fn run(options: &ChatOptions) -> ExitCode {
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
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let user = if is_terminal {
        at_terminal(options.color)
    } else {
        at_pipe()
    };
    let mut user = match user {
        Ok(user) => user,
        Err(error) => {
            stderr::print(&format!("cannot start the chat: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let mut replies = ReplyTracker::default();
    let end = converse(&mut user, &mut replies, options, connector.as_ref());
    user.view.finish();
    user.view.note(&end.reason);
    if let EndReason::NotOpened(ConnectError::Refused(refusal)) = &end.reason {
        show_content(&refusal.content);
    }
    let mut status = end.reason.status();
    if !is_terminal && replies.missing() > 0 {
        user.view.note(&missing(&replies, &end, options.wait));
        if status == ExitStatus::Closed {
            status = ExitStatus::Unanswered;
        }
    }
    ExitCode::from(status as u8)
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

/// A user at a terminal.
fn at_terminal(has_color: bool) -> io::Result<User> {
    let (poll, waker) = poll()?;
    let stop = stop_signal(&waker)?;
    let (terminal, commands) = Terminal::start(Arc::clone(&waker), stop.clone(), has_color)?;
    Ok(User::new(
        poll,
        waker,
        stop,
        commands,
        WhileDisconnected::Reject,
        Box::new(terminal),
    ))
}

/// A user that sends lines through a pipe.
fn at_pipe() -> io::Result<User> {
    let (poll, waker) = poll()?;
    let stop = stop_signal(&waker)?;
    let commands = pipe::read_lines(Arc::clone(&waker))?;
    Ok(User::new(
        poll,
        waker,
        stop,
        commands,
        WhileDisconnected::Hold,
        Box::new(Printer::new()),
    ))
}

/// Handles signals. The second one restores the terminal's present mode and ends the process.
fn stop_signal(waker: &Arc<Waker>) -> io::Result<StopSignal> {
    let mode = TerminalMode::now();
    StopSignal::install(Arc::clone(waker), move || {
        mode.restore();
        process::exit(ExitStatus::Broken as i32);
    })
}

fn poll() -> io::Result<(Poll, Arc<Waker>)> {
    let poll = Poll::new()?;
    let waker = Waker::new(poll.registry(), WAKER)?;
    Ok((poll, Arc::new(waker)))
}

/// Holds a conversation, and with `--reconnect` another one each time that the connection is lost.
fn converse(
    user: &mut User,
    replies: &mut ReplyTracker,
    options: &ChatOptions,
    connector: Option<&TlsConnector<'_>>,
) -> ConnectionEnd {
    let mut back_off = BackOff::new();
    let mut was_ever_open = false;
    loop {
        let mut opened_at = None;
        let end = match open(user, options, connector) {
            Ok(opened) => {
                user.view.set_connected(true);
                user.view.note(&opened.note());
                opened_at = Some(Instant::now());
                was_ever_open = true;
                let Opened { stream, agreed, .. } = opened;
                let end = Conversation::new(stream, agreed, user, replies, options.wait).run();
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
        user.view.note(&end.reason);
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

/// Opens a connection with the request that the options ask for.
fn open(
    user: &mut User,
    options: &ChatOptions,
    connector: Option<&TlsConnector<'_>>,
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
    connect::open(user, destination(options), request, connector)
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

/// Shows the content of a refusal on stderr, for people.
fn show_content(content: &[u8]) {
    let text = String::from_utf8_lossy(content);
    for line in text.lines() {
        // If stderr is closed, the exit status still reports the refusal.
        let _ = writeln!(io::stderr(), "#   {}", OneLine(line));
    }
}
