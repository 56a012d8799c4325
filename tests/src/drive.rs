//! Drivers of the core in memory: they cut what is received, and what is transmitted, as they are told.

use ws_echo_core::{Buffer, CloseCode, Connection, Event, ProtocolError, Storage};

use crate::wire::{self, Frame};

/// Lengths of the pieces in which bytes arrive or are taken, over and over.
#[derive(Clone, Debug)]
pub struct Cuts(Vec<usize>);

impl Cuts {
    /// All at once.
    pub fn whole() -> Self {
        Self(vec![usize::MAX])
    }

    /// One byte at a time.
    pub fn bytes() -> Self {
        Self(vec![1])
    }

    /// A first piece of this length, and the rest.
    pub fn at(first: usize) -> Self {
        Self(vec![first, usize::MAX])
    }

    /// Pieces of these lengths; a 0 counts as 1, and after the last the first comes again.
    pub fn cycle(lens: impl IntoIterator<Item = usize>) -> Self {
        Self(lens.into_iter().map(|len| len.max(1)).collect())
    }

    fn lens(&self) -> impl Iterator<Item = usize> {
        self.0.iter().copied().cycle()
    }
}

/// What a session came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What was transmitted.
    pub frames: Vec<Frame>,
    /// What the peer did wrong.
    pub error: Option<ProtocolError>,
    /// The peer's Close, and its code.
    pub close: Option<Option<CloseCode>>,
    /// The reason in the peer's Close.
    pub reason: String,
    /// How many Pong frames came.
    pub pongs: usize,
    /// Whether the connection was over.
    pub done: bool,
}

impl Outcome {
    /// The same, with messages in place of their fragments.
    pub fn joined(mut self) -> Self {
        self.frames = wire::joined(&self.frames);
        self
    }
}

/// Echoes a session through a buffer that belongs to it. `input` arrives in pieces of `cuts`, and
/// what is ready is taken in pieces of `takes`, an exchange after each.
pub fn echo(input: &[u8], cuts: &Cuts, takes: &Cuts, buffer_len: usize) -> Outcome {
    let mut buffer = Buffer::new(vec![0; buffer_len]);
    let mut session = Session::default();
    let (mut cuts, mut takes) = (cuts.lens(), takes.lens());
    let mut input = input;
    while !input.is_empty() {
        let spare = buffer.spare_mut();
        assert!(!spare.is_empty(), "nothing is ready, and there is no room");
        let len = cuts.next().unwrap().min(input.len()).min(spare.len());
        let (now, later) = input.split_at(len);
        spare[..len].copy_from_slice(now);
        buffer.commit(len);
        input = later;
        session.exchange(&mut buffer);
        while !buffer.ready().is_empty() {
            let len = takes.next().unwrap().min(buffer.ready().len());
            session.transmitted.extend(&buffer.ready()[..len]);
            buffer.consume(len);
            session.exchange(&mut buffer);
        }
    }
    session.outcome()
}

/// Echoes a session through a buffer that is lent for one exchange at a time: `input` is peeked at
/// in pieces of `cuts`, and nothing may stay in the buffer.
pub fn echo_in_pieces(input: &[u8], cuts: &Cuts, buffer_len: usize) -> Outcome {
    let mut storage = vec![0; buffer_len];
    let mut session = Session::default();
    let mut cuts = cuts.lens();
    let mut input = input;
    let mut stalled = 0;
    while !input.is_empty() {
        let mut buffer = Buffer::for_pieces(&mut storage[..]);
        let spare = buffer.spare_mut();
        let len = cuts.next().unwrap().min(input.len()).min(spare.len());
        spare[..len].copy_from_slice(&input[..len]);
        buffer.commit(len);
        session.exchange(&mut buffer);
        session.transmitted.extend(buffer.ready());
        let read = len - buffer.received().len();
        stalled = if read + buffer.ready().len() == 0 {
            stalled + 1
        } else {
            0
        };
        assert!(stalled < 2, "nothing was read and nothing was answered");
        input = &input[read..];
    }
    // What could not be made ready with the last byte.
    loop {
        let mut buffer = Buffer::for_pieces(&mut storage[..]);
        session.exchange(&mut buffer);
        if buffer.ready().is_empty() {
            return session.outcome();
        }
        session.transmitted.extend(buffer.ready());
    }
}

struct Session {
    connection: Connection,
    transmitted: Vec<u8>,
    outcome: Outcome,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            connection: Connection::server(),
            transmitted: Vec::new(),
            outcome: Outcome::default(),
        }
    }
}

impl Session {
    fn exchange<S: Storage>(&mut self, buffer: &mut Buffer<S>) {
        let mut exchange = self.connection.exchange(buffer);
        loop {
            match exchange.next_event() {
                Ok(Some(Event::Data(chunk))) => exchange.echo(chunk),
                Ok(Some(Event::Pong)) => self.outcome.pongs += 1,
                Ok(Some(Event::Close(code))) => {
                    assert_eq!(
                        self.outcome.close.replace(code),
                        None,
                        "a second Close event"
                    );
                }
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(self.outcome.error.replace(error), None, "a second error");
                }
            }
        }
    }

    fn outcome(mut self) -> Outcome {
        let (frames, rest) = wire::unmasked(&self.transmitted);
        assert!(rest.is_empty(), "a frame was cut: {rest:?}");
        self.outcome.frames = frames;
        self.outcome.reason = self.connection.close_reason().to_owned();
        self.outcome.done = self.connection.is_done();
        self.outcome
    }
}
