//! An open connection, to its end: commands become frames, and what is received is shown (RFC 6455
//! sections 5.5, 6 and 7). The rules of the protocol are the core's.

mod receiving;
mod state;

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use ws_echo_core::{Agreed, Client, CloseCode, Connection, SendError};

use self::state::ConnectionState;
pub(super) use self::state::{Awaited, ConnectionEnd};
use super::command::UserCommand;
use super::compression::Compression;
use super::end_reason::EndReason;
use super::event::{ChatEvent, Side};
use super::expecting::Expecting;
use super::inbox::Inbox;
use super::reply_tracker::ReplyTracker;
use super::user::User;
use crate::client::stream::{FRAGMENT_LEN_MAX, ReadOutcome, Stream};
use crate::client::waiter::Waiter as _;
use crate::time::Time;
use crate::{platform, random};

/// How long the server may take to answer our Close frame.
const CLOSE_TIME: Duration = Duration::from_secs(5);
/// How long the server may take to end the TCP connection, which it must do first.
const END_TIME: Duration = Duration::from_secs(1);

/// How many times is received at most to find what has already arrived. It is enough for what a
/// socket holds.
const LISTENING_MAX: usize = 16;

/// Returns the next masking key.
type NextKey = Box<dyn FnMut() -> [u8; 4]>;

/// An open connection, and the user that it belongs to.
pub(super) struct Conversation<'a, 'b> {
    stream: Stream,
    connection: Connection<Client<NextKey>>,
    /// If it was agreed on.
    compression: Option<Compression>,
    user: &'a mut User,
    replies: &'a mut ReplyTracker,
    inbox: Inbox<'a, 'b>,
    /// How many more times is received before anything is sent, unless nothing is left before.
    listening: usize,
    /// How long to wait for the next reply after the end of the input.
    wait: Duration,
    /// When each Ping was sent that has no Pong yet, the oldest first.
    pings: VecDeque<Instant>,
    /// Why nothing can be shown any longer.
    view_error: Option<io::Error>,
    state: ConnectionState,
}

impl<'a, 'b> Conversation<'a, 'b> {
    /// A conversation on a connection that has just been opened.
    pub(super) fn new(
        stream: Stream,
        agreed: Agreed,
        user: &'a mut User,
        replies: &'a mut ReplyTracker,
        expecting: Option<&'a mut Expecting<'b>>,
        wait: Duration,
    ) -> Self {
        let listens = expecting.as_ref().is_some_and(|it| it.listens_first());
        Self {
            stream,
            connection: Connection::client(agreed, Box::new(random::keys())),
            compression: agreed.deflate.map(Compression::new),
            inbox: Inbox::new(&*user.view, expecting),
            listening: if listens { LISTENING_MAX } else { 0 },
            user,
            replies,
            wait,
            pings: VecDeque::new(),
            view_error: None,
            state: ConnectionState::Open,
        }
    }

    /// Runs to the end of the connection.
    pub(super) fn run(mut self) -> ConnectionEnd {
        let reason = loop {
            if let Err(reason) = self.advance() {
                break reason;
            }
        };
        if self.connection.is_done() {
            self.finish();
        }
        self.inbox.end(&mut *self.user.view);
        if let Some(savings) = self.compression.as_ref().and_then(Compression::savings) {
            self.user.view.note(&savings);
        }
        ConnectionEnd {
            reason,
            awaited: match self.state {
                ConnectionState::Open => Awaited::Input,
                ConnectionState::Draining(_) => Awaited::Replies,
                ConnectionState::Closing { .. } => Awaited::Close,
            },
        }
    }

    /// Does what is possible now, or waits for more.
    fn advance(&mut self) -> Result<(), EndReason> {
        self.take_events()?;
        self.check_state()?;
        let has_executed = self.listening == 0 && self.execute_commands()?;
        if self.stream.transmit() || has_executed {
            return Ok(());
        }
        let received = if self.stream.is_congested() {
            ReadOutcome::Nothing
        } else {
            self.stream.receive()
        };
        if self.listening > 0 {
            self.listening -= 1;
            if let ReadOutcome::Nothing = received {
                self.listening = 0;
                return Ok(());
            }
        }
        match received {
            ReadOutcome::Bytes => Ok(()),
            ReadOutcome::Nothing => {
                let until = self.deadline();
                self.user.wait(until).map_err(EndReason::Poll)
            }
            ReadOutcome::End(None) => {
                let reason = "the server closed the connection without a Close frame";
                Err(EndReason::Lost(reason.into()))
            }
            ReadOutcome::End(Some(error)) => {
                Err(EndReason::Lost(format!("connection lost: {error}")))
            }
        }
    }

    /// Reacts to deadlines, to signals and to a view that has failed.
    fn check_state(&mut self) -> Result<(), EndReason> {
        let now = Instant::now();
        match self.state {
            ConnectionState::Closing { until, within, .. } if now >= until => {
                let time = Time::from(within);
                let reason = format!("the server did not answer the Close frame within {time}");
                Err(EndReason::Lost(reason))
            }
            ConnectionState::Closing { .. } => Ok(()),
            _ if self.view_error.is_some() => self.close_unseen(),
            _ if self.user.stop.is_requested() => self.close_without_replies(),
            _ if self.inbox.expecting.is_some() => self.check_expectation(now),
            ConnectionState::Draining(until) if self.replies.are_complete() || now >= until => {
                self.close(CloseCode::NORMAL, "", None).map(drop)
            }
            ConnectionState::Draining(_) | ConnectionState::Open => Ok(()),
        }
    }

    /// Ends the connection if the message that is expected has come, or did not come in time.
    fn check_expectation(&mut self, now: Instant) -> Result<(), EndReason> {
        let Some(expecting) = &self.inbox.expecting else {
            return Ok(());
        };
        let (is_found, is_late) = (expecting.is_found(), now >= expecting.deadline);
        let too_late = expecting.too_late();
        if is_found || is_late {
            self.close(CloseCode::NORMAL, "", None)?;
        }
        if is_late && !is_found {
            self.stream.transmit();
            return Err(EndReason::TooLate(too_late));
        }
        if is_late {
            let reason = "the server does not accept the Close frame";
            return Err(EndReason::Lost(reason.into()));
        }
        Ok(())
    }

    /// Closes because nothing can be shown. A reader that has closed its pipe is not an error.
    fn close_unseen(&mut self) -> Result<(), EndReason> {
        let reason = match &self.view_error {
            Some(error) if !platform::is_closed_pipe(error) => {
                format!("cannot write the output: {error}")
            }
            _ => return self.close_without_replies(),
        };
        self.close(CloseCode::GOING_AWAY, "", Some(reason))
            .map(drop)
    }

    /// Closes, and expects no more replies.
    fn close_without_replies(&mut self) -> Result<(), EndReason> {
        self.replies.forget();
        self.close(CloseCode::NORMAL, "", None).map(drop)
    }

    /// Executes commands as long as there is room; returns whether there was one.
    fn execute_commands(&mut self) -> Result<bool, EndReason> {
        let mut has_executed = false;
        while matches!(self.state, ConnectionState::Open) && self.has_room() {
            let Some(command) = self.user.next_command() else {
                break;
            };
            if !self.execute(&command)? {
                self.user.held = Some(command);
                break;
            }
            has_executed = true;
        }
        Ok(has_executed)
    }

    /// Whether the server keeps up with what is sent.
    fn has_room(&self) -> bool {
        self.stream.unsent_len() + self.stream.buffer.ready().len() < FRAGMENT_LEN_MAX
    }

    /// Executes a command; `false` if there is no room for it now.
    fn execute(&mut self, command: &UserCommand) -> Result<bool, EndReason> {
        let mut exchange = self.connection.exchange(&mut self.stream.buffer);
        match command {
            UserCommand::Send(payload, fin) => {
                let message = payload.as_message();
                let sent = match &mut self.compression {
                    Some(compression) => compression.send(&mut exchange, message, *fin),
                    None => exchange.send_fragment(message, *fin),
                };
                let is_sent = is_sent(sent)?;
                if is_sent && let Some((kind, len)) = self.replies.sent(message, *fin) {
                    if let Some(expecting) = &mut self.inbox.expecting {
                        expecting.sent();
                    }
                    self.happened(&ChatEvent::Sent(kind, len));
                }
                Ok(is_sent)
            }
            UserCommand::Ping => {
                let is_sent = is_sent(exchange.ping(&[]))?;
                if is_sent {
                    self.pings.push_back(Instant::now());
                }
                Ok(is_sent)
            }
            UserCommand::Close(code, reason) => self.close(*code, reason, None),
            UserCommand::Fail(reason) => {
                self.close(CloseCode::GOING_AWAY, "", Some(reason.clone()))
            }
            // Another message is waited for.
            UserCommand::End if self.inbox.expecting.is_some() => Ok(true),
            UserCommand::End => {
                self.state = ConnectionState::Draining(Instant::now() + self.wait);
                Ok(true)
            }
        }
    }

    /// Sends a Close frame; `false` if there is no room for it now.
    fn close(
        &mut self,
        code: CloseCode,
        reason: &str,
        because: Option<String>,
    ) -> Result<bool, EndReason> {
        let mut exchange = self.connection.exchange(&mut self.stream.buffer);
        let is_sent = is_sent(exchange.close(code, reason))?;
        if is_sent {
            let now = Instant::now();
            let until = self.before_deadline(now + CLOSE_TIME);
            self.state = ConnectionState::Closing {
                code,
                until,
                within: until.saturating_duration_since(now),
                because,
            };
            self.happened(&ChatEvent::Close(Side::Client, Some(code), reason));
        }
        Ok(is_sent)
    }

    /// A time, but not after the end of that for the message that is expected.
    fn before_deadline(&self, time: Instant) -> Instant {
        let expecting = self.inbox.expecting.as_ref();
        expecting.map_or(time, |expecting| time.min(expecting.deadline))
    }

    /// Shows an event.
    fn happened(&mut self, event: &ChatEvent<'_>) {
        if self.view_error.is_none() {
            self.view_error = self.user.view.happened(event).err();
        }
    }

    /// When to stop waiting.
    fn deadline(&self) -> Option<Instant> {
        match self.state {
            ConnectionState::Open => self.inbox.expecting.as_ref().map(|it| it.deadline),
            ConnectionState::Draining(until) | ConnectionState::Closing { until, .. } => {
                Some(until)
            }
        }
    }

    /// Sends what is still ready, and waits a moment for the end of the stream.
    ///
    /// > [...] the server MUST close the connection immediately, while [...] the client SHOULD wait
    /// > for the server to close the connection but MAY close the connection at any time after
    /// > sending and receiving a Close message (section 5.5.1)
    fn finish(&mut self) {
        let until = self.before_deadline(Instant::now() + END_TIME);
        while Instant::now() < until {
            self.stream.transmit();
            self.stream.buffer.discard_received();
            match self.stream.receive() {
                ReadOutcome::Bytes => {}
                ReadOutcome::End(_) => return,
                ReadOutcome::Nothing => {
                    if self.user.wait(Some(until)).is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// Whether there was room for a frame.
fn is_sent(result: Result<(), SendError>) -> Result<bool, EndReason> {
    match result {
        Ok(()) => Ok(true),
        Err(SendError::Full) => Ok(false),
        Err(error) => Err(EndReason::LocalError(error.to_string())),
    }
}
