//! Starts to read what the user wants: at a terminal, or through a pipe.

use std::io::{self, IsTerminal};
use std::process;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use mio::Waker;

use super::command::{MessageData, UserCommand};
use super::end_reason::ExitStatus;
use super::json::JsonPrinter;
use super::pipe::{self, Printer};
use super::terminal::Terminal;
use super::user::{User, View, WhileDisconnected};
use super::wire::{self, ShowLine, WireLog};
use crate::client::waiter::SocketPoll;
use crate::options::chat::ChatOptions;
use crate::platform::TerminalMode;
use crate::stop_signal::StopSignal;

/// A user, at a terminal if there is one and everything can be shown there. Times are counted from
/// `start`.
///
/// # Errors
///
/// Why the input cannot be read.
pub(super) fn start(options: &ChatOptions, start: Instant) -> io::Result<User> {
    let has_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let (mut user, show_line) = if has_terminal && !options.json && options.expectation.is_none() {
        at_terminal(options.color)?
    } else {
        let view: Box<dyn View> = if options.json {
            Box::new(JsonPrinter::new(start))
        } else {
            Box::new(Printer::new())
        };
        let once = options.expectation.as_ref().and_then(|it| it.once.clone());
        (at_pipe(view, once)?, wire::on_stderr())
    };
    if options.verbose {
        user.wire_log = Some(WireLog::new(start, show_line));
    }
    Ok(user)
}

/// A user at a terminal, and where lines about what travels are shown.
fn at_terminal(has_color: bool) -> io::Result<(User, ShowLine)> {
    let poll = SocketPoll::new()?;
    let stop = stop_signal(poll.waker())?;
    let (terminal, commands) = Terminal::start(Arc::clone(poll.waker()), stop.clone(), has_color)?;
    let show_line = terminal.show_line();
    let user = User::new(
        poll,
        stop,
        commands,
        WhileDisconnected::Reject,
        Box::new(terminal),
    );
    Ok((user, show_line))
}

/// A user that sends lines through a pipe, or this one text.
fn at_pipe(view: Box<dyn View>, once: Option<String>) -> io::Result<User> {
    let poll = SocketPoll::new()?;
    let stop = stop_signal(poll.waker())?;
    let commands = match once {
        Some(text) => only(MessageData::Text(text)),
        None => pipe::read_lines(Arc::clone(poll.waker()))?,
    };
    let hold = WhileDisconnected::Hold;
    Ok(User::new(poll, stop, commands, hold, view))
}

/// The commands that send one message.
fn only(message: MessageData) -> Receiver<UserCommand> {
    let (sender, commands) = channel();
    for command in message.into_commands() {
        // The receiver is there.
        let _ = sender.send(command);
    }
    commands
}

/// Handles signals. The second one restores the terminal's present mode and ends the process.
fn stop_signal(waker: &Arc<Waker>) -> io::Result<StopSignal> {
    let mode = TerminalMode::now();
    StopSignal::install(Arc::clone(waker), move || {
        mode.restore();
        process::exit(ExitStatus::Broken as i32);
    })
}
