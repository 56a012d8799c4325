//! Opens all connections, a bounded number at a time: connect, handshake, probe.
//!
//! A server may greet, or say anything else of its own accord. So each connection sends one text that
//! no server says by itself, and what comes before its echo is skipped.

use std::hash::{BuildHasher, RandomState};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::echo_checker::EchoChecker;
use super::error::{BenchError, ConnectionError, EchoMismatch};
use super::frame_reader::{FrameEvent, FrameReader};
use super::handshake::Handshake;
use super::interrupt::{self, Interrupt};
use super::load_connection::{self, LoadConnection};
use super::prepared_message::{self, PONG, TEXT};
use crate::connect::is_connected;
use crate::options::bench::Echo;
use crate::options::url::Url;

/// How many connections are opened at a time: few enough for the queue of any server.
const AT_A_TIME: usize = 256;
const READ_LEN: usize = 16 << 10;
/// How often one connection is read before the clock, the signals and the others get their turn.
const READS_MAX: usize = 16;
/// How long is waited at a time, so that what is late is noticed.
const WAIT_MAX: Duration = Duration::from_millis(100);

/// Where the connections lead, and how long each may take to open.
#[derive(Debug)]
pub(super) struct Destination<'a> {
    pub(super) url: &'a Url,
    pub(super) address: SocketAddr,
    pub(super) timeout: Duration,
    pub(super) echo: Echo,
}

/// Opens `count` connections and registers them with the poll, each under its index.
pub(super) fn open_all(
    poll: &mut Poll,
    interrupt: &Interrupt,
    destination: &Destination<'_>,
    count: usize,
) -> Result<Vec<LoadConnection>, BenchError> {
    let random = RandomState::new();
    let mut events = Events::with_capacity(AT_A_TIME);
    let mut places: Vec<Slot<'_>> = Vec::with_capacity(count);
    let mut buffer = vec![0; READ_LEN];
    let mut open_count = 0;
    let mut oldest = 0;
    // Those that may have more to read than was taken: the poll does not tell of them again.
    let mut again: Vec<usize> = Vec::new();
    while open_count < count {
        while places.len() < count.min(open_count + AT_A_TIME) {
            let index = places.len();
            let opening = PendingConnection::start(poll, destination, &random, index);
            places.push(Slot::PendingConnection(
                opening.map_err(|wrong| wrong.on(index))?,
            ));
        }
        interrupt::wait(poll, &mut events, wait_max(&again))?;
        if interrupt.is_set() {
            return Err(BenchError::Stopped);
        }
        let ready = events.iter().map(|event| event.token().0);
        for index in std::mem::take(&mut again).into_iter().chain(ready) {
            if let Some(place) = places.get_mut(index) {
                let opened = place.advance(destination, &mut buffer);
                open_count += usize::from(opened.map_err(|wrong| wrong.on(index))?);
                if place.has_more() && !again.contains(&index) {
                    again.push(index);
                }
            }
        }
        while let Some(Slot::Open(_)) = places.get(oldest) {
            oldest += 1;
        }
        if let Some(Slot::PendingConnection(opening)) = places.get(oldest) {
            let is_late = opening.check_time(destination.timeout);
            is_late.map_err(|wrong| wrong.on(oldest))?;
        }
    }
    Ok(places
        .into_iter()
        .filter_map(Slot::into_connection)
        .collect())
}

/// How long to wait while these may have more to read: nothing would end the wait for them.
fn wait_max(again: &[usize]) -> Duration {
    if again.is_empty() {
        WAIT_MAX
    } else {
        Duration::ZERO
    }
}

/// A connection in the course of time.
#[derive(Debug)]
enum Slot<'a> {
    PendingConnection(Box<PendingConnection<'a>>),
    Open(LoadConnection),
    /// The opening has failed, and with it the whole run.
    Failed,
}

impl Slot<'_> {
    /// Goes on with what the socket is ready for; tells whether this has opened the connection.
    fn advance(
        &mut self,
        destination: &Destination<'_>,
        buffer: &mut [u8],
    ) -> Result<bool, ConnectionError> {
        match std::mem::replace(self, Self::Failed) {
            Self::PendingConnection(opening) => *self = opening.advance(destination, buffer)?,
            // What an open one has received is looked at when it is first used.
            open => {
                *self = open;
                return Ok(false);
            }
        }
        Ok(matches!(self, Self::Open(_)))
    }

    /// Whether it is to go on although the poll does not say so.
    fn has_more(&self) -> bool {
        matches!(self, Self::PendingConnection(opening) if opening.has_more)
    }

    fn into_connection(self) -> Option<LoadConnection> {
        match self {
            Self::Open(connection) => Some(connection),
            Self::PendingConnection(_) | Self::Failed => None,
        }
    }
}

/// What is to come next.
#[derive(Debug)]
enum Stage {
    /// The connection itself.
    Connecting,
    /// The end of the response's head.
    Response,
    /// The probe's echo; whether the message that is coming agrees with it so far.
    Echo { is_probe: bool },
    /// Nothing: the echo has come.
    Done,
}

/// A connection that is being opened.
#[derive(Debug)]
struct PendingConnection<'a> {
    stream: TcpStream,
    step: Stage,
    handshake: Handshake<'a>,
    probe: String,
    /// The payload of the probe's echo.
    probe_echo: Vec<u8>,
    frames: FrameReader,
    /// What is still to be sent.
    outgoing: Vec<u8>,
    /// Whether the socket was left before it was empty.
    has_more: bool,
    started: Instant,
}

impl<'a> PendingConnection<'a> {
    fn start(
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
        let handshake = Handshake::new(destination.url);
        let probe = format!("ws-echo bench {:016x}", random.hash_one(index));
        Ok(Box::new(Self {
            stream,
            step: Stage::Connecting,
            handshake: handshake.map_err(ConnectionError::Request)?,
            probe_echo: prepared_message::echoed(probe.clone().into_bytes(), destination.echo),
            probe,
            frames: FrameReader::new(destination.echo),
            outgoing: Vec::new(),
            has_more: false,
            started: Instant::now(),
        }))
    }

    /// Sends and receives what the socket is ready for.
    fn advance(
        mut self: Box<Self>,
        destination: &Destination<'_>,
        buffer: &mut [u8],
    ) -> Result<Slot<'a>, ConnectionError> {
        if matches!(self.step, Stage::Connecting) {
            let is_connected = is_connected(&self.stream);
            if !is_connected
                .map_err(|error| ConnectionError::Connect(destination.address, error))?
            {
                return Ok(Slot::PendingConnection(self));
            }
            self.stream.set_nodelay(true)?;
            self.outgoing = self.handshake.request()?;
            self.step = Stage::Response;
        }
        self.exchange(buffer)?;
        match self.step {
            Stage::Done => Ok(Slot::Open(LoadConnection::new(
                self.stream,
                EchoChecker::new(self.frames),
                self.outgoing,
            ))),
            _ => Ok(Slot::PendingConnection(self)),
        }
    }

    /// Sends and reads until the socket is empty, or has had its turn.
    fn exchange(&mut self, buffer: &mut [u8]) -> Result<(), ConnectionError> {
        self.has_more = false;
        for _ in 0..READS_MAX {
            self.flush()?;
            load_connection::check_pongs(&self.outgoing)?;
            match self.stream.read(buffer) {
                Ok(0) => return Err(ConnectionError::Ended),
                Ok(len) => self.receive(&buffer[..len])?,
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

    fn receive(&mut self, mut bytes: &[u8]) -> Result<(), ConnectionError> {
        if matches!(self.step, Stage::Response) && self.handshake.receive(&mut bytes)? {
            self.step = Stage::Echo { is_probe: true };
            self.outgoing
                .extend(prepared_message::masked(TEXT, self.probe.as_bytes()));
        }
        self.receive_frames(bytes)
    }

    /// Skips messages up to the probe's echo; behind that there must be none.
    fn receive_frames(&mut self, mut bytes: &[u8]) -> Result<(), ConnectionError> {
        while let Some(piece) = self.frames.next(&mut bytes)? {
            match piece {
                FrameEvent::Data {
                    opcode,
                    offset,
                    bytes,
                    is_last,
                } => {
                    self.compare(opcode, offset, bytes, is_last)?;
                }
                FrameEvent::Ping(payload) => self
                    .outgoing
                    .extend(prepared_message::masked(PONG, &payload)),
                FrameEvent::Pong => {}
                FrameEvent::Close(code, reason) => {
                    return Err(ConnectionError::Closed(code, reason));
                }
            }
        }
        Ok(())
    }

    fn compare(
        &mut self,
        opcode: u8,
        offset: u64,
        bytes: &[u8],
        is_last: bool,
    ) -> Result<(), ConnectionError> {
        let Stage::Echo { is_probe } = &mut self.step else {
            return Err(EchoMismatch::Unasked.into());
        };
        let probe = &self.probe_echo;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = probe.get(start..).unwrap_or_default();
        *is_probe = (*is_probe || start == 0) && rest.starts_with(bytes);
        if !is_last || !*is_probe || rest.len() != bytes.len() {
            return Ok(());
        }
        if opcode != TEXT {
            return Err(EchoMismatch::Kind("binary").into());
        }
        self.step = Stage::Done;
        Ok(())
    }

    fn check_time(&self, timeout: Duration) -> Result<(), ConnectionError> {
        let awaited = match self.step {
            Stage::Connecting => "connection",
            Stage::Response => "response to the request",
            Stage::Echo { .. } | Stage::Done => "echo of the first text message",
        };
        if self.started.elapsed() < timeout {
            return Ok(());
        }
        Err(ConnectionError::Late(awaited, timeout))
    }
}
