//! The user's side of a chat: commands come in, messages and notes go out, and everything waits here
//! for whatever happens next.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::sync::mpsc::Receiver;
use std::time::Instant;

use mio::{Events, Poll};
use ws_echo_core::{Fin, Kind};

use super::command::UserCommand;
use super::end_reason::EndReason;
use super::stop_signal::StopSignal;

/// How many events are taken at once: of the socket, and of the waker.
const EVENT_COUNT: usize = 8;

/// A piece of a message that has come. Text is not cut inside a character.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReceivedPiece<'a> {
    pub(super) kind: Kind,
    pub(super) bytes: &'a [u8],
    pub(super) fin: Fin,
}

/// Where a user sees what happens.
pub(super) trait View {
    /// Shows the next piece of a message.
    ///
    /// # Errors
    ///
    /// When nobody can see it.
    fn show(&mut self, piece: ReceivedPiece<'_>) -> io::Result<()>;

    /// Shows what was not shown yet: for now nothing more comes.
    ///
    /// # Errors
    ///
    /// When nobody can see it.
    fn flush(&mut self) -> io::Result<()>;

    /// Says that no more comes of the message whose beginning was shown, if there is one.
    fn end_message(&mut self);

    /// Says what has happened, on one line; it is escaped already.
    fn note(&mut self, note: &dyn Display);

    /// Says that there are no more commands: what follows are the last notes.
    fn finish(&mut self);
}

/// What happens to messages while there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhileDisconnected {
    /// They wait.
    Hold,
    /// They are not sent, and the user is told.
    Reject,
}

/// The user.
pub(super) struct User {
    pub(super) poll: Poll,
    events: Events,
    commands: Receiver<UserCommand>,
    /// A command that was received and could not be done yet.
    pub(super) held: Option<UserCommand>,
    while_disconnected: WhileDisconnected,
    /// Whether the rest of a message is to be skipped.
    pub(super) is_skipping: bool,
    pub(super) stop: StopSignal,
    pub(super) view: Box<dyn View>,
}

impl User {
    /// A user whose commands come from there, and who sees what happens there.
    pub(super) fn new(
        poll: Poll,
        stop: StopSignal,
        commands: Receiver<UserCommand>,
        while_disconnected: WhileDisconnected,
        view: Box<dyn View>,
    ) -> Self {
        Self {
            poll,
            events: Events::with_capacity(EVENT_COUNT),
            commands,
            held: None,
            while_disconnected,
            is_skipping: false,
            stop,
            view,
        }
    }

    /// The next command, if there is one already.
    pub(super) fn next_command(&mut self) -> Option<UserCommand> {
        loop {
            let command = self.held.take().or_else(|| self.commands.try_recv().ok())?;
            match &command {
                UserCommand::Send(_, fin) if self.is_skipping => {
                    self.is_skipping = *fin == Fin::More
                }
                _ => return Some(command),
            }
        }
    }

    /// Waits for sockets and commands, up to a time if there is one.
    pub(super) fn wait(&mut self, until: Option<Instant>) -> Result<(), EndReason> {
        let timeout = until.map(|until| until.saturating_duration_since(Instant::now()));
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(EndReason::System(error)),
            _ => Ok(()),
        }
    }

    /// Whether a time without a connection is over.
    ///
    /// # Errors
    ///
    /// When the user wants no connection.
    pub(super) fn is_over(&mut self, until: Instant) -> Result<bool, EndReason> {
        if self.stop.is_requested() || self.is_left() {
            return Err(EndReason::Stopped);
        }
        Ok(Instant::now() >= until)
    }

    /// Whether one of the commands says that there need not be a connection. The others wait, or the
    /// user is told that nothing can be done about them.
    fn is_left(&mut self) -> bool {
        if self.while_disconnected == WhileDisconnected::Hold {
            return false;
        }
        while let Some(command) = self.next_command() {
            match command {
                UserCommand::Close(..) | UserCommand::End | UserCommand::Fail(_) => return true,
                UserCommand::Ping | UserCommand::Send(_, Fin::Last) => {
                    self.view.note(&"not sent: there is no connection");
                }
                UserCommand::Send(_, Fin::More) => {}
            }
        }
        false
    }
}
