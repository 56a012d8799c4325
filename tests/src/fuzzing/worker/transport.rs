//! A transport in memory: what has arrived from a client, and how much the client takes. It asserts
//! what a worker must not do with a transport.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;

use ws_echo::{Readiness, Transport};

/// How many turns a client gets that is about to be judged, at most.
const LAST_TURNS_MAX: usize = 16;

/// The server's end of a link; the fuzz body has the other end.
#[derive(Debug)]
pub(super) struct MemoryTransport(pub(super) Rc<RefCell<Link>>);

/// The bytes between a client and the server.
#[derive(Debug)]
pub(super) struct Link {
    /// All that the client sends: first what the server has read, then what it can read.
    pub(super) input: Vec<u8>,
    pub(super) read: usize,
    pub(super) arrived: usize,
    /// The places of urgent data in the input: a read ends there.
    urgent: Vec<usize>,
    pub(super) state: State,
    /// What the client has received.
    pub(super) output: Vec<u8>,
    /// How many bytes the client takes until a write would block, and how many at once.
    pub(super) room: usize,
    pub(super) taken_at_once: usize,
    /// Whether the last write would have blocked.
    pub(super) is_blocked: bool,
    pub(super) is_shut: bool,
    /// Whether something was received while output waits.
    pub(super) has_read_ahead: bool,
    /// How many reads and writes will be interrupted.
    pub(super) interrupted_reads: u8,
    pub(super) interrupted_writes: u8,
    /// How many calls were interrupted.
    pub(super) interruptions: usize,
    /// The event that will be reported.
    pub(super) edge: Option<Readiness>,
    /// The end of the connection as the server was told of it.
    pub(super) disconnect: Option<Disconnect>,
    pub(super) is_dropped: bool,
    /// How many calls were made, how many reads returned something in these turns, and how many
    /// may.
    pub(super) calls: usize,
    reads_in_turns: usize,
    pub(super) turns_max: usize,
    /// The most bytes that a read may ask for.
    pub(super) longest_read: usize,
}

/// What the client has done with its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// The client has ended its side.
    Ended,
    /// The client receives nothing more, and writes to it fail.
    ReadShut,
    /// The connection is broken.
    Broken,
}

/// What ended a connection, as the server has seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disconnect {
    EndOfStream,
    ReadError,
    WriteError,
}

impl Link {
    pub(super) fn new(input: Vec<u8>, longest_read: usize) -> Self {
        Self {
            input,
            read: 0,
            arrived: 0,
            urgent: Vec::new(),
            state: State::Open,
            output: Vec::new(),
            room: usize::MAX,
            taken_at_once: usize::MAX,
            is_blocked: false,
            is_shut: false,
            has_read_ahead: false,
            interrupted_reads: 0,
            interrupted_writes: 0,
            interruptions: 0,
            // The transport is writable.
            edge: Some(Readiness::None),
            disconnect: None,
            is_dropped: false,
            calls: 0,
            reads_in_turns: 0,
            turns_max: 1,
            longest_read,
        }
    }

    /// Counts the reads of the next turn, or of this many turns.
    pub(super) fn begin_turns(&mut self, turns: usize) {
        (self.reads_in_turns, self.turns_max) = (0, turns);
    }

    /// Counts the reads of the last turns before the client is judged.
    pub(super) fn begin_last_turns(&mut self) {
        (self.reads_in_turns, self.turns_max) = (0, LAST_TURNS_MAX);
    }

    /// Whether the last turns are enough for all that has arrived.
    pub(super) fn fits_last_turns(&self) -> bool {
        self.urgent.len() < LAST_TURNS_MAX / 2
    }

    /// Lets up to `len` bytes arrive.
    pub(super) fn arrive(&mut self, len: usize, readiness: Readiness) {
        if !matches!(self.state, State::Open | State::ReadShut) {
            return;
        }
        let len = len.min(self.input.len() - self.arrived);
        self.arrived += len;
        if readiness == Readiness::UntilWouldBlock {
            self.urgent.push(self.arrived);
        }
        if len > 0 {
            self.announce(readiness);
        }
    }

    /// Whether everything that can be read ends where the data ends, without urgent data or an end
    /// of stream.
    pub(super) fn is_plain(&self) -> bool {
        self.state == State::Open && self.urgent.iter().all(|&place| place <= self.read)
    }

    /// Lets the client end its side, or both.
    pub(super) fn end(&mut self, state: State) {
        self.state = match (self.state, state) {
            (State::Open, _) => state,
            (State::ReadShut, State::Ended) | (_, State::Broken) => State::Broken,
            (before, _) => before,
        };
        if matches!(self.state, State::Ended | State::Broken) {
            self.announce(Readiness::UntilWouldBlock);
        }
    }

    pub(super) fn give_room(&mut self, room: usize) {
        self.room = room;
        self.announce_room();
    }

    /// Reports room if a write waits for it.
    pub(super) fn announce_room(&mut self) {
        if self.is_stalled() {
            self.announce(Readiness::None);
        }
    }

    /// Whether there is room for a write that waits.
    pub(super) fn is_stalled(&self) -> bool {
        self.is_blocked && self.room > 0
    }

    /// Whether there is something to receive, and no output that must be transmitted first.
    pub(super) fn is_waiting(&self) -> bool {
        let has_ended =
            matches!(self.state, State::Ended | State::Broken) && self.disconnect.is_none();
        !self.is_blocked && (self.read < self.arrived || has_ended)
    }

    fn announce(&mut self, readiness: Readiness) {
        self.edge = self.edge.max(Some(readiness));
    }

    fn call(&mut self) {
        assert_eq!(self.disconnect, None, "a transport that is over is used");
        self.calls += 1;
    }

    fn fail(&mut self, disconnect: Disconnect, kind: ErrorKind) -> io::Error {
        self.disconnect = Some(disconnect);
        kind.into()
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let offered = 1..=self.longest_read;
        assert!(offered.contains(&bytes.len()), "a read of {}", bytes.len());
        self.has_read_ahead |= self.is_blocked;
        self.call();
        interrupt(&mut self.interrupted_reads, &mut self.interruptions)?;
        if self.state == State::Broken {
            return Err(self.fail(Disconnect::ReadError, ErrorKind::ConnectionReset));
        }
        let urgent = self.urgent.iter().find(|&&place| place > self.read);
        let end = urgent.map_or(self.arrived, |&place| place.min(self.arrived));
        let len = (end - self.read).min(bytes.len());
        bytes[..len].copy_from_slice(&self.input[self.read..][..len]);
        self.read += len;
        if len > 0 {
            self.reads_in_turns += 1;
            let is_fair = self.reads_in_turns <= self.turns_max || !self.urgent.is_empty();
            assert!(is_fair, "more than a buffer's worth in a turn");
            return Ok(len);
        }
        if self.state == State::Ended {
            // The client may still take what waits for it.
            if !self.is_blocked {
                self.disconnect = Some(Disconnect::EndOfStream);
            }
            return Ok(0);
        }
        Err(ErrorKind::WouldBlock.into())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!bytes.is_empty() && !self.is_shut, "nothing to write");
        self.call();
        interrupt(&mut self.interrupted_writes, &mut self.interruptions)?;
        if matches!(self.state, State::ReadShut | State::Broken) {
            return Err(self.fail(Disconnect::WriteError, ErrorKind::BrokenPipe));
        }
        let len = bytes.len().min(self.room).min(self.taken_at_once);
        self.is_blocked = len == 0;
        if self.is_blocked {
            return Err(ErrorKind::WouldBlock.into());
        }
        if self.room != usize::MAX {
            self.room -= len;
        }
        self.output.extend(&bytes[..len]);
        Ok(len)
    }

    fn shut(&mut self) -> io::Result<()> {
        assert!(!self.is_shut && !self.is_blocked, "shut too early or twice");
        self.call();
        if self.state == State::Broken {
            return Err(self.fail(Disconnect::WriteError, ErrorKind::NotConnected));
        }
        self.is_shut = true;
        Ok(())
    }
}

/// Interrupts a call if more interruptions are due.
fn interrupt(left: &mut u8, interruptions: &mut usize) -> io::Result<()> {
    let Some(fewer) = left.checked_sub(1) else {
        return Ok(());
    };
    *left = fewer;
    *interruptions += 1;
    Err(ErrorKind::Interrupted.into())
}

impl Read for MemoryTransport {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(bytes)
    }
}

impl Write for MemoryTransport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for MemoryTransport {
    fn shut(&mut self) -> io::Result<()> {
        self.0.borrow_mut().shut()
    }

    fn reset(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for MemoryTransport {
    fn drop(&mut self) {
        self.0.borrow_mut().is_dropped = true;
    }
}
