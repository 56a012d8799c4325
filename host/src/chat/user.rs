//! The user's side of a chat: commands come in, messages and notices go out, and the thread waits
//! here for the next event.

use std::fmt::Display;
use std::io;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use ws_echo_core::{Fin, Kind};

use super::command::UserCommand;
use super::event::ChatEvent;
use super::wire::WireLog;
use crate::client::error::ConnectError;
use crate::client::stream::ByteStream;
use crate::client::waiter::{SocketPoll, Waiter};
use crate::stop_signal::StopSignal;

/// A piece of a message that was received. Text is not cut inside a character.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReceivedPiece<'a> {
    pub(super) kind: Kind,
    pub(super) bytes: &'a [u8],
    pub(super) fin: Fin,
}

/// How a view needs the messages that are received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Messages {
    /// Piece by piece, however long they are.
    Pieces,
    /// Each as an event.
    Whole,
}

/// Shows the user what happens.
pub(super) trait View {
    /// How it needs messages.
    fn messages(&self) -> Messages {
        Messages::Pieces
    }

    /// Shows an event, if the view does not leave that to messages and notices.
    ///
    /// # Errors
    ///
    /// When it cannot be shown.
    fn happened(&mut self, _: &ChatEvent<'_>) -> io::Result<()> {
        Ok(())
    }

    /// Shows the next piece of a message.
    ///
    /// # Errors
    ///
    /// When it cannot be shown.
    fn show(&mut self, piece: ReceivedPiece<'_>) -> io::Result<()>;

    /// Shows what was collected, because nothing more was received for now.
    ///
    /// # Errors
    ///
    /// When it cannot be shown.
    fn flush(&mut self) -> io::Result<()>;

    /// Ends the message that is being shown, if there is one: its rest will not be received.
    fn end_message(&mut self);

    /// Shows a notice on one line; it is already escaped.
    fn note(&mut self, note: &dyn Display);

    /// Learns whether a connection is open, which messages need.
    fn set_connected(&mut self, is_connected: bool);

    /// Ends the input of commands: only the last notices follow.
    fn finish(&mut self);
}

/// What happens to messages while no connection is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhileDisconnected {
    /// They are kept until one is open.
    Hold,
    /// They are dropped, with a notice.
    Reject,
}

/// The user: where commands come from, and where events are shown.
pub(super) struct User {
    poll: SocketPoll,
    commands: Receiver<UserCommand>,
    /// A command that was received and could not be executed yet.
    pub(super) held: Option<UserCommand>,
    while_disconnected: WhileDisconnected,
    /// Whether the rest of the current message must be skipped.
    pub(super) is_skipping: bool,
    pub(super) stop: StopSignal,
    pub(super) view: Box<dyn View>,
    /// Shows what travels, if that is wanted.
    pub(super) wire_log: Option<WireLog>,
}

impl User {
    /// A user with these commands and this view.
    pub(super) fn new(
        poll: SocketPoll,
        stop: StopSignal,
        commands: Receiver<UserCommand>,
        while_disconnected: WhileDisconnected,
        view: Box<dyn View>,
    ) -> Self {
        Self {
            poll,
            commands,
            held: None,
            while_disconnected,
            is_skipping: false,
            stop,
            view,
            wire_log: None,
        }
    }

    /// Whether the user is a person at a terminal.
    pub(super) fn is_interactive(&self) -> bool {
        self.while_disconnected == WhileDisconnected::Reject
    }

    /// The next command, if one is available.
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

    /// The next command, if one is available, which stays the next.
    pub(super) fn peek_command(&mut self) -> Option<&UserCommand> {
        self.held = self.next_command();
        self.held.as_ref()
    }

    /// Whether a command says that no connection is wanted any longer. Other commands wait, or are
    /// rejected with a notice.
    fn wants_to_stop(&mut self) -> bool {
        if self.while_disconnected == WhileDisconnected::Hold {
            return false;
        }
        while let Some(command) = self.next_command() {
            match command {
                UserCommand::Close(..) | UserCommand::End | UserCommand::Fail(_) => return true,
                UserCommand::Ping | UserCommand::Send(_, Fin::Last) => {
                    self.view.note(&"not sent: no connection is open");
                }
                UserCommand::Send(_, Fin::More) => {}
            }
        }
        false
    }
}

impl Waiter for User {
    fn socket_poll(&mut self) -> &mut SocketPoll {
        &mut self.poll
    }

    fn is_past(&mut self, until: Instant) -> Result<bool, ConnectError> {
        if self.stop.is_requested() || self.wants_to_stop() {
            return Err(ConnectError::Cancelled);
        }
        Ok(Instant::now() >= until)
    }
    fn watched(&self, byte_stream: Box<dyn ByteStream>) -> Box<dyn ByteStream> {
        match &self.wire_log {
            Some(wire_log) => wire_log.watch(byte_stream),
            None => byte_stream,
        }
    }
}
