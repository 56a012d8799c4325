//! A performance, a client in memory, and a clock that only the tests move.

use std::time::UNIX_EPOCH;

use crate::command_line::tests::options;
use crate::serve::behaviour::performance::ending::Cause;
use crate::serve::behaviour::performance::sending::Action;
use crate::serve::behaviour::performance::*;

pub(super) const MILLISECOND: Duration = Duration::from_millis(1);
pub(super) const SECOND: Duration = Duration::from_secs(1);
/// In place of the response that the core makes.
pub(super) const RESPONSE: &[u8] = b"HTTP/1.1 101\r\n\r\n";
/// A client's Close with the code 1000, masked with zeros as all frames here.
pub(super) const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";
/// No extension.
pub(super) const AGREED: Agreed = Agreed::NOTHING;
/// The most turns at one moment.
const TURNS_MAX: usize = 10_000;

/// Milliseconds since the start, and what was written then at once.
pub(super) type Written = (u64, Vec<u8>);

/// A performance and its client.
pub(super) struct Stage {
    performance: Option<Box<Performance>>,
    pool: Pool,
    limits: Limits,
    start: Instant,
    pub(super) now: Instant,
    scratch: Scratch,
    written: Vec<Written>,
    /// How late each turn is.
    pub(super) late: Duration,
    /// How many more bytes the client takes.
    pub(super) room: usize,
    /// How the transport has ended, in milliseconds since the start.
    pub(super) ended: Option<(u64, Action)>,
    pub(super) is_shut: bool,
    /// Why it was dropped, or how the log says that it ended.
    pub(super) ending: String,
}

/// A behaviour with the greeting `hi`, changed by `change`.
pub(super) fn behaviour(change: impl FnOnce(&mut Behaviour)) -> Behaviour {
    let mut behaviour = Behaviour::default();
    change(&mut behaviour);
    behaviour
}

impl Stage {
    /// A performance without a greeting, that has begun.
    pub(super) fn new(change: impl FnOnce(&mut Behaviour)) -> Self {
        let mut stage = Self::with(&[], None, Agreed::NOTHING, change);
        assert_eq!(stage.taken(), [(0, RESPONSE.to_vec())]);
        stage
    }

    /// A performance with this greeting.
    pub(super) fn greeting(text: &str, change: impl FnOnce(&mut Behaviour)) -> Self {
        Self::with(&[], Some(text), Agreed::NOTHING, change)
    }

    /// A performance of a server with these arguments.
    pub(super) fn with(
        arguments: &[&str],
        greeting: Option<&str>,
        agreed: Agreed,
        change: impl FnOnce(&mut Behaviour),
    ) -> Self {
        let mut stage = Self::blocked(arguments, greeting, agreed, change);
        stage.make_room(usize::MAX);
        stage
    }

    /// The same for a client that takes nothing yet.
    pub(super) fn blocked(
        arguments: &[&str],
        greeting: Option<&str>,
        agreed: Agreed,
        change: impl FnOnce(&mut Behaviour),
    ) -> Self {
        let options = options(arguments, &[]);
        let memory = options.max_memory;
        let now = Instant::now();
        let mut stage = Self {
            performance: None,
            pool: Pool::new(options.buffer_len, memory, options.max_backlog),
            limits: Limits::new(&options),
            start: now,
            now,
            scratch: Scratch::default(),
            written: Vec::new(),
            late: Duration::ZERO,
            room: 0,
            ended: None,
            is_shut: false,
            ending: String::new(),
        };
        stage.scratch.provide();
        let behaviour = Box::new(behaviour(change));
        let opening = Opening {
            response: RESPONSE.to_vec(),
            greeting: greeting.map(str::to_owned),
            agreed,
            opened: Moment::default(),
            seed: behaviour.seed.unwrap_or(0),
        };
        let begun = Performance::accept(behaviour, opening, &mut stage.around());
        stage.performance = Some(begun.expect("there is memory"));
        stage
    }

    fn around(&mut self) -> Surroundings<'_> {
        Surroundings {
            now: self.now,
            time: UNIX_EPOCH + (self.now - self.start),
            limits: self.limits,
            pool: &mut self.pool,
        }
    }

    /// Milliseconds since the start.
    pub(super) fn elapsed(&self) -> u64 {
        (self.now - self.start).as_millis() as u64
    }

    /// What was written since the last call.
    pub(super) fn taken(&mut self) -> Vec<Written> {
        std::mem::take(&mut self.written)
    }

    /// The same without the times, as one.
    pub(super) fn bytes(&mut self) -> Vec<u8> {
        self.taken()
            .into_iter()
            .flat_map(|(_, bytes)| bytes)
            .collect()
    }

    /// Whether the client is connected.
    pub(super) fn is_there(&self) -> bool {
        self.performance.is_some()
    }

    /// Whether what the client sends is received.
    pub(super) fn is_receiving(&self) -> bool {
        let performance = self.performance.as_ref();
        performance.is_some_and(|it| it.is_receiving(&self.limits))
    }

    /// How many bytes are held for the client.
    pub(super) fn held(&self) -> usize {
        let performance = self.performance.as_ref();
        performance.map_or(0, |it| it.held_len())
    }

    /// Lets the client send bytes.
    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let Some(mut performance) = self.performance.take() else {
            return;
        };
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut received = Ok(());
        for piece in bytes.as_ref().chunks(1000) {
            scratch.buffer.spare_mut()[..piece.len()].copy_from_slice(piece);
            scratch.buffer.commit(piece.len());
            received = performance.receive(&mut scratch.buffer, &mut self.around());
            if received.is_err() {
                break;
            }
            assert!(scratch.buffer.is_empty(), "nothing stays there");
        }
        self.scratch = scratch;
        self.performance = Some(performance);
        match received {
            Ok(()) => self.turns(),
            Err(short) => self.drop_client(Cause::from(short)),
        }
    }

    /// The client takes what it is sent again.
    pub(super) fn make_room(&mut self, room: usize) {
        self.room = room;
        self.turns();
    }

    /// The client ends its side.
    pub(super) fn leave(&mut self) {
        self.drop_client(Cause::EndOfStream);
    }

    /// The server stops.
    pub(super) fn stop(&mut self) {
        let mut performance = self.performance.take().expect("there is one");
        let stopped = performance.stop(&mut self.around());
        self.performance = Some(performance);
        match stopped {
            Ok(()) => self.turns(),
            Err(dropped) => self.drop_client(Cause::from(dropped)),
        }
    }

    /// Lets time pass, with a turn whenever there is an alarm. Returns how many those were.
    pub(super) fn pass(&mut self, time: Duration) -> usize {
        let end = self.now + time;
        let mut turns = 0;
        while let Some(performance) = &self.performance {
            let alarm = performance.alarm(self.now, &self.limits);
            if alarm > end {
                break;
            }
            assert!(turns < TURNS_MAX, "it wakes without end");
            self.now = self.now.max(alarm + self.late);
            turns += 1;
            self.turns();
        }
        self.now = end;
        turns
    }

    /// Does what is due now.
    fn turns(&mut self) {
        let Some(mut performance) = self.performance.take() else {
            return;
        };
        let mut scratch = std::mem::take(&mut self.scratch);
        let done = self.perform(&mut performance, &mut scratch);
        self.scratch = scratch;
        self.performance = Some(performance);
        match done {
            Ok(None) => {}
            Ok(Some(action)) => {
                self.ended = Some((self.elapsed(), action));
                self.drop_client(Cause::Planned);
            }
            Err(cause) => self.drop_client(cause),
        }
    }

    fn perform(
        &mut self,
        performance: &mut Performance,
        scratch: &mut Scratch,
    ) -> Result<Option<Action>, Cause> {
        performance.check_time(&mut self.around())?;
        for _ in 0..TURNS_MAX {
            match performance.next(&mut scratch.bytes, &mut self.around())? {
                Action::Wait => return Ok(None),
                Action::Write(len) => {
                    assert!(len > 0, "nothing is written");
                    let taken = len.min(self.room);
                    self.room -= taken;
                    if taken > 0 {
                        let bytes = scratch.bytes[..taken].to_vec();
                        self.written.push((self.elapsed(), bytes));
                    }
                    let taken = (taken > 0).then_some(taken);
                    performance.wrote(taken, &scratch.bytes, &mut self.around())?;
                    if taken.is_none() {
                        return Ok(None);
                    }
                }
                Action::Shut => self.is_shut = true,
                ended @ (Action::Finish | Action::Reset) => return Ok(Some(ended)),
            }
        }
        panic!("a turn has no end");
    }

    /// Drops the client: all its memory must be given back.
    fn drop_client(&mut self, cause: Cause) {
        let Some(mut performance) = self.performance.take() else {
            return;
        };
        let ending = performance.ending(cause);
        self.ending = ending.map(|ending| ending.to_string()).unwrap_or_default();
        performance.give_memory_back(&mut self.pool);
        assert!(self.pool.is_whole(), "memory was not given back");
    }
}

impl Drop for Stage {
    /// Whatever has happened, no memory is left behind.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.leave();
        }
    }
}

/// A client's frame.
pub(super) fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut frame = match payload.len() {
        len @ ..126 => vec![first, 0x80 | len as u8],
        len @ 126..0x1_0000 => [&[first, 0xFE][..], &(len as u16).to_be_bytes()].concat(),
        len => [&[first, 0xFF][..], &(len as u64).to_be_bytes()].concat(),
    };
    frame.extend([0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// A client's text.
pub(super) fn text(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(0x81, payload)
}

/// A short frame of the server.
pub(super) fn served(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    assert!(payload.len() < 126);
    [&[first, payload.len() as u8], payload].concat()
}

/// A short text of the server.
pub(super) fn echo(payload: impl AsRef<[u8]>) -> Vec<u8> {
    served(0x81, payload)
}

/// A Close of the server.
pub(super) fn close(code: u16, reason: &str) -> Vec<u8> {
    served(0x88, [&code.to_be_bytes(), reason.as_bytes()].concat())
}
