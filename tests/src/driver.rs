//! Drivers of the core in memory. They split the input and the output as the test asks.

pub mod client;
pub mod server;

use std::{iter, slice};

use ws_echo_core::{
    Agreed, Buffer, Client, CloseCode, CompressedMessages, Connection, Event, MIN_BUFFER_LEN,
    ProtocolError, Role, Server, Storage,
};

use crate::remote_server;
use crate::wire::{self, Frame};

/// Lengths of the pieces in which bytes are received or taken, repeated.
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

    /// Pieces of these lengths, repeated; a 0 counts as 1.
    pub fn cycle(lens: impl IntoIterator<Item = usize>) -> Self {
        Self(lens.into_iter().map(|len| len.max(1)).collect())
    }

    /// Pairs of input cuts and output cuts: whole, byte by byte, and some at random, which are the
    /// same for inputs of the same length. Empty if a [remote server](remote_server) is tested
    /// instead.
    pub fn many(input_len: usize) -> Vec<(Self, Self)> {
        if remote_server::is_named() {
            return Vec::new();
        }
        let mut random = fastrand::Rng::with_seed(input_len as u64);
        let mut cuts = vec![
            (Self::whole(), Self::whole()),
            (Self::bytes(), Self::bytes()),
            (Self::whole(), Self::bytes()),
        ];
        for longest in [4, 20, 200] {
            let mut lens = || Self::cycle((0..17).map(|_| random.usize(1..=longest)));
            cuts.push((lens(), lens()));
        }
        cuts
    }

    fn lens(&self) -> Lens<'_> {
        self.0.iter().copied().cycle()
    }
}

/// The lengths of pieces, without end.
type Lens<'a> = iter::Cycle<iter::Copied<slice::Iter<'a, usize>>>;

/// The result of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What was transmitted.
    pub frames: Vec<Frame>,
    /// The protocol error of the peer.
    pub error: Option<ProtocolError>,
    /// The peer's Close, and its code.
    pub close: Option<Option<CloseCode>>,
    /// The reason in the peer's Close.
    pub reason: String,
    /// The payloads of the Ping frames that were answered.
    pub pings: Vec<Vec<u8>>,
    /// The payloads of the Pong frames that were received.
    pub pongs: Vec<Vec<u8>>,
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

/// Hands `exchange` a buffer that belongs to one connection whenever there is something new:
/// `input` arrives in pieces of `cuts`, and the output is taken in pieces of `takes`. Returns the
/// output.
///
/// # Panics
///
/// If nothing is ready and there is no room to receive.
pub fn run(
    input: &[u8],
    cuts: &Cuts,
    takes: &Cuts,
    buffer_len: usize,
    mut exchange: impl FnMut(&mut Buffer<Vec<u8>>),
) -> Vec<u8> {
    let mut line = Line::new(input, cuts, takes, buffer_len);
    while !line.input.is_empty() {
        let has_room = !line.buffer.spare_mut().is_empty();
        assert!(has_room, "nothing is ready, and there is no room");
        line.receive();
        exchange(&mut line.buffer);
        while !line.buffer.ready().is_empty() {
            line.transmit();
            exchange(&mut line.buffer);
        }
    }
    line.transmitted
}

/// Like [`run`], but takes only one piece before it receives again, as far as there is room.
///
/// # Panics
///
/// If nothing is ready and there is no room to receive.
pub fn run_eagerly(
    input: &[u8],
    cuts: &Cuts,
    takes: &Cuts,
    buffer_len: usize,
    mut exchange: impl FnMut(&mut Buffer<Vec<u8>>),
) -> Vec<u8> {
    let mut line = Line::new(input, cuts, takes, buffer_len);
    while !line.input.is_empty() || !line.buffer.ready().is_empty() {
        let received = line.receive();
        exchange(&mut line.buffer);
        let moved = received + line.transmit();
        assert!(moved > 0, "nothing is ready, and there is no room");
        exchange(&mut line.buffer);
    }
    line.transmitted
}

/// A buffer that belongs to one connection, and the bytes before and after it.
struct Line<'a> {
    input: &'a [u8],
    cuts: Lens<'a>,
    buffer: Buffer<Vec<u8>>,
    takes: Lens<'a>,
    transmitted: Vec<u8>,
}

impl<'a> Line<'a> {
    fn new(input: &'a [u8], cuts: &'a Cuts, takes: &'a Cuts, buffer_len: usize) -> Self {
        Self {
            input,
            cuts: cuts.lens(),
            buffer: Buffer::new(vec![0; buffer_len]),
            takes: takes.lens(),
            transmitted: Vec::new(),
        }
    }

    /// Receives the next piece, as far as there is room, and returns its length.
    fn receive(&mut self) -> usize {
        let len = receive(&mut self.buffer, self.input, self.cuts.next().unwrap());
        self.input = &self.input[len..];
        len
    }

    /// Takes the next piece of what is ready, and returns its length.
    fn transmit(&mut self) -> usize {
        let ready = self.buffer.ready();
        let len = self.takes.next().unwrap().min(ready.len());
        self.transmitted.extend(&ready[..len]);
        self.buffer.consume(len);
        len
    }
}

/// Receives as much as there is room for, at most `most` bytes, and returns the number of bytes.
fn receive(buffer: &mut Buffer<Vec<u8>>, input: &[u8], most: usize) -> usize {
    let spare = buffer.spare_mut();
    let len = most.min(input.len()).min(spare.len());
    spare[..len].copy_from_slice(&input[..len]);
    buffer.commit(len);
    len
}

/// Hands `exchange` a buffer that is lent for one exchange at a time: `input` is peeked at in
/// pieces of `cuts`, and nothing may stay in the buffer. Returns the output.
///
/// # Panics
///
/// If nothing is read and nothing is answered.
pub fn run_in_pieces(
    input: &[u8],
    cuts: &Cuts,
    buffer_len: usize,
    mut exchange: impl FnMut(&mut Buffer<Vec<u8>>),
) -> Vec<u8> {
    let mut storage = vec![0; buffer_len];
    let mut transmitted = Vec::new();
    let mut cuts = cuts.lens();
    let mut input = input;
    let mut stalled = 0;
    loop {
        // Output that could not be made ready with the last byte needs further exchanges.
        let at_end = input.is_empty();
        let mut buffer = Buffer::for_pieces(storage);
        let len = receive(&mut buffer, input, cuts.next().unwrap());
        exchange(&mut buffer);
        transmitted.extend(buffer.ready());
        let read = len - buffer.received().len();
        input = &input[read..];
        if at_end && buffer.ready().is_empty() {
            return transmitted;
        }
        stalled = if read + buffer.ready().len() == 0 {
            stalled + 1
        } else {
            0
        };
        assert!(stalled < 2, "nothing was read and nothing was answered");
        storage = buffer.into_storage();
    }
}

/// A function that hands a session a buffer: see [`run`].
type Exchange<'a> = &'a mut dyn FnMut(&mut Buffer<Vec<u8>>);

/// Echoes a session with `run`: by a server that looks at each event, by servers that echo whole
/// messages without looking at them, or at the compressed ones only, and by a client, for which the
/// session is mirrored. All outcomes must be equal. Returns the outcome.
fn by_each_end(
    agreed: Agreed,
    input: &[u8],
    run: impl Fn(&[u8], Exchange<'_>) -> Vec<u8>,
) -> Outcome {
    let mut server = Session::server(agreed);
    let transmitted = run(input, &mut |buffer| server.exchange(buffer));
    let expected = server.outcome(&transmitted);

    for compressed in [CompressedMessages::Echo, CompressedMessages::Leave] {
        let mut server = Session::server(agreed);
        let transmitted = run(input, &mut |buffer| {
            server.exchange_whole(buffer, compressed);
        });
        assert_eq!(server.outcome(&transmitted), expected, "{compressed:?}");
    }

    let outcome = by_client(agreed, input, run);
    assert_eq!(outcome.joined(), expected.clone().joined(), "by a client");
    expected
}

/// Echoes a session by a client. The session and the outcome are mirrored.
fn by_client(
    agreed: Agreed,
    input: &[u8],
    run: impl Fn(&[u8], Exchange<'_>) -> Vec<u8>,
) -> Outcome {
    let mut client = Session::client(agreed);
    let transmitted = run(&wire::mirrored(input), &mut |buffer| {
        client.exchange(buffer)
    });
    client.outcome(&transmitted)
}

/// Echoes a session through a buffer that belongs to it: see [`run`].
pub fn echo(input: &[u8], cuts: &Cuts, takes: &Cuts, buffer_len: usize) -> Outcome {
    echo_with(Agreed::NOTHING, input, cuts, takes, buffer_len)
}

/// The same, on a connection for which this was agreed on.
pub fn echo_with(
    agreed: Agreed,
    input: &[u8],
    cuts: &Cuts,
    takes: &Cuts,
    buffer_len: usize,
) -> Outcome {
    by_each_end(agreed, input, |input, exchange| {
        run(input, cuts, takes, buffer_len, exchange)
    })
}

/// Echoes a session through a buffer that belongs to it, and receives while bytes are ready: see
/// [`run_eagerly`].
pub fn echo_eagerly(input: &[u8], cuts: &Cuts, takes: &Cuts, buffer_len: usize) -> Outcome {
    echo_eagerly_with(Agreed::NOTHING, input, cuts, takes, buffer_len)
}

fn echo_eagerly_with(
    agreed: Agreed,
    input: &[u8],
    cuts: &Cuts,
    takes: &Cuts,
    buffer_len: usize,
) -> Outcome {
    by_each_end(agreed, input, |input, exchange| {
        run_eagerly(input, cuts, takes, buffer_len, exchange)
    })
}

/// Echoes a session through a buffer that is lent for one exchange at a time: see
/// [`run_in_pieces`].
pub fn echo_in_pieces(input: &[u8], cuts: &Cuts, buffer_len: usize) -> Outcome {
    echo_in_pieces_with(Agreed::NOTHING, input, cuts, buffer_len)
}

/// The same, on a connection for which this was agreed on.
pub fn echo_in_pieces_with(
    agreed: Agreed,
    input: &[u8],
    cuts: &Cuts,
    buffer_len: usize,
) -> Outcome {
    by_each_end(agreed, input, |input, exchange| {
        run_in_pieces(input, cuts, buffer_len, exchange)
    })
}

/// Echoes a session whole, byte by byte and at random splits, through small and large buffers,
/// owned and lent, and over TCP if a [remote server](remote_server) is named. Returns the outcome,
/// which must always be the same.
///
/// # Panics
///
/// If an outcome differs in more than the fragments of messages longer than a buffer.
pub fn echo_always(input: &[u8]) -> Outcome {
    let expected = echo_always_with(Agreed::NOTHING, input);
    remote_server::check_session(input, &expected);
    expected
}

/// The same, on a connection for which this was agreed on, and not over TCP.
///
/// # Panics
///
/// The same.
pub fn echo_always_with(agreed: Agreed, input: &[u8]) -> Outcome {
    let roomy = MIN_BUFFER_LEN + input.len();
    let expected = echo_with(agreed, input, &Cuts::whole(), &Cuts::whole(), roomy);
    let joined = expected.clone().joined();
    for (cuts, takes) in Cuts::many(input.len()) {
        let outcome = echo_with(agreed, input, &cuts, &takes, roomy);
        assert_eq!(outcome, expected, "{cuts:?}, {takes:?}");
        let outcome = by_client(agreed, input, |input, exchange| {
            run(input, &cuts, &takes, roomy, exchange)
        });
        assert_eq!(
            outcome, expected,
            "frame for frame by a client, {cuts:?}, {takes:?}"
        );
        for len in [MIN_BUFFER_LEN, MIN_BUFFER_LEN + 1, 61, 200] {
            let outcome = echo_with(agreed, input, &cuts, &takes, len).joined();
            assert_eq!(outcome, joined, "{cuts:?}, {takes:?}, buffer of {len}");
            let outcome = echo_eagerly_with(agreed, input, &cuts, &takes, len).joined();
            assert_eq!(outcome, joined, "{cuts:?}, {takes:?}, eager, {len}");
            let outcome = echo_in_pieces_with(agreed, input, &cuts, len).joined();
            assert_eq!(outcome, joined, "{cuts:?}, lent buffer of {len}");
        }
    }
    expected
}

/// An open connection that echoes, and its outcome so far.
pub(crate) struct Session<R> {
    connection: Connection<R>,
    outcome: Outcome,
}

impl Session<Server> {
    pub(crate) fn server(agreed: Agreed) -> Self {
        Self::new(Connection::server(agreed))
    }

    /// Like [`exchange`](Self::exchange), but first echoes whole messages without looking at them.
    fn exchange_whole<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        compressed: CompressedMessages,
    ) {
        let mut exchange = self.connection.exchange(buffer);
        if exchange.echo_and_measure(compressed).is_all() {
            assert_eq!(exchange.next_event(), Ok(None), "there was something left");
        }
        self.exchange(buffer);
    }

    pub(crate) fn outcome(self, transmitted: &[u8]) -> Outcome {
        self.ended(transmitted)
    }
}

impl Session<Client<NextKey>> {
    /// A client with random masking keys, the same in every run.
    pub(crate) fn client(agreed: Agreed) -> Self {
        let mut random = fastrand::Rng::with_seed(1);
        Self::new(Connection::client(
            agreed,
            Box::new(move || random.u32(..).to_be_bytes()),
        ))
    }

    /// The outcome as if a server had transmitted it.
    pub(crate) fn outcome(self, transmitted: &[u8]) -> Outcome {
        let mut outcome = self.ended(&wire::mirrored(transmitted));
        assert_ne!(outcome.error, Some(ProtocolError::Unmasked));
        if outcome.error == Some(ProtocolError::Masked) {
            outcome.error = Some(ProtocolError::Unmasked);
        }
        outcome
    }
}

/// The source of masking keys.
pub(crate) type NextKey = Box<dyn FnMut() -> [u8; 4]>;

impl<R: Role> Session<R> {
    fn new(connection: Connection<R>) -> Self {
        Self {
            connection,
            outcome: Outcome::default(),
        }
    }

    pub(crate) fn exchange<S: Storage>(&mut self, buffer: &mut Buffer<S>) {
        let mut exchange = self.connection.exchange(buffer);
        loop {
            match exchange.next_event() {
                Ok(Some(Event::Data(chunk))) => exchange.echo(chunk),
                Ok(Some(Event::Ping)) => {
                    let payload = exchange.control_payload();
                    self.outcome.pings.push(payload.to_vec());
                }
                Ok(Some(Event::Pong)) => {
                    let payload = exchange.control_payload();
                    self.outcome.pongs.push(payload.to_vec());
                }
                Ok(Some(Event::Close(code))) => {
                    let before = self.outcome.close.replace(code);
                    assert_eq!(before, None, "a second Close event");
                }
                Ok(Some(event)) => panic!("{event:?}"),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(self.outcome.error.replace(error), None, "a second error");
                }
            }
        }
    }

    fn ended(mut self, transmitted: &[u8]) -> Outcome {
        let (frames, rest) = wire::unmasked(transmitted);
        assert!(rest.is_empty(), "a frame was cut: {rest:?}");
        self.outcome.frames = frames;
        self.outcome.reason = self.connection.close_reason().to_owned();
        self.outcome.done = self.connection.is_done();
        self.outcome
    }
}
