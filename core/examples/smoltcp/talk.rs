//! A talk with an echo server, for a terminal: what is sent (`>`), what is received (`<`), and how
//! the connection changes (`#`). Each text waits for the echo of the one before. Then the
//! connection is closed.

use std::error::Error;
use std::io::{self, Write as _};
use std::{fmt, slice};

use smoltcp::iface::SocketSet;
use smoltcp::phy::Device;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;
use ws_echo_core::{ClientRequest, CloseCode, Fin, Message, SendError};

use crate::client::{Change, Client};
use crate::stack::{Stack, socket};

/// What is sent if nothing else is given.
pub(crate) const TEXTS: [&str; 2] = ["hello", "h\u{e9}llo, w\u{f6}rld"];

/// The longest head of a response, in bytes.
const HEAD_LEN: usize = 1024;
/// The longest message of the server that is shown, in bytes: longer than any argument on Linux.
const MESSAGE_LEN: usize = 256 << 10;
/// The time for a part of an echo to arrive, or for room to send more.
const ECHO_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct Talk<'a> {
    client: Client<'a, HEAD_LEN>,
    /// The texts that are not sent yet.
    texts: slice::Iter<'a, String>,
    /// The rest of the current text, which is not sent yet.
    unsent: Option<Message<'a>>,
    state: State<'a>,
}

/// What was received so far, and what follows from it.
struct State<'a> {
    stage: Stage<'a>,
    /// When something was last sent or received.
    moved: Instant,
    /// The first part of a text that is being received.
    text: String,
    /// How many bytes of a binary message were received.
    binary_len: usize,
    /// How many texts have not come back.
    missing: usize,
}

enum Stage<'a> {
    Connecting,
    /// The next text can be sent.
    Open,
    /// The echo of this text is expected.
    AwaitingEcho(&'a str),
    /// Nothing more is sent: the connection must be closed.
    MustClose(CloseCode),
    Closing,
    Gone,
}

impl<'a> Talk<'a> {
    /// Starts to connect.
    pub(crate) fn new<D: Device>(
        stack: &mut Stack<D>,
        buffer: &'a mut [u8],
        server: impl Into<IpEndpoint>,
        host: &'a str,
        texts: &'a [String],
    ) -> Result<Self, Box<dyn Error>> {
        let mut client = Client::new(&mut stack.sockets, socket(), buffer, entropy);
        let request = ClientRequest::new(host, "/");
        let context = stack.interface.context();
        let now = Instant::now();
        client
            .connect(&mut stack.sockets, context, server, request, now)
            .map_err(|error| format!("cannot connect to {host}: {error}"))?;
        Ok(Self {
            client,
            texts: texts.iter(),
            unsent: None,
            state: State {
                stage: Stage::Connecting,
                moved: now,
                text: String::new(),
                binary_len: 0,
                missing: texts.len(),
            },
        })
    }

    /// Receives and sends. Once the connection is over, returns whether all texts came back.
    pub(crate) fn turn(
        &mut self,
        sockets: &mut SocketSet<'_>,
        now: Instant,
    ) -> Option<Result<(), String>> {
        let state = &mut self.state;
        self.client
            .poll(sockets, now, |change| state.apply(change, now));
        self.send_next(sockets, now);
        let Stage::Gone = self.state.stage else {
            return None;
        };
        Some(match self.state.missing {
            0 => Ok(()),
            missing => Err(format!("messages without an echo: {missing}")),
        })
    }

    /// When [`turn`](Self::turn) has something to do even if nothing arrives.
    pub(crate) fn poll_at(&self) -> Option<Instant> {
        let echo = match self.state.stage {
            Stage::AwaitingEcho(_) => Some(self.state.moved + ECHO_TIMEOUT),
            _ => None,
        };
        self.client.poll_at().into_iter().chain(echo).min()
    }

    /// Sends what is next: a text, the rest of one, or Close.
    fn send_next(&mut self, sockets: &mut SocketSet<'_>, now: Instant) {
        let state = &mut self.state;
        if let Stage::Open = state.stage {
            state.stage = Stage::MustClose(CloseCode::NORMAL);
            if let Some(text) = self.texts.next() {
                show(">", Escaped(text));
                state.stage = Stage::AwaitingEcho(text);
                state.moved = now;
                self.unsent = Some(Message::Text(text));
            }
        }
        if let Stage::AwaitingEcho(_) = state.stage {
            if let Some(message) = self.unsent
                && let Ok(rest) = self.client.send(sockets, message, now)
                && rest != Some(message)
            {
                self.unsent = rest;
                state.moved = now;
            }
            if now >= state.moved + ECHO_TIMEOUT {
                show("#", format_args!("no echo within {ECHO_TIMEOUT}"));
                state.stage = Stage::MustClose(CloseCode::NORMAL);
            }
        }
        if let Stage::MustClose(code) = state.stage
            && self.client.close(sockets, code, "", now) != Err(SendError::Full)
        {
            state.stage = Stage::Closing;
        }
    }
}

impl State<'_> {
    fn apply(&mut self, change: Change<'_>, now: Instant) {
        self.moved = now;
        match change {
            Change::Opened { .. } => {
                show("#", "socket open");
                self.stage = Stage::Open;
            }
            Change::Received(..) if matches!(self.stage, Stage::MustClose(_)) => {}
            Change::Received(piece, fin) => self.gather(piece, fin),
            Change::Closed { code, reason } => self.note_close(code, reason),
            Change::Refused(error) => {
                show("#", format_args!("refused: {error}"));
                self.stage = Stage::Closing;
            }
            Change::Failed(error) => show("#", format_args!("failed: {error}")),
            Change::TimedOut => show("#", "took too long"),
            Change::Gone => {
                let was_there = !matches!(self.stage, Stage::Connecting);
                let what = if was_there {
                    "socket closed"
                } else {
                    "no connection"
                };
                show("#", what);
                self.stage = Stage::Gone;
            }
        }
    }

    /// Joins a piece to the pieces of its message, and shows the message when it is complete.
    fn gather(&mut self, piece: Message<'_>, fin: Fin) {
        match piece {
            Message::Text(text) => self.text.push_str(text),
            Message::Binary(bytes) => self.binary_len += bytes.len(),
        }
        if self.text.len() > MESSAGE_LEN {
            show("#", format_args!("text is longer than {MESSAGE_LEN} bytes"));
            self.stage = Stage::MustClose(CloseCode::MESSAGE_TOO_BIG);
            return;
        }
        match (piece, fin) {
            (_, Fin::More) => {}
            (Message::Text(_), Fin::Last) => self.complete_text(),
            (Message::Binary(_), Fin::Last) => {
                show("<", format_args!("({} bytes of binary)", self.binary_len));
                self.binary_len = 0;
            }
        }
    }

    fn complete_text(&mut self) {
        show("<", Escaped(&self.text));
        if let Stage::AwaitingEcho(text) = self.stage
            && text == self.text
        {
            self.stage = Stage::Open;
            self.missing -= 1;
        }
        self.text.clear();
    }

    fn note_close(&mut self, code: Option<CloseCode>, reason: &str) {
        let is_answer = matches!(self.stage, Stage::Closing);
        self.stage = Stage::Closing;
        match code {
            _ if is_answer => {}
            Some(code) if reason.is_empty() => show("#", format_args!("closed with {code}")),
            Some(code) => show("#", format_args!("closed with {code}: {}", Escaped(reason))),
            None => show("#", "closed without a code"),
        }
    }
}

/// Prints a line. If nobody reads it any more, the talk continues.
fn show(mark: &str, what: impl fmt::Display) {
    let _ = writeln!(io::stdout(), "{mark} {what}");
}

/// Text on one line, without anything that a terminal would obey.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '\'' | '"' => write!(f, "{character}"),
            _ => write!(f, "{}", character.escape_debug()),
        })
    }
}

fn entropy() -> [u8; 4] {
    let number = getrandom::u32().expect("the system has entropy");
    number.to_ne_bytes()
}
