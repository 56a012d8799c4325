//! `ws-echo chat`: a WebSocket client for a person at a terminal, and for pipes.
//!
//! The connection has one loop on one thread, whoever uses it: commands come in through a channel, and
//! what happens goes to a view. Lines are typed, or read, on a thread of their own.

mod back_off;
mod command;
mod ending;
mod lines;
mod opening;
mod printer;
mod replies;
mod screen;
mod session;
mod stop;
mod stream;
mod terminal;
mod tls;
mod tls_error;
mod trust;
mod user;
mod words;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use mio::{Poll, Token, Waker};

use self::back_off::BackOff;
use self::command::Command;
use self::ending::{Ending, Status};
use self::lines::Lines;
use self::printer::Printer;
use self::replies::Replies;
use self::session::{Outcome, Session};
use self::stop::Stop;
use self::terminal::Terminal;
use self::tls::Connector;
use self::user::{Unconnected, User};
use crate::escape::OneLine;
use crate::options::chat::{ChatOptions, Trust};
use crate::stderr;
use crate::time::Time;

const WAKER: Token = Token(1);
/// How many lines, or parts of long ones, are read before the first of them is sent.
const READ_AHEAD: usize = 16;

const INSECURE: &str = "--insecure: the server's certificate is not checked, so anyone on the way to it can read \
                        and change everything";

/// Talks to a server until one of the two wants no more.
pub(crate) fn run(options: &ChatOptions) -> ExitCode {
    let connector = match Connector::new(options) {
        Ok(connector) => connector,
        Err(reason) => {
            stderr::print(&reason);
            return ExitCode::from(Status::Unanswered as u8);
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
            stderr::print(&format!("cannot wait for sockets and lines: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let mut replies = Replies::default();
    let outcome = converse(&mut user, &mut replies, options, connector.as_ref());
    user.view.finish();
    user.view.note(&outcome.ending);
    if let Ending::Refused(refusal) = &outcome.ending {
        show_content(&refusal.content);
    }
    let mut status = outcome.ending.status();
    if !is_terminal && replies.missing() > 0 {
        user.view.note(&missing(&replies, &outcome, options.wait));
        if status == Status::Closed {
            status = Status::Unanswered;
        }
    }
    ExitCode::from(status as u8)
}

/// How many messages were not answered, in words.
fn missing(replies: &Replies, outcome: &Outcome, wait: Duration) -> String {
    let (missing, sent) = (replies.missing(), replies.sent_total());
    let note = format!("{missing} of {sent} messages were not answered");
    // Otherwise they were not waited for to the end.
    if outcome.was_asked_for && outcome.ending.status() == Status::Closed {
        format!("{note}: the next did not come within {}", Time::from(wait))
    } else {
        note
    }
}

/// A user who types.
fn at_terminal(has_color: bool) -> io::Result<User> {
    let (poll, waker) = poll()?;
    let stop = Stop::install(Arc::clone(&waker))?;
    let (terminal, commands) = Terminal::start(waker, stop.clone(), has_color)?;
    let view = Box::new(terminal);
    Ok(User::new(poll, stop, commands, Unconnected::Refuse, view))
}

/// A user that writes lines into a pipe.
fn at_pipe() -> io::Result<User> {
    let (poll, waker) = poll()?;
    let stop = Stop::install(Arc::clone(&waker))?;
    let (commands, view) = (read_lines(waker)?, Box::new(Printer::new()));
    Ok(User::new(poll, stop, commands, Unconnected::Wait, view))
}

fn poll() -> io::Result<(Poll, Arc<Waker>)> {
    let poll = Poll::new()?;
    let waker = Waker::new(poll.registry(), WAKER)?;
    Ok((poll, Arc::new(waker)))
}

/// Reads stdin to its end, no faster than it is sent.
fn read_lines(waker: Arc<Waker>) -> io::Result<Receiver<Command>> {
    let (commands, receiver) = sync_channel(READ_AHEAD);
    let read = move || {
        let mut lines = Lines::new(io::stdin().lock());
        loop {
            let command = lines.next_command();
            let is_last = matches!(command, Command::End | Command::Fail(_));
            if commands.send(command).is_err() || waker.wake().is_err() || is_last {
                return;
            }
        }
    };
    thread::Builder::new().name("lines".into()).spawn(read)?;
    Ok(receiver)
}

/// Holds one session, or as many as it takes when connections are lost.
fn converse(
    user: &mut User,
    replies: &mut Replies,
    options: &ChatOptions,
    connector: Option<&Connector<'_>>,
) -> Outcome {
    let mut back_off = BackOff::new();
    loop {
        let mut opened_at = None;
        let outcome = match opening::open(user, options, connector) {
            Ok(opened) => {
                user.view.note(&opened.note());
                opened_at = Some(Instant::now());
                Session::new(opened.stream, opened.agreed, user, replies, options.wait).run()
            }
            Err(ending) => Outcome {
                ending,
                was_asked_for: false,
            },
        };
        if !options.reconnect || outcome.was_asked_for || !outcome.ending.is_temporary() {
            return outcome;
        }
        user.view.note(&outcome.ending);
        user.is_skipping |= replies.is_inside_message();
        replies.begin_connection();
        let was_open = opened_at.map_or(Duration::ZERO, |it| it.elapsed());
        if let Err(ending) = pause(user, back_off.pause(was_open)) {
            return Outcome {
                ending,
                was_asked_for: true,
            };
        }
    }
}

/// Waits before the next attempt.
fn pause(user: &mut User, pause: Duration) -> Result<(), Ending> {
    let time = Time::from(pause);
    user.view.note(&format_args!("connecting again in {time}"));
    let until = Instant::now() + pause;
    while !user.is_over(until)? {
        user.wait(Some(until))?;
    }
    Ok(())
}

/// Shows what a server that refuses has to say, for people, on stderr.
fn show_content(content: &[u8]) {
    let text = String::from_utf8_lossy(content);
    for line in text.lines() {
        // Without a stderr there is the status.
        let _ = writeln!(io::stderr(), "#   {}", OneLine(line));
    }
}
