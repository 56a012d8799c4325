//! An open connection, to its end: commands become frames, and what comes is shown (RFC 6455 sections
//! 5.5, 6 and 7). The rules of the protocol are the core's.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use ws_echo_core::{Agreed, Client, CloseCode, Connection, Event, SendError};

use super::command::{Command, FRAGMENT_LEN_MAX};
use super::ending::Ending;
use super::replies::Replies;
use super::stream::{Received, Stream};
use super::user::{Piece, User};
use crate::random;
use crate::time::Time;

/// How long the server may take to answer our Close.
const CLOSE_TIME: Duration = Duration::from_secs(5);
/// How long the server, which ends the connection first, may take for that.
const END_TIME: Duration = Duration::from_secs(1);

/// Where masking keys come from.
type Keys = Box<dyn FnMut() -> [u8; 4]>;

/// An open connection, and the user whose it is.
pub(super) struct Session<'a> {
    stream: Stream,
    connection: Connection<Client<Keys>>,
    user: &'a mut User,
    replies: &'a mut Replies,
    /// How long to wait for the next reply after the end of the input.
    wait: Duration,
    /// When the Pings were sent whose Pongs have not come, the oldest first.
    pings: VecDeque<Instant>,
    /// Why what comes cannot be shown any longer.
    view_error: Option<io::Error>,
    phase: Phase,
}

/// What the connection waits for.
#[derive(Debug)]
enum Phase {
    /// Commands, and whatever comes.
    Open,
    /// Replies, until then: the input has ended.
    Draining(Instant),
    /// The answer to our Close, until then.
    Closing {
        code: CloseCode,
        until: Instant,
        /// What the user has to know about it.
        because: Option<String>,
    },
}

/// How a session has ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) ending: Ending,
    /// Whether it was the user who wanted that.
    pub(super) was_asked_for: bool,
}

impl<'a> Session<'a> {
    /// A session on a connection that has just been opened.
    pub(super) fn new(
        stream: Stream,
        agreed: Agreed,
        user: &'a mut User,
        replies: &'a mut Replies,
        wait: Duration,
    ) -> Self {
        Self {
            stream,
            connection: Connection::client(agreed, Box::new(random::keys())),
            user,
            replies,
            wait,
            pings: VecDeque::new(),
            view_error: None,
            phase: Phase::Open,
        }
    }

    /// Goes on to the end of the connection.
    pub(super) fn run(mut self) -> Outcome {
        let ending = loop {
            if let Err(ending) = self.advance() {
                break ending;
            }
        };
        if self.connection.is_done() {
            self.finish();
        }
        self.user.view.cut();
        Outcome {
            ending,
            was_asked_for: !matches!(self.phase, Phase::Open),
        }
    }

    /// Does what can be done now, or waits for more.
    fn advance(&mut self) -> Result<(), Ending> {
        self.take_events()?;
        self.check_phase()?;
        let has_obeyed = self.obey()?;
        if self.stream.transmit() || has_obeyed {
            return Ok(());
        }
        let received = if self.stream.is_choked() {
            Received::Nothing
        } else {
            self.stream.receive()
        };
        match received {
            Received::Bytes => Ok(()),
            Received::Nothing => self.user.wait(self.deadline()),
            Received::End(None) => {
                let reason = "the server ended the connection without a Close";
                Err(Ending::Lost(reason.into()))
            }
            Received::End(Some(error)) => Err(Ending::Lost(format!("connection lost: {error}"))),
        }
    }

    /// Takes what has come, and shows it.
    fn take_events(&mut self) -> Result<(), Ending> {
        let taken = self.take_each_event();
        if self.view_error.is_none() {
            self.view_error = self.user.view.flush().err();
        }
        taken
    }

    fn take_each_event(&mut self) -> Result<(), Ending> {
        let mut exchange = self.connection.exchange(&mut self.stream.buffer);
        while let Some(event) = exchange.next_event().map_err(Ending::Failed)? {
            match event {
                Event::Data(chunk) => {
                    let (kind, bytes) = (chunk.kind(), exchange.bytes(&chunk));
                    let fin = chunk.fin();
                    let is_echo = self.replies.received(kind, bytes, fin);
                    if let Phase::Draining(until) = &mut self.phase
                        && is_echo
                    {
                        *until = Instant::now() + self.wait;
                    }
                    if self.view_error.is_none() {
                        let shown = self.user.view.show(Piece { kind, bytes, fin });
                        self.view_error = shown.err();
                    }
                }
                Event::Pong => {
                    if let Some(sent) = self.pings.pop_front() {
                        let time = Time::from(sent.elapsed());
                        self.user.view.note(&format_args!("pong after {time}"));
                    }
                }
                Event::Close(code) => {
                    let reason = exchange.close_reason().to_owned();
                    return Err(self.closed(code, reason));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What to tell when the server's Close has come.
    fn closed(&mut self, code: Option<CloseCode>, reason: String) -> Ending {
        match &mut self.phase {
            Phase::Closing { because, .. } if because.is_some() => {
                Ending::Unusable(because.take().unwrap_or_default())
            }
            // An empty Close is an answer, too.
            Phase::Closing { code: own, .. } => Ending::Closed(code.or(Some(*own)), reason),
            _ => Ending::Closed(code, reason),
        }
    }

    /// Does what is due by the time, or for a signal.
    fn check_phase(&mut self) -> Result<(), Ending> {
        let now = Instant::now();
        match self.phase {
            Phase::Closing { until, .. } if now >= until => {
                let time = Time::from(CLOSE_TIME);
                let reason = format!("the server did not answer the Close within {time}");
                Err(Ending::Lost(reason))
            }
            Phase::Closing { .. } => Ok(()),
            _ if self.view_error.is_some() => self.leave_unseen(),
            _ if self.user.stop.is_asked_for() => self.leave(),
            Phase::Draining(until) if self.replies.are_complete() || now >= until => {
                self.close(CloseCode::NORMAL, "", None).map(drop)
            }
            Phase::Draining(_) | Phase::Open => Ok(()),
        }
    }

    /// Closes because nobody sees what comes. A reader that has seen enough is no mistake.
    fn leave_unseen(&mut self) -> Result<(), Ending> {
        let reason = match &self.view_error {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
                format!("the output cannot be written: {error}")
            }
            _ => return self.leave(),
        };
        self.close(CloseCode::GOING_AWAY, "", Some(reason))
            .map(drop)
    }

    /// Closes without asking for replies.
    fn leave(&mut self) -> Result<(), Ending> {
        self.replies.forget();
        self.close(CloseCode::NORMAL, "", None).map(drop)
    }

    /// Obeys commands as long as there is room; returns whether there was one.
    fn obey(&mut self) -> Result<bool, Ending> {
        let mut has_obeyed = false;
        while matches!(self.phase, Phase::Open) && self.has_room() {
            let Some(command) = self.user.next_command() else {
                break;
            };
            if !self.execute(&command)? {
                self.user.held = Some(command);
                break;
            }
            has_obeyed = true;
        }
        Ok(has_obeyed)
    }

    /// Whether the server takes what is sent.
    fn has_room(&self) -> bool {
        self.stream.unsent_len() + self.stream.buffer.ready().len() < FRAGMENT_LEN_MAX
    }

    /// Does what a command says; `false` when there is no room for that now.
    fn execute(&mut self, command: &Command) -> Result<bool, Ending> {
        let mut exchange = self.connection.exchange(&mut self.stream.buffer);
        match command {
            Command::Send(payload, fin) => {
                let message = payload.as_message();
                let is_sent = is_sent(exchange.send_fragment(message, *fin))?;
                if is_sent {
                    self.replies.sent(message, *fin);
                }
                Ok(is_sent)
            }
            Command::Ping => {
                let is_sent = is_sent(exchange.ping(&[]))?;
                if is_sent {
                    self.pings.push_back(Instant::now());
                }
                Ok(is_sent)
            }
            Command::Close(code, reason) => self.close(*code, reason, None),
            Command::Fail(reason) => self.close(CloseCode::GOING_AWAY, "", Some(reason.clone())),
            Command::End => {
                self.phase = Phase::Draining(Instant::now() + self.wait);
                Ok(true)
            }
        }
    }

    /// Sends Close; `false` when there is no room for that now.
    fn close(
        &mut self,
        code: CloseCode,
        reason: &str,
        because: Option<String>,
    ) -> Result<bool, Ending> {
        let mut exchange = self.connection.exchange(&mut self.stream.buffer);
        let is_sent = is_sent(exchange.close(code, reason))?;
        if is_sent {
            let until = Instant::now() + CLOSE_TIME;
            self.phase = Phase::Closing {
                code,
                until,
                because,
            };
        }
        Ok(is_sent)
    }

    /// When something is due.
    fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Open => None,
            Phase::Draining(until) | Phase::Closing { until, .. } => Some(until),
        }
    }

    /// Sends what is ready still, and waits a moment for the end of the stream.
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
                Received::Bytes => {}
                Received::End(_) => return,
                Received::Nothing => {
                    if self.user.wait(Some(until)).is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// Whether there was room for a frame.
fn is_sent(result: Result<(), SendError>) -> Result<bool, Ending> {
    match result {
        Ok(()) => Ok(true),
        Err(SendError::Full) => Ok(false),
        Err(error) => Err(Ending::Unusable(error.to_string())),
    }
}
