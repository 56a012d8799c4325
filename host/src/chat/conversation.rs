//! An open connection, to its end: commands become frames, and what is received is shown (RFC 6455
//! sections 5.5, 6 and 7). The rules of the protocol are the core's.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use ws_echo_core::{Agreed, Client, CloseCode, Connection, Event, SendError};

use super::command::UserCommand;
use super::compression::{Compression, InflateError};
use super::end_reason::EndReason;
use super::reply_tracker::ReplyTracker;
use super::user::{ReceivedPiece, User};
use crate::client::stream::{FRAGMENT_LEN_MAX, ReadOutcome, Stream};
use crate::client::waiter::Waiter as _;
use crate::random;
use crate::time::Time;

/// How long the server may take to answer our Close frame.
const CLOSE_TIME: Duration = Duration::from_secs(5);
/// How long the server may take to end the TCP connection, which it must do first.
const END_TIME: Duration = Duration::from_secs(1);

/// Returns the next masking key.
type NextKey = Box<dyn FnMut() -> [u8; 4]>;

/// An open connection, and the user that it belongs to.
pub(super) struct Conversation<'a> {
    stream: Stream,
    connection: Connection<Client<NextKey>>,
    /// If it was agreed on.
    compression: Option<Compression>,
    user: &'a mut User,
    replies: &'a mut ReplyTracker,
    /// How long to wait for the next reply after the end of the input.
    wait: Duration,
    /// When each Ping was sent that has no Pong yet, the oldest first.
    pings: VecDeque<Instant>,
    /// Why nothing can be shown any longer.
    view_error: Option<io::Error>,
    state: ConnectionState,
}

/// What the connection waits for.
#[derive(Debug)]
enum ConnectionState {
    /// Commands, and what the server sends.
    Open,
    /// The input has ended: replies, until this time.
    Draining(Instant),
    /// The answer to our Close frame.
    Closing {
        code: CloseCode,
        /// The deadline of the answer.
        until: Instant,
        /// The failure of the input or the output that is the reason, if there was one.
        because: Option<String>,
    },
}

/// How a conversation ended.
#[derive(Debug)]
pub(super) struct ConnectionEnd {
    pub(super) reason: EndReason,
    pub(super) awaited: Awaited,
}

/// What a connection waited for when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// More input.
    Input,
    /// Replies: the input had ended.
    Replies,
    /// The answer to our Close frame.
    Close,
}

impl<'a> Conversation<'a> {
    /// A conversation on a connection that has just been opened.
    pub(super) fn new(
        stream: Stream,
        agreed: Agreed,
        user: &'a mut User,
        replies: &'a mut ReplyTracker,
        wait: Duration,
    ) -> Self {
        Self {
            stream,
            connection: Connection::client(agreed, Box::new(random::keys())),
            compression: agreed.deflate.map(Compression::new),
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
        self.user.view.end_message();
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
        let has_executed = self.execute_commands()?;
        if self.stream.transmit() || has_executed {
            return Ok(());
        }
        let received = if self.stream.is_congested() {
            ReadOutcome::Nothing
        } else {
            self.stream.receive()
        };
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

    /// Takes what was received, and shows it.
    fn take_events(&mut self) -> Result<(), EndReason> {
        let taken = self.take_each_event();
        if self.view_error.is_none() {
            self.view_error = self.user.view.flush().err();
        }
        taken
    }

    fn take_each_event(&mut self) -> Result<(), EndReason> {
        while self.take_event()? {}
        Ok(())
    }

    /// Takes the next event; `false` if there is none yet.
    fn take_event(&mut self) -> Result<bool, EndReason> {
        let mut exchange = self.connection.exchange(&mut self.stream.buffer);
        let Some(event) = exchange.next_event().map_err(EndReason::Protocol)? else {
            return Ok(false);
        };
        match event {
            Event::Data(chunk) => {
                let piece = ReceivedPiece {
                    kind: chunk.kind(),
                    bytes: exchange.bytes(&chunk),
                    fin: chunk.fin(),
                };
                let mut show = |piece: ReceivedPiece<'_>| {
                    if self.replies.received(piece) {
                        self.state.extend_draining(self.wait);
                    }
                    if self.view_error.is_none() {
                        self.view_error = self.user.view.show(piece).err();
                    }
                };
                let shown = match &mut self.compression {
                    Some(compression) if chunk.is_compressed() => compression.inflate(piece, show),
                    _ => {
                        show(piece);
                        Ok(())
                    }
                };
                match shown {
                    Ok(()) => {}
                    Err(InflateError::Invalid(error)) => exchange.fail(error),
                    Err(InflateError::TooLong(reason)) => {
                        return self.close(CloseCode::MESSAGE_TOO_BIG, "", Some(reason));
                    }
                }
            }
            Event::Pong => self.note_pong(),
            Event::Close(code) => {
                let reason = exchange.close_reason().to_owned();
                return Err(self.closed(code, reason));
            }
            _ => {}
        }
        Ok(true)
    }

    fn note_pong(&mut self) {
        if let Some(sent) = self.pings.pop_front() {
            let time = Time::from(sent.elapsed());
            self.user.view.note(&format_args!("pong after {time}"));
        }
    }

    /// The end of the connection by the server's Close frame.
    fn closed(&mut self, code: Option<CloseCode>, reason: String) -> EndReason {
        match &mut self.state {
            ConnectionState::Closing { because, .. } if because.is_some() => {
                EndReason::LocalError(because.take().unwrap_or_default())
            }
            // An empty Close frame is an answer, too.
            ConnectionState::Closing { code: own, .. } => {
                EndReason::Closed(code.or(Some(*own)), reason)
            }
            _ => EndReason::Closed(code, reason),
        }
    }

    /// Reacts to deadlines, to signals and to a view that has failed.
    fn check_state(&mut self) -> Result<(), EndReason> {
        let now = Instant::now();
        match self.state {
            ConnectionState::Closing { until, .. } if now >= until => {
                let time = Time::from(CLOSE_TIME);
                let reason = format!("the server did not answer the Close frame within {time}");
                Err(EndReason::Lost(reason))
            }
            ConnectionState::Closing { .. } => Ok(()),
            _ if self.view_error.is_some() => self.close_unseen(),
            _ if self.user.stop.is_requested() => self.close_without_replies(),
            ConnectionState::Draining(until) if self.replies.are_complete() || now >= until => {
                self.close(CloseCode::NORMAL, "", None).map(drop)
            }
            ConnectionState::Draining(_) | ConnectionState::Open => Ok(()),
        }
    }

    /// Closes because nothing can be shown. A reader that has closed its pipe is not an error.
    fn close_unseen(&mut self) -> Result<(), EndReason> {
        let reason = match &self.view_error {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
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
                if is_sent {
                    self.replies.sent(message, *fin);
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
            let until = Instant::now() + CLOSE_TIME;
            self.state = ConnectionState::Closing {
                code,
                until,
                because,
            };
        }
        Ok(is_sent)
    }

    /// When to stop waiting.
    fn deadline(&self) -> Option<Instant> {
        match self.state {
            ConnectionState::Open => None,
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
        let until = Instant::now() + END_TIME;
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

impl ConnectionState {
    /// Gives the server this much time for its next reply, if replies are waited for.
    fn extend_draining(&mut self, wait: Duration) {
        if let Self::Draining(until) = self {
            *until = Instant::now() + wait;
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
