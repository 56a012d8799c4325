//! How long an echo takes in the core, in memory: unmasking (binary messages), UTF-8 (text),
//! headers (empty messages, fragments, pings), whole exchanges with events and without, and the
//! handshake.
//!
//! ```sh
//! cargo bench -p ws-echo-core --features std             # as the host has it
//! cargo bench -p ws-echo-core                            # as a microcontroller has it
//! cargo bench -p ws-echo-core --features std -- chinese  # some of it
//! ```
//!
//! The printed throughput counts payload.

use divan::Bencher;
use divan::counter::BytesCount;
use ws_echo_core::{
    Acceptance, Agreed, Buffer, Connection, Event, Message, Progress, ServerHandshake,
};

/// Payload lengths in bytes.
const LENS: [usize; 6] = [16, 128, 1024, 4096, 16 << 10, 64 << 10];

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const PING: u8 = 0x89;

fn main() {
    divan::main();
}

#[divan::bench(args = LENS)]
fn binary(bencher: Bencher<'_, '_>, len: usize) {
    echo_whole(bencher, len, Session::new(&[(BINARY, vec![0x5A; len])]));
}

#[divan::bench(args = LENS)]
fn ascii(bencher: Bencher<'_, '_>, len: usize) {
    echo_whole(bencher, len, Session::new(&[(TEXT, vec![b'a'; len])]));
}

#[divan::bench(args = LENS)]
fn chinese(bencher: Bencher<'_, '_>, len: usize) {
    echo_whole(bencher, len, Session::new(&[(TEXT, chinese_text(len))]));
}

/// Sixteen messages in one read.
#[divan::bench(args = [16, 128, 1024, 4096])]
fn ascii_x16(bencher: Bencher<'_, '_>, len: usize) {
    let messages = vec![(TEXT, vec![b'a'; len]); 16];
    echo_whole(bencher, 16 * len, Session::new(&messages));
}

#[divan::bench(args = LENS)]
fn ascii_by_events(bencher: Bencher<'_, '_>, len: usize) {
    echo_events(bencher, len, Session::new(&[(TEXT, vec![b'a'; len])]));
}

/// Two fragments for each message.
#[divan::bench(args = LENS)]
fn fragments(bencher: Bencher<'_, '_>, len: usize) {
    let half = vec![0x5A; len / 2];
    let fragments = [(BINARY & 0x0F, half.clone()), (0x80, half)];
    echo_events(bencher, len, Session::new(&fragments));
}

#[divan::bench(args = [0, 4, 125])]
fn ping(bencher: Bencher<'_, '_>, len: usize) {
    echo_events(bencher, len, Session::new(&[(PING, vec![0x5A; len])]));
}

#[divan::bench]
fn handshake(bencher: Bencher<'_, '_>) {
    const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nUser-Agent: benchmark\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let mut buffer = Buffer::new([0; 4096]);
    bencher.bench_local(|| {
        let mut handshake = ServerHandshake::<1024>::new();
        receive(&mut buffer, REQUEST);
        assert!(matches!(
            handshake.advance(&mut buffer),
            Ok(Progress::Request)
        ));
        let acceptance = Acceptance {
            greeting: Some(Message::Text("Welcome")),
            ..Acceptance::default()
        };
        handshake.accept(acceptance).unwrap();
        assert!(matches!(
            handshake.advance(&mut buffer),
            Ok(Progress::Open(_))
        ));
        buffer.consume(usize::MAX);
    });
}

/// Frames that arrive at once, and a connection that echoes them.
struct Session {
    connection: Connection,
    buffer: Buffer<Vec<u8>>,
    received: Vec<u8>,
    /// How many of their bytes must be written again before each echo. The masking keys are zeros:
    /// the payload of a single frame is still in the buffer.
    written: usize,
}

impl Session {
    fn new(frames: &[(u8, Vec<u8>)]) -> Self {
        let received: Vec<u8> = frames
            .iter()
            .flat_map(|(first, payload)| frame(*first, payload))
            .collect();
        let mut buffer = Buffer::new(vec![0; received.len() + 100]);
        buffer.spare_mut()[..received.len()].copy_from_slice(&received);
        let written = match frames {
            [(_, payload)] => received.len() - payload.len(),
            _ => received.len(),
        };
        Self {
            connection: Connection::server(Agreed::NOTHING),
            buffer,
            received,
            written,
        }
    }

    fn receive(&mut self) {
        let written = &self.received[..self.written];
        self.buffer.spare_mut()[..self.written].copy_from_slice(written);
        self.buffer.commit(self.received.len());
    }

    fn echo_by_events(&mut self) {
        let mut exchange = self.connection.exchange(&mut self.buffer);
        while let Some(event) = exchange.next_event().unwrap() {
            if let Event::Data(chunk) = event {
                exchange.echo(chunk);
            }
        }
    }
}

fn echo_whole(bencher: Bencher<'_, '_>, len: usize, mut session: Session) {
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        session.receive();
        let mut exchange = session.connection.exchange(&mut session.buffer);
        assert!(exchange.echo_whole_messages());
        session.buffer.consume(usize::MAX);
    });
}

fn echo_events(bencher: Bencher<'_, '_>, len: usize, mut session: Session) {
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        session.receive();
        session.echo_by_events();
        assert!(!session.buffer.ready().is_empty());
        session.buffer.consume(usize::MAX);
    });
}

fn receive(buffer: &mut Buffer<[u8; 4096]>, bytes: &[u8]) {
    buffer.spare_mut()[..bytes.len()].copy_from_slice(bytes);
    buffer.commit(bytes.len());
}

/// A frame with a masking key of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len();
    let mut frame = match len {
        0..126 => vec![first, 0x80 | len as u8],
        126..0x1_0000 => [&[first, 0xFE][..], &(len as u16).to_be_bytes()].concat(),
        _ => [&[first, 0xFF][..], &(len as u64).to_be_bytes()].concat(),
    };
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// Characters of three bytes. If the length is not a multiple of three, ASCII at the end.
fn chinese_text(len: usize) -> Vec<u8> {
    let mut text = "\u{6c34}\u{706b}\u{6728}".repeat(len / 9).into_bytes();
    text.resize(len, b'.');
    text
}
