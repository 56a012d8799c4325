//! A chat through pipes: each line of stdin is a message, and each message that is received is a
//! line of stdout.

mod lines;
mod printer;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use mio::Waker;

use self::lines::Lines;
pub(super) use self::printer::Printer;
use super::command::UserCommand;
use crate::platform;

/// How many lines, or parts of long ones, are read before the first of them is sent.
const READ_AHEAD: usize = 16;

/// Reads stdin to its end on a thread of its own, no faster than the lines are sent. Each command
/// wakes the poll.
pub(super) fn read_lines(waker: Arc<Waker>) -> io::Result<Receiver<UserCommand>> {
    let (commands, receiver) = sync_channel(READ_AHEAD);
    let read = move || {
        let mut lines = Lines::new(io::stdin().lock(), platform::LINE_END);
        loop {
            let command = lines.next_command();
            let is_last = matches!(command, UserCommand::End | UserCommand::Fail(_));
            if commands.send(command).is_err() || waker.wake().is_err() || is_last {
                return;
            }
        }
    };
    thread::Builder::new().name("lines".into()).spawn(read)?;
    Ok(receiver)
}
