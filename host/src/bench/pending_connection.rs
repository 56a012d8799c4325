//! One connection that is being opened: connect, handshake, probe.
//!
//! A server may greet its clients, or send other messages unasked. So each connection sends a text
//! that no server sends by itself, and every message before its echo is skipped.

use std::hash::{BuildHasher, RandomState};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Poll, Token};
use ws_echo_core::{Agreed, Deflate, DeflateOffer, Window};

use super::echo_checker::EchoChecker;
use super::error::{ConnectionError, EchoMismatch};
use super::frame::{self, PONG, TEXT};
use super::frame_reader::{DataPiece, FrameEvent, FrameReader};
use super::handshake::{Handshake, Headers};
use super::load_connection::{self, LoadConnection};
use super::message_inflater::MessageInflater;
use crate::connect::is_connected;
use crate::options::bench::{Compression, Echo};
use crate::options::url::Url;

/// How often one connection is read before the clock, the signals and the others get their turn.
const READS_MAX: usize = 16;

/// The server, and how long a connection to it may take to open.
#[derive(Debug)]
pub(super) struct Destination<'a> {
    pub(super) url: &'a Url,
    pub(super) headers: Headers<'a>,
    pub(super) address: SocketAddr,
    pub(super) timeout: Duration,
    pub(super) echo: Echo,
    /// What is offered for compressing messages.
    pub(super) compression: Option<Compression>,
}

/// A connection that is being opened, or is open.
#[derive(Debug)]
pub(super) enum Slot<'a> {
    Pending(Box<PendingConnection<'a>>),
    Open(LoadConnection),
}

impl Slot<'_> {
    pub(super) fn into_connection(self) -> Option<LoadConnection> {
        match self {
            Self::Open(connection) => Some(connection),
            Self::Pending(_) => None,
        }
    }
}

/// What is expected next.
#[derive(Debug)]
enum OpeningStage {
    /// The connection itself.
    Connecting,
    /// The end of the response's head.
    Response,
    /// The echo of the probe; whether the current message agrees with it so far.
    Echo { is_probe: bool },
    /// Nothing: the echo was received.
    Done,
}

/// A connection that is being opened.
#[derive(Debug)]
pub(super) struct PendingConnection<'a> {
    stream: TcpStream,
    stage: OpeningStage,
    handshake: Handshake<'a>,
    probe: String,
    /// The payload of the probe's echo.
    probe_echo: Vec<u8>,
    frames: FrameReader,
    /// What was agreed on for compressing messages.
    inflater: Option<MessageInflater>,
    /// The bytes still to be sent.
    outgoing: Vec<u8>,
    /// Whether the socket may hold more than was read.
    has_more: bool,
    started: Instant,
}

impl<'a> PendingConnection<'a> {
    /// Connects, and registers the connection with the poll under its index.
    pub(super) fn start(
        poll: &Poll,
        destination: &Destination<'a>,
        random: &RandomState,
        index: usize,
    ) -> Result<Box<Self>, ConnectionError> {
        let address = destination.address;
        let connected = TcpStream::connect(address);
        let mut stream = connected.map_err(|error| ConnectionError::Connect(address, error))?;
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut stream, Token(index), both)?;
        let Destination {
            url,
            headers,
            compression,
            ..
        } = *destination;
        let handshake = Handshake::new(url, headers, compression.map(offer));
        let probe = format!("ws-echo bench {:016x}", random.hash_one(index));
        Ok(Box::new(Self {
            stream,
            stage: OpeningStage::Connecting,
            handshake: handshake.map_err(ConnectionError::Request)?,
            probe_echo: frame::echoed(probe.clone().into_bytes(), destination.echo),
            probe,
            frames: FrameReader::new(destination.echo),
            inflater: None,
            outgoing: Vec::new(),
            has_more: false,
            started: Instant::now(),
        }))
    }

    /// Sends and receives what the socket is ready for.
    pub(super) fn advance(
        mut self: Box<Self>,
        destination: &Destination<'_>,
        buffer: &mut [u8],
    ) -> Result<Slot<'a>, ConnectionError> {
        if matches!(self.stage, OpeningStage::Connecting) {
            let is_connected = is_connected(&self.stream)
                .map_err(|error| ConnectionError::Connect(destination.address, error))?;
            if !is_connected {
                return Ok(Slot::Pending(self));
            }
            self.stream.set_nodelay(true)?;
            self.outgoing = self.handshake.request()?;
            self.stage = OpeningStage::Response;
        }
        self.exchange(destination, buffer)?;
        match self.stage {
            OpeningStage::Done => Ok(Slot::Open(LoadConnection::new(
                self.stream,
                EchoChecker::new(self.frames, self.inflater),
                self.outgoing,
            ))),
            _ => Ok(Slot::Pending(self)),
        }
    }

    /// Whether it must continue although the poll does not report it.
    pub(super) fn has_more(&self) -> bool {
        self.has_more
    }

    /// Fails if opening it takes longer than `timeout`.
    pub(super) fn check_time(&self, timeout: Duration) -> Result<(), ConnectionError> {
        let missing = match self.stage {
            OpeningStage::Connecting => "connection",
            OpeningStage::Response => "response to the request",
            OpeningStage::Echo { .. } | OpeningStage::Done => "echo of the first text message",
        };
        if self.started.elapsed() < timeout {
            return Ok(());
        }
        Err(ConnectionError::Late(missing, timeout))
    }

    /// Sends and reads until the socket is empty, or has had its turn.
    fn exchange(
        &mut self,
        destination: &Destination<'_>,
        buffer: &mut [u8],
    ) -> Result<(), ConnectionError> {
        self.has_more = false;
        for _ in 0..READS_MAX {
            self.flush()?;
            load_connection::check_pongs(&self.outgoing)?;
            match self.stream.read(buffer) {
                Ok(0) => return Err(ConnectionError::Ended),
                Ok(len) => self.receive(destination, &buffer[..len])?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        self.has_more = true;
        self.flush()
    }

    fn flush(&mut self) -> Result<(), ConnectionError> {
        while !self.outgoing.is_empty() {
            match self.stream.write(&self.outgoing) {
                Ok(len) => drop(self.outgoing.drain(..len)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn receive(
        &mut self,
        destination: &Destination<'_>,
        mut bytes: &[u8],
    ) -> Result<(), ConnectionError> {
        if matches!(self.stage, OpeningStage::Response) {
            let Some(agreed) = self.handshake.receive(&mut bytes)? else {
                return Ok(());
            };
            self.agree(destination, agreed)?;
            self.stage = OpeningStage::Echo { is_probe: true };
            let probe = frame::masked(TEXT, self.probe.as_bytes());
            self.outgoing.extend(probe);
        }
        self.receive_frames(bytes)
    }

    /// Takes what was agreed on, which must be what was asked for.
    fn agree(
        &mut self,
        destination: &Destination<'_>,
        agreed: Agreed,
    ) -> Result<(), ConnectionError> {
        let Some(deflate) = agreed.deflate else {
            return match destination.compression {
                Some(offered) => Err(ConnectionError::NotCompressed(offered)),
                None => Ok(()),
            };
        };
        self.frames.accept_compressed();
        self.inflater = Some(MessageInflater::new(deflate));
        Ok(())
    }

    /// Skips messages up to the probe's echo. No message may follow that.
    fn receive_frames(&mut self, mut bytes: &[u8]) -> Result<(), ConnectionError> {
        while let Some(event) = self.frames.next(&mut bytes)? {
            match event {
                FrameEvent::Data(piece) => {
                    let (stage, probe_echo) = (&mut self.stage, &self.probe_echo);
                    let mut compare = |piece: &DataPiece<'_>| stage.compare(piece, probe_echo);
                    match &mut self.inflater {
                        Some(inflater) if piece.is_compressed => {
                            inflater.inflate(&piece, compare)?;
                        }
                        _ => compare(&piece)?,
                    }
                }
                FrameEvent::Ping(payload) => self.outgoing.extend(frame::masked(PONG, &payload)),
                FrameEvent::Pong => {}
                FrameEvent::Close(code, reason) => {
                    return Err(ConnectionError::Closed(code, reason));
                }
            }
        }
        Ok(())
    }
}

/// What is offered to the server.
fn offer(compression: Compression) -> DeflateOffer {
    let window = match compression {
        Compression::Fresh => Window::MAX.fresh(),
        Compression::Window => Window::MAX,
    };
    DeflateOffer::new(Deflate {
        server: window,
        client: window,
    })
}

impl OpeningStage {
    /// Compares the next piece of a message with the probe's echo, with which this stage ends.
    fn compare(&mut self, piece: &DataPiece<'_>, probe_echo: &[u8]) -> Result<(), ConnectionError> {
        let Self::Echo { is_probe } = self else {
            return Err(EchoMismatch::Unasked.into());
        };
        let start = usize::try_from(piece.offset).unwrap_or(usize::MAX);
        let rest = probe_echo.get(start..).unwrap_or_default();
        *is_probe = (*is_probe || start == 0) && rest.starts_with(piece.bytes);
        if !piece.is_last || !*is_probe || rest.len() != piece.bytes.len() {
            return Ok(());
        }
        if piece.opcode != TEXT {
            return Err(EchoMismatch::Type {
                received: "binary",
                sent: "text",
            }
            .into());
        }
        *self = Self::Done;
        Ok(())
    }
}
