//! The core's client and the core's server, joined in memory: one receives what the other
//! transmits, cut at every place.

use std::slice;

use ws_echo_core::{
    Acceptance, Buffer, Client, ClientHandshake, ClientRequest, CloseCode, Connection, Event, Fin,
    MIN_BUFFER_LEN, Message, Progress, SendError, ServerHandshake,
};
use ws_echo_tests::driver::client::NONCE;

/// What the client sends. One of its frames, and room to receive, fit the smallest of the buffers.
const ACTIONS: [Action; 9] = [
    Action::Text("", Fin::Last),
    Action::Text("hello", Fin::Last),
    Action::Text("\u{4e16}\u{754c}", Fin::More),
    Action::Ping(b"?"),
    Action::Pong(b"!"),
    Action::Text(" is \u{2014}", Fin::More),
    Action::Text(" goes on", Fin::Last),
    Action::Text("\u{1f980}", Fin::Last),
    Action::Close(CloseCode::NORMAL, "bye"),
];

/// The greeting, and the echoes.
const MESSAGES: [&str; 5] = [
    "Welcome",
    "",
    "hello",
    "\u{4e16}\u{754c} is \u{2014} goes on",
    "\u{1f980}",
];

#[derive(Clone, Copy, Debug)]
enum Action {
    Text(&'static str, Fin),
    Ping(&'static [u8]),
    Pong(&'static [u8]),
    /// After everything has come back.
    Close(CloseCode, &'static str),
}

/// One direction of a transport. It takes everything that is ready, but is cut at one place; cut at
/// 0, it takes one byte at a time.
struct Direction {
    cut_at: usize,
    transmitted: usize,
}

impl Direction {
    fn cut_at(cut_at: usize) -> Self {
        Self {
            cut_at,
            transmitted: 0,
        }
    }

    /// Moves bytes that are ready in one buffer to the other. Returns whether there were any.
    fn transmit(&mut self, from: &mut Buffer<Vec<u8>>, to: &mut Buffer<Vec<u8>>) -> bool {
        let most = match self.cut_at {
            0 => 1,
            cut if cut > self.transmitted => cut - self.transmitted,
            _ => usize::MAX,
        };
        let spare = to.spare_mut();
        let len = most.min(from.ready().len()).min(spare.len());
        spare[..len].copy_from_slice(&from.ready()[..len]);
        to.commit(len);
        from.consume(len);
        self.transmitted += len;
        len > 0
    }
}

/// The server's end: it greets, and echoes.
struct ServerEnd {
    handshake: ServerHandshake<512>,
    connection: Option<Connection>,
    buffer: Buffer<Vec<u8>>,
    closed: Option<Option<CloseCode>>,
}

impl ServerEnd {
    fn new(buffer_len: usize) -> Self {
        Self {
            handshake: ServerHandshake::new(),
            connection: None,
            buffer: Buffer::new(vec![0; buffer_len]),
            closed: None,
        }
    }

    fn advance(&mut self) {
        while self.connection.is_none() {
            match self
                .handshake
                .advance(&mut self.buffer)
                .expect("the request is right")
            {
                Progress::Wait => return,
                Progress::Request => {
                    let accepted = self.handshake.accept(Acceptance {
                        subprotocol: Some("chat"),
                        greeting: Some(Message::Text("Welcome")),
                        ..Acceptance::default()
                    });
                    accepted.expect("the request is right");
                }
                Progress::Open(agreed) => {
                    // It is returned again.
                    let again = self.handshake.advance(&mut self.buffer);
                    assert_eq!(again, Ok(Progress::Open(agreed)));
                    self.connection = Some(Connection::server(agreed));
                }
                progress => panic!("{progress:?}"),
            }
        }
        let Some(connection) = &mut self.connection else {
            return;
        };
        let mut exchange = connection.exchange(&mut self.buffer);
        while let Some(event) = exchange.next_event().expect("the client is right") {
            match event {
                Event::Data(chunk) => exchange.echo(chunk),
                Event::Ping => assert_eq!(exchange.control_payload(), b"?"),
                Event::Pong => assert_eq!(exchange.control_payload(), b"!"),
                Event::Close(code) => self.closed = Some(code),
                event => panic!("{event:?}"),
            }
        }
    }
}

type NextKey = fn() -> [u8; 4];

/// The client's end: it sends its messages as soon as there is room, and closes when all have come
/// back.
struct ClientEnd {
    handshake: ClientHandshake<'static, 512>,
    connection: Option<Connection<Client<NextKey>>>,
    buffer: Buffer<Vec<u8>>,
    actions: slice::Iter<'static, Action>,
    /// What was received; the last message may be incomplete.
    received: Vec<String>,
    pongs: usize,
    closed: Option<Option<CloseCode>>,
}

impl ClientEnd {
    fn new(buffer_len: usize) -> Self {
        let request = ClientRequest {
            subprotocols: &["superchat", "chat"],
            ..ClientRequest::new("server.example.com", "/chat")
        };
        Self {
            handshake: ClientHandshake::new(request, NONCE).expect("the request can be sent"),
            connection: None,
            // It must receive while the server does not take what is ready.
            buffer: Buffer::for_pieces(vec![0; buffer_len]),
            actions: ACTIONS.iter(),
            received: vec![String::new()],
            pongs: 0,
            closed: None,
        }
    }

    fn advance(&mut self) {
        let connected = self.handshake.advance(&mut self.buffer);
        let Progress::Open(agreed) = connected.expect("the response is right") else {
            return;
        };
        let new = || Connection::client(agreed, (|| [1, 2, 3, 4]) as NextKey);
        let connection = self.connection.get_or_insert_with(new);
        let buffer = &mut self.buffer;
        let mut exchange = connection.exchange(buffer);
        while let Some(event) = exchange.next_event().expect("the server is right") {
            match event {
                Event::Data(chunk) => {
                    let text = exchange.text(&chunk).expect("all is text");
                    self.received.last_mut().unwrap().push_str(text);
                    if chunk.ends_message() {
                        self.received.push(String::new());
                    }
                }
                Event::Pong => {
                    assert_eq!(exchange.control_payload(), b"?");
                    self.pongs += 1;
                }
                Event::Close(code) => self.closed = Some(code),
                event => panic!("{event:?}"),
            }
        }
        // Pending output must leave room to receive.
        while buffer.ready().is_empty()
            && let Some(&action) = self.actions.as_slice().first()
        {
            let mut exchange = connection.exchange(buffer);
            let sent = match action {
                Action::Text(text, fin) => exchange.send_fragment(Message::Text(text), fin),
                Action::Ping(payload) => exchange.ping(payload),
                Action::Pong(payload) => exchange.pong(payload),
                Action::Close(..) if self.received.len() <= MESSAGES.len() => return,
                Action::Close(code, reason) => exchange.close(code, reason),
            };
            match sent {
                Ok(()) => self.actions.next(),
                Err(SendError::Full) => return,
                Err(error) => panic!("{error}"),
            };
        }
    }
}

/// Runs both ends until nothing moves, and checks that everything was sent and came back. Returns
/// how many bytes each end has transmitted.
fn run_both(buffer_lens: [usize; 2], cuts: [usize; 2]) -> [usize; 2] {
    let mut client = ClientEnd::new(buffer_lens[0]);
    let mut server = ServerEnd::new(buffer_lens[1]);
    let [mut up, mut down] = cuts.map(Direction::cut_at);
    let mut is_over = false;
    while !is_over {
        client.advance();
        let is_up = up.transmit(&mut client.buffer, &mut server.buffer);
        server.advance();
        let is_down = down.transmit(&mut server.buffer, &mut client.buffer);
        is_over = !is_up && !is_down;
    }
    let what = format!("buffers of {buffer_lens:?}, cut at {cuts:?}");
    assert_eq!(client.handshake.subprotocol(), Some("chat"), "{what}");
    assert_eq!(client.received.split_last().unwrap().1, MESSAGES, "{what}");
    assert_eq!(client.pongs, 1, "{what}");
    let [at_client, at_server] = [client.closed, server.closed];
    assert_eq!(at_client, Some(Some(CloseCode::NORMAL)), "{what}");
    assert_eq!(at_server, Some(Some(CloseCode::NORMAL)), "{what}");
    let server = server.connection.expect("it was opened");
    assert_eq!(server.close_reason(), "bye", "{what}");
    assert!(server.is_done() && client.connection.unwrap().is_done());
    [up.transmitted, down.transmitted]
}

#[test]
fn client_and_server_understand_each_other_at_every_cut() {
    for buffer_lens in [
        [4096; 2],
        [MIN_BUFFER_LEN, 4096],
        [4096, MIN_BUFFER_LEN],
        [50; 2],
    ] {
        let [up, down] = run_both(buffer_lens, [usize::MAX; 2]);
        for at in 0..=up.max(down) {
            let [cut_up, cut_down] = run_both(buffer_lens, [at; 2]);
            assert!(cut_up >= up.min(at) && cut_down >= down.min(at));
            run_both(buffer_lens, [at, usize::MAX]);
            run_both(buffer_lens, [usize::MAX, at]);
        }
    }
}

#[test]
fn client_and_server_understand_each_other_byte_by_byte() {
    for client_len in MIN_BUFFER_LEN..80 {
        for server_len in MIN_BUFFER_LEN..80 {
            run_both([client_len, server_len], [0; 2]);
        }
    }
}
