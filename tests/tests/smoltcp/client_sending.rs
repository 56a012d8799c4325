//! The client sends messages: to the server of the examples, and to a scripted server.

use smoltcp::time::Duration;
use tungstenite::handshake::derive_accept_key;
use ws_echo_core::{ClientRequest, CloseCode, MIN_BUFFER_LEN};
use ws_echo_tests::scripted_client::WELCOME;
use ws_echo_tests::wire::{self, BINARY, CLOSE, Frame, PING, PONG, TEXT, masked, mirrored};

use crate::client_driver::ClientEvent::{Closed, Gone, Message, Opened};
use crate::echoes::{RINGS, STORAGES, binary, text};
use crate::network::{Network, Number, Setup};
use crate::server::Change;

pub(crate) const REQUEST: ClientRequest<'_> = ClientRequest::new("192.168.69.1:3000", "/");

/// A frame of a server.
pub(crate) fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    mirrored(&masked(first, payload))
}

/// A network without a server of the examples.
pub(crate) fn without_server(driver: [usize; 3]) -> Network {
    Network::new(Setup {
        servers: 0,
        driver,
        ..Setup::default()
    })
}

impl Network {
    /// Lets the client connect to the examples' server, which greets it.
    pub(crate) fn connect_client_to_server(&mut self) {
        self.connect_client(REQUEST).expect("it can connect");
        self.assert_client_events(&[Opened(None), Message(Frame::new(TEXT, WELCOME))]);
        self.assert_told(&[(0, Change::Opened)]);
    }

    /// Sends messages, and waits until each has come back.
    fn assert_comes_back(&mut self, messages: &[Frame]) {
        messages.iter().for_each(|it| self.driver.send(it.clone()));
        let told: Vec<_> = messages.iter().cloned().map(Message).collect();
        self.assert_client_events(&told);
    }

    /// The client closes, the server answers, and TCP ends in order.
    fn close_client(&mut self) {
        let resets = self.loopback.resets;
        self.driver.close(CloseCode::NORMAL, "bye");
        self.assert_client_events(&[Closed(Some(1000), String::new()), Gone]);
        self.assert_told(&[(0, Change::Gone)]);
        assert_eq!(self.loopback.resets, resets, "the connection was reset");
    }

    /// Lets the client connect to a script, up to its request. Returns the script's end, and the
    /// request.
    pub(crate) fn connect_client_to_script(
        &mut self,
        request: ClientRequest<'static>,
    ) -> (Number, String) {
        let server = self.listen();
        self.connect_client(request).expect("it can connect");
        let head = self.head(server);
        (server, head)
    }

    /// Lets the client connect to a script, which accepts and sends these bytes right after its
    /// response.
    pub(crate) fn open_client_to_script(&mut self, after: &[u8]) -> Number {
        let (server, request) = self.connect_client_to_script(REQUEST);
        self.send(server, [accepting(&request).as_bytes(), after].concat());
        self.wait("the response", |network| {
            network.driver.events.first() == Some(&Opened(None))
        });
        self.driver.events.remove(0);
        server
    }

    /// Waits for frames of the client, up to this many messages and control frames.
    pub(crate) fn sent_by_client(&mut self, server: Number, count: usize) -> Vec<Frame> {
        self.wait("messages", |network| {
            network.all_sent_by_client(server).len() >= count
        });
        self.all_sent_by_client(server)
    }

    /// The complete messages and control frames that the client has sent.
    pub(crate) fn all_sent_by_client(&self, server: Number) -> Vec<Frame> {
        let bytes = mirrored(self.received(server));
        wire::joined(&wire::unmasked(&bytes).0)
    }
}

fn key(request: &str) -> &str {
    let lines = request.lines();
    let mut keys = lines.filter_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    keys.next().expect("there is a key")
}

/// The response that accepts a request.
pub(crate) fn accepting(request: &str) -> String {
    let accept = derive_accept_key(key(request).as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

fn every_setup() -> impl Iterator<Item = Setup> {
    RINGS.into_iter().flat_map(|ring| {
        STORAGES.map(|buffer| Setup {
            ring,
            driver: [ring, ring, buffer],
            ..Setup::default()
        })
    })
}

#[test]
fn messages_of_every_length_come_back_through_rings_of_every_length() {
    for setup in every_setup() {
        let mut network = Network::new(setup);
        network.connect_client_to_server();
        for len in [0, 1, 60, 61, 125, 126, 127, 1000] {
            network.assert_comes_back(&[text(len), binary(len)]);
        }
        network.close_client();
    }
}

#[test]
fn rings_of_the_minimal_length_carry_messages_too() {
    let mut network = Network::new(Setup {
        driver: [MIN_BUFFER_LEN; 3],
        ..Setup::default()
    });
    network.connect_client_to_server();
    network.assert_comes_back(&[text(0), text(1000), binary(1000)]);
    network.close_client();
}

#[test]
fn a_message_that_fits_is_one_frame_and_a_longer_one_is_few() {
    let mut network = without_server([512, 512, 256]);
    let server = network.open_client_to_script(b"");
    network.driver.send(binary(200));
    network.sent_by_client(server, 1);
    assert_eq!(network.driver.fragments, 1);
    network.driver.send(text(20_000));
    assert_eq!(
        network.sent_by_client(server, 2),
        [binary(200), text(20_000)]
    );
    let number = network.driver.fragments;
    assert!((82..400).contains(&number), "{number} fragments");
}

#[test]
fn a_slow_server_does_not_get_tiny_fragments() {
    let mut network = Network::new(Setup {
        servers: 0,
        client: [100, 2048],
        driver: [127, 127, 256],
        ..Setup::default()
    });
    let server = network.open_client_to_script(b"");
    network.set_reads(server, false);
    network.driver.send(binary(3000));
    network.pass(Duration::from_secs(1));
    while network.read(server, 7) > 0 {
        network.pass(Duration::from_millis(20));
    }
    assert_eq!(network.sent_by_client(server, 1), [binary(3000)]);
    let number = network.driver.fragments;
    assert!(number < 3000 / 12, "{number} fragments");
}

#[test]
fn a_message_far_longer_than_all_buffers_comes_back() {
    for ring in RINGS {
        let mut network = Network::new(Setup {
            ring,
            driver: [ring, ring, 256],
            ..Setup::default()
        });
        network.connect_client_to_server();
        network.assert_comes_back(&[text(65_536), binary(70_000)]);
        network.close_client();
    }
}

#[test]
fn messages_come_back_intact_over_a_lossy_line() {
    for seed in 0..20 {
        let mut network = Network::over_a_lossy_line(seed);
        network.connect_client_to_server();
        for len in [0, 1, 126, 700, 3000] {
            network.assert_comes_back(&[text(len), binary(len)]);
        }
        let (lost, garbled) = (network.loopback.lost, network.loopback.garbled);
        assert!(lost > 2 && garbled > 2, "{lost} lost, {garbled} garbled");
        network.driver.close(CloseCode::NORMAL, "");
        network.assert_client_events(&[Closed(Some(1000), String::new()), Gone]);
    }
}

#[test]
fn frames_right_after_the_response_are_received_however_they_are_cut() {
    let glued = [
        frame(TEXT, WELCOME),
        frame(PING, "?"),
        frame(CLOSE, b"\x03\xe9later"),
    ]
    .concat();
    let told = [
        Message(Frame::new(TEXT, WELCOME)),
        Closed(Some(1001), "later".into()),
    ];
    for cut in [1, 7, 100, 1000] {
        let mut network = without_server([127, 127, 61]);
        let (server, request) = network.connect_client_to_script(REQUEST);
        let bytes = [accepting(&request).as_bytes(), &glued].concat();
        for part in bytes.chunks(cut) {
            network.send(server, part);
            network.turn();
        }
        network.assert_client_events(&[&[Opened(None)], &told[..]].concat());
        let answers = [Frame::new(PONG, "?"), Frame::close(1001)];
        assert_eq!(network.sent_by_client(server, 2), answers);
    }
}

#[test]
fn the_request_has_the_given_headers_and_the_choice_is_reported() {
    let mut network = without_server([127, 127, 61]);
    let (server, request) = network.connect_client_to_script(ClientRequest {
        subprotocols: &["mqtt", "chat"],
        headers: &[("Authorization", "Bearer 1234")],
        ..ClientRequest::new("example.com", "/device?id=7")
    });
    assert!(request.starts_with("GET /device?id=7 HTTP/1.1\r\nHost: example.com\r\n"));
    assert!(request.contains("\r\nSec-WebSocket-Protocol: mqtt, chat\r\n"));
    assert!(request.contains("\r\nAuthorization: Bearer 1234\r\n"));
    let response = accepting(&request);
    let response = response.strip_suffix("\r\n").expect("an empty line");
    network.send(
        server,
        format!("{response}Sec-WebSocket-Protocol: chat\r\n\r\n"),
    );
    network.assert_client_events(&[Opened(Some("chat".into()))]);
}

#[test]
fn each_connection_has_its_own_nonce_and_port_and_each_frame_its_own_key() {
    let mut network = without_server([512, 512, 256]);
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (server, request) = network.connect_client_to_script(REQUEST);
        network.send(server, accepting(&request));
        network.driver.send(binary(0));
        network.driver.send(binary(0));
        network.assert_client_events(&[Opened(None)]);
        network.sent_by_client(server, 2);
        let keys = network.received(server).chunks(6);
        seen.extend(keys.map(|frame| frame[2..].to_vec()));
        seen.push(key(&request).into());
        seen.push(network.remote_port(server).to_be_bytes().into());
        network.abort(server);
        network.assert_client_events(&[Gone]);
    }
    let number = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), number), (8, 8));
}

#[test]
fn input_is_received_while_the_server_takes_no_output() {
    for buffer in STORAGES {
        let mut network = without_server([127, 127, buffer]);
        let server = network.open_client_to_script(b"");
        network.set_reads(server, false);
        network.driver.send(binary(10_000));
        network.pass(Duration::from_secs(1));
        network.send(server, frame(TEXT, "h\u{e9}llo".repeat(1000)));
        let comes = Frame::new(TEXT, "h\u{e9}llo".repeat(1000));
        network.assert_client_events(&[Message(comes)]);
        network.set_reads(server, true);
        assert_eq!(network.sent_by_client(server, 1), [binary(10_000)]);
    }
}

#[test]
fn a_ping_is_answered_inside_a_message_that_the_server_is_slow_to_take() {
    let mut network = without_server([127, 127, 256]);
    let server = network.open_client_to_script(b"");
    network.set_reads(server, false);
    network.driver.send(text(10_000));
    network.pass(Duration::from_secs(1));
    network.send(server, frame(PING, [b'p'; 125]));
    // Each would fit the buffer alone, but not beside the Pong.
    network.send(server, frame(BINARY, [7; 200]).repeat(3));
    network.assert_client_events(&[0; 3].map(|_| Message(Frame::new(BINARY, [7; 200]))));
    network.set_reads(server, true);
    let heard = network.sent_by_client(server, 2);
    assert_eq!(heard, [Frame::new(PONG, [b'p'; 125]), text(10_000)]);
}

#[test]
fn a_message_does_not_wait_until_the_previous_one_is_acknowledged() {
    let mut network = Network::new(Setup::default());
    network.connect_client_to_server();
    network.pass(Duration::from_secs(1));
    let begin = network.now;
    for text in ["one", "two", "three"] {
        network.driver.send(Frame::new(TEXT, text));
        network.turn();
    }
    network.wait("the echoes", |network| network.driver.events.len() == 3);
    let took = network.now - begin;
    assert!(took < Duration::from_millis(8), "{took}");
}

#[test]
fn one_connection_after_the_other_costs_as_many_packets_as_the_first() {
    let mut network = Network::new(Setup::default());
    let mut costs = (0..50).map(|_| {
        let before = network.loopback.packets;
        network.connect_client_to_server();
        for text in ["one", "two", "three"] {
            network.assert_comes_back(&[Frame::new(TEXT, text)]);
            network.pass(Duration::from_secs(1));
        }
        network.close_client();
        network.loopback.packets - before
    });
    let first = costs.next();
    assert!(costs.all(|cost| Some(cost) == first));
}
