//! Starts to read what the user wants: at a terminal, or through a pipe.

use std::io;
use std::process;
use std::sync::Arc;

use mio::{Poll, Token, Waker};

use super::end_reason::ExitStatus;
use super::pipe::{self, Printer};
use super::terminal::Terminal;
use super::user::{User, WhileDisconnected};
use crate::platform::TerminalMode;
use crate::stop_signal::StopSignal;

const WAKER: Token = Token(1);

/// A user at a terminal.
pub(super) fn at_terminal(has_color: bool) -> io::Result<User> {
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
pub(super) fn at_pipe() -> io::Result<User> {
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
