//! The core's client and the core's server, joined in memory, with zlib-rs beside the client only:
//! what it has compressed comes back as it was, and is what it can inflate (RFC 7692 sections 6
//! and 7.2).

use std::collections::VecDeque;

use ws_echo_core::{
    Agreed, Buffer, CloseCode, CompressedMessages, Connection, Event, Fin, Kind, Message, Window,
};
use ws_echo_tests::deflate::{Compressor, Inflater, agreed};

type Bytes = Buffer<Vec<u8>>;

type Client = ws_echo_core::Client<fn() -> [u8; 4]>;

/// What the server greets with. It is not compressed.
const GREETING: &str = "Welcome";

/// A message of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sent {
    kind: Kind,
    is_compressed: bool,
    bytes: Vec<u8>,
}

impl Sent {
    fn compressed(kind: Kind, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            kind,
            is_compressed: true,
            bytes: bytes.into(),
        }
    }

    fn plain(kind: Kind, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            is_compressed: false,
            ..Self::compressed(kind, bytes)
        }
    }
}

/// How the server echoes.
#[derive(Clone, Copy, Debug)]
enum Server {
    /// Each event.
    Events,
    /// Whole messages without looking at them, compressed ones too or not.
    Whole(CompressedMessages),
    /// All but the compressed message with this number: a fault.
    AllBut(usize),
    /// All before the compressed message with this number, in place of which it closes.
    Closes(usize),
}

/// The server's end.
struct ServerEnd {
    how: Server,
    connection: Connection,
    buffer: Bytes,
    compressed_messages: usize,
}

impl ServerEnd {
    fn advance(&mut self) {
        let mut exchange = self.connection.exchange(&mut self.buffer);
        if let Server::Whole(compressed) = self.how {
            exchange.echo_and_measure(compressed);
        }
        while let Some(event) = exchange.next_event().expect("the client is right") {
            let Event::Data(chunk) = event else { continue };
            let number = self.compressed_messages;
            let is_chosen = |chosen| chosen == number && chunk.is_compressed();
            self.compressed_messages += usize::from(chunk.is_compressed() && chunk.ends_message());
            match self.how {
                Server::AllBut(chosen) if is_chosen(chosen) => {}
                Server::Closes(chosen) if is_chosen(chosen) => {
                    let closed = exchange.close(CloseCode::MESSAGE_TOO_BIG, "");
                    closed.expect("it is the first Close");
                }
                _ => exchange.echo(chunk),
            }
        }
    }
}

/// The client's end, which compresses and inflates.
struct ClientEnd {
    connection: Connection<Client>,
    buffer: Bytes,
    /// What is left to send.
    unsent: VecDeque<Sent>,
    /// The longest fragment that it sends.
    fragment_len: usize,
    inflater: Inflater,
    /// The message that is being received, as it comes.
    begun: Vec<u8>,
    /// What was received; `None` for what cannot be inflated.
    received: Vec<Option<Sent>>,
    close: Option<Option<CloseCode>>,
}

impl ClientEnd {
    fn advance(&mut self) {
        let mut exchange = self.connection.exchange(&mut self.buffer);
        while let Some(event) = exchange.next_event().expect("the server is right") {
            let chunk = match event {
                Event::Data(chunk) => chunk,
                Event::Close(code) => {
                    self.close = Some(code);
                    continue;
                }
                event => panic!("{event:?}"),
            };
            self.begun.extend(exchange.bytes(&chunk));
            if chunk.ends_message() {
                let bytes = std::mem::take(&mut self.begun);
                let is_compressed = chunk.is_compressed();
                let bytes = match is_compressed {
                    true => self.inflater.inflate(&bytes),
                    false => Some(bytes),
                };
                let kind = chunk.kind();
                self.received.push(bytes.map(|bytes| Sent {
                    kind,
                    is_compressed,
                    bytes,
                }));
            }
        }
        // It must receive while the server does not take what is ready.
        while self.buffer.ready().is_empty()
            && !self.connection.is_closing()
            && let Some(message) = self.unsent.front_mut()
        {
            let mut exchange = self.connection.exchange(&mut self.buffer);
            let len = exchange.room().min(self.fragment_len);
            let (now, later) = message.bytes.split_at(len.min(message.bytes.len()));
            let fin = if later.is_empty() {
                Fin::Last
            } else {
                Fin::More
            };
            let sent = match (message.is_compressed, message.kind) {
                (true, kind) => exchange.send_compressed(kind, now, fin),
                (false, Kind::Binary) => exchange.send_fragment(Message::Binary(now), fin),
                (false, Kind::Text) => {
                    // Fragments of text that is not ASCII must not be cut anywhere.
                    let text = str::from_utf8(now).expect("plain text is ASCII here");
                    exchange.send_fragment(Message::Text(text), fin)
                }
            };
            sent.expect("there is room");
            message.bytes.drain(..len.min(message.bytes.len()));
            if fin == Fin::Last {
                self.unsent.pop_front();
            }
        }
    }
}

/// Moves up to `most` bytes from one end to the other. Returns whether there were any.
fn transmit(from: &mut Bytes, to: &mut Bytes, most: usize) -> bool {
    let spare = to.spare_mut();
    let len = most.min(from.ready().len()).min(spare.len());
    spare[..len].copy_from_slice(&from.ready()[..len]);
    to.commit(len);
    from.consume(len);
    len > 0
}

/// How much room there is, and how bytes are cut.
#[derive(Clone, Copy, Debug)]
struct Line {
    buffer_lens: [usize; 2],
    /// The server's buffer is for pieces.
    is_lent: bool,
    most: usize,
    fragment_len: usize,
}

impl Line {
    const WIDE: Self = Self {
        buffer_lens: [1 << 17; 2],
        is_lent: false,
        most: usize::MAX,
        fragment_len: usize::MAX,
    };

    const ALL: [Self; 4] = [
        Self::WIDE,
        Self {
            fragment_len: 100,
            most: 1000,
            ..Self::WIDE
        },
        Self {
            buffer_lens: [80, 61],
            is_lent: false,
            most: 7,
            fragment_len: 30,
        },
        Self {
            buffer_lens: [1000, 34],
            is_lent: true,
            most: 33,
            fragment_len: usize::MAX,
        },
    ];
}

/// Sends messages, compressed with this window at this level, and returns the client's end when
/// nothing moves any more.
fn echo(window: Window, level: i32, messages: &[Sent], how: Server, line: Line) -> ClientEnd {
    let mut compressor = Compressor::with_level(window, level);
    let compress = |message: &Sent| Sent {
        bytes: match message.is_compressed {
            true => compressor.compress(&message.bytes),
            false => message.bytes.clone(),
        },
        ..message.clone()
    };
    let agreed: Agreed = agreed(window);
    let mut client = ClientEnd {
        connection: Connection::client(agreed, || [1, 2, 3, 4]),
        buffer: Buffer::for_pieces(vec![0; line.buffer_lens[0]]),
        unsent: messages.iter().map(compress).collect(),
        fragment_len: line.fragment_len,
        inflater: Inflater::new(window),
        begun: Vec::new(),
        received: Vec::new(),
        close: None,
    };
    let new_buffer = if line.is_lent {
        Buffer::for_pieces
    } else {
        Buffer::new
    };
    let mut server = ServerEnd {
        how,
        connection: Connection::server(agreed),
        buffer: new_buffer(vec![0; line.buffer_lens[1]]),
        compressed_messages: 0,
    };
    let greeting = Message::Text(GREETING);
    let mut exchange = server.connection.exchange(&mut server.buffer);
    exchange.send(greeting).expect("there is room");
    loop {
        client.advance();
        let is_up = transmit(&mut client.buffer, &mut server.buffer, line.most);
        server.advance();
        let is_down = transmit(&mut server.buffer, &mut client.buffer, line.most);
        if !is_up && !is_down {
            return client;
        }
    }
}

/// Checks that messages come back, however they are echoed.
fn assert_echoed(window: Window, level: i32, messages: &[Sent], lines: &[Line]) {
    for how in [
        Server::Events,
        Server::Whole(CompressedMessages::Echo),
        Server::Whole(CompressedMessages::Leave),
    ] {
        for &line in lines {
            let what = format!("{window:?}, level {level}, {how:?}, {line:?}");
            let client = echo(window, level, messages, how, line);
            let (greeting, received) = client.received.split_first().expect("it is greeted");
            let expected = Sent::plain(Kind::Text, GREETING);
            assert_eq!(greeting.as_ref(), Some(&expected), "{what}");
            assert_eq!(received.len(), messages.len(), "{what}");
            for (number, (received, sent)) in received.iter().zip(messages).enumerate() {
                assert!(received.as_ref() == Some(sent), "{number}: {what}");
            }
            assert!(client.unsent.is_empty() && client.close.is_none());
        }
    }
}

/// Every window, kept and not.
fn windows() -> impl Iterator<Item = Window> {
    (8..=15)
        .filter_map(Window::new)
        .flat_map(|window| [window, window.kept()])
}

/// A message like those before it.
fn json(number: usize) -> String {
    format!(r#"{{"type":"position","number":{number},"latitude":52.52,"longitude":13.405}}"#)
}

/// Short messages of every sort: empty, repeated, not compressible, compressed and plain in turn.
fn short_messages() -> Vec<Sent> {
    let mut random = fastrand::Rng::with_seed(1);
    let noise: Vec<u8> = (0..600).map(|_| random.u8(..)).collect();
    let letters = "\u{e9}\u{fc}\u{df}\u{f1}".repeat(50);
    let mut messages = vec![
        Sent::compressed(Kind::Text, ""),
        Sent::compressed(Kind::Binary, ""),
        Sent::plain(Kind::Text, ""),
        Sent::compressed(Kind::Text, letters.clone()),
        Sent::compressed(Kind::Binary, noise.clone()),
        Sent::plain(Kind::Binary, noise.clone()),
        Sent::compressed(Kind::Binary, noise),
        Sent::compressed(Kind::Text, letters),
    ];
    for number in 0..6 {
        messages.push(Sent::compressed(Kind::Text, json(number)));
        messages.push(Sent::plain(Kind::Text, json(number)));
    }
    messages
}

#[test]
fn short_messages_come_back_with_every_window() {
    for window in windows() {
        assert_echoed(window, 6, &short_messages(), &Line::ALL);
    }
}

#[test]
fn messages_come_back_at_every_level() {
    for level in [0, 1, 9] {
        for window in [Window::MAX, Window::MAX.fresh()] {
            assert_echoed(window, level, &short_messages(), &Line::ALL);
        }
    }
}

#[test]
fn a_burst_of_200_comes_back() {
    let burst: Vec<_> = (0..200)
        .map(|number| Sent::compressed(Kind::Text, json(number)))
        .collect();
    for window in windows() {
        assert_echoed(window, 6, &burst, &Line::ALL[..2]);
    }
}

#[test]
fn long_messages_come_back() {
    let mut random = fastrand::Rng::with_seed(2);
    let noise: Vec<u8> = (0..2 << 20).map(|_| random.u8(..)).collect();
    let mut compressor = Compressor::new(Window::MAX);
    let is_longer = compressor.compress(&noise).len() > noise.len();
    assert!(is_longer, "it is not compressible");
    let mut text = String::new();
    while text.len() < 3 << 20 {
        text += &json(text.len());
    }
    let messages = [
        Sent::compressed(Kind::Text, "\u{e9}".repeat(20_000)),
        Sent::compressed(Kind::Binary, noise),
        Sent::compressed(Kind::Text, text),
        Sent::compressed(Kind::Text, "\u{e9}".repeat(20_000)),
    ];
    for window in [Window::MAX, Window::new(9).unwrap()] {
        assert_echoed(window, 1, &messages, &[Line::WIDE, Line::ALL[3]]);
    }
}

/// Why each compressed message must be echoed, or the connection closed.
mod a_message_that_is_not_echoed {
    use super::*;

    fn messages() -> Vec<Sent> {
        (0..4)
            .map(|number| Sent::compressed(Kind::Text, json(number)))
            .collect()
    }

    #[test]
    fn breaks_those_after_it_if_windows_are_kept() {
        let messages = messages();
        let client = echo(Window::MAX, 6, &messages, Server::AllBut(1), Line::WIDE);
        assert_eq!(client.received.len(), 1 + 3);
        assert_eq!(client.received[1].as_ref(), Some(&messages[0]));
        assert_ne!(client.received[2].as_ref(), Some(&messages[2]));
    }

    #[test]
    fn breaks_nothing_if_no_window_is_kept() {
        let messages = messages();
        let window = Window::MAX.fresh();
        let client = echo(window, 6, &messages, Server::AllBut(1), Line::WIDE);
        let received: Vec<_> = client.received[1..].iter().flatten().collect();
        assert_eq!(received, [&messages[0], &messages[2], &messages[3]]);
    }

    #[test]
    fn breaks_nothing_if_the_connection_is_closed_instead() {
        let messages = messages();
        for line in Line::ALL {
            let client = echo(Window::MAX, 6, &messages, Server::Closes(1), line);
            assert_eq!(client.close, Some(Some(CloseCode::MESSAGE_TOO_BIG)));
            assert_eq!(client.received.len(), 1 + 1);
            assert_eq!(client.received[1].as_ref(), Some(&messages[0]));
        }
    }
}
