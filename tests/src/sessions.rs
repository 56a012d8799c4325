//! Sessions that every server must handle, whatever it runs on: over TCP with the server at an
//! address, which greets and echoes.

use std::io::Write as _;
use std::net::SocketAddr;
use std::thread;

use crate::scripted_client::Client;
use crate::wire::{BINARY, Frame, PING, PONG, TEXT, masked, masked_close};

/// Several clients at once: each gets its own messages only.
pub fn several_clients_at_once(server: SocketAddr, number: usize) {
    let mut clients: Vec<_> = (0..number).map(|_| Client::greeted(server)).collect();
    for round in 0..3 {
        for (i, client) in clients.iter_mut().enumerate() {
            client.send(masked(TEXT, format!("{round} {i}")));
        }
        for (i, client) in clients.iter_mut().enumerate().rev() {
            let own = Frame::new(TEXT, format!("{round} {i}"));
            assert_eq!(client.receive_frame(), Some(own));
        }
    }
    for mut client in clients {
        client.send(masked(PING, "last"));
        assert_eq!(client.receive_frame(), Some(Frame::new(PONG, "last")));
        close(client);
    }
}

/// Clients that come and go, one after the other, and in different ways.
pub fn connects_and_disconnects(server: SocketAddr, number: usize) {
    for i in 0..number {
        match i % 4 {
            0 => close(Client::greeted(server)),
            1 => drop(Client::greeted(server)),
            2 => drop(Client::connect(server)),
            _ => {
                let mut client = Client::greeted(server);
                client.send(&masked(TEXT, "half a frame")[..9]);
            }
        }
    }
    expect_echo(&mut Client::greeted(server));
}

/// Bytes that are not a request, and bytes that are not frames. They do not affect a client beside
/// them.
pub fn garbage(server: SocketAddr) {
    let mut canary = Client::greeted(server);
    let mut random = fastrand::Rng::with_seed(1);
    let mut bytes = |len| -> Vec<u8> { (0..len).map(|_| random.u8(..)).collect() };
    let requests = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), // TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\n".repeat(1000),
        vec![0; 5000],
        bytes(5000),
    ];
    for request in requests {
        let mut client = Client::connect(server);
        // The server may close before it has received all of them.
        client.try_send(&request);
        client.receive_rest();
        expect_echo(&mut canary);
    }
    for _ in 0..20 {
        let mut client = Client::greeted(server);
        client.try_send(bytes(2000));
        client.shut();
        client.receive_rest();
        expect_echo(&mut canary);
    }
}

/// A long message in one frame comes back intact, in as many fragments as the server likes.
pub fn large_message(client: &mut Client, message_len: u64) {
    let sent = {
        let mut stream = client.handle();
        thread::spawn(move || {
            // A masking key of zeros.
            let mut header = vec![BINARY, 0x80 | 127];
            header.extend(message_len.to_be_bytes());
            header.extend([0; 4]);
            stream.write_all(&header).expect("the server reads");
            let pieces = Pieces::default();
            for at in (0..message_len).step_by(PIECE_LEN) {
                stream.write_all(&pieces.at(at)).expect("the server reads");
            }
        })
    };
    let pieces = Pieces::default();
    let (mut at, mut expected) = (0, Vec::new());
    while at < message_len {
        let frame = client.receive_frame().expect("the echo continues");
        let opcode = if at == 0 { 0x2 } else { 0x0 };
        let len = frame.payload.len();
        while expected.len() < len {
            expected.extend(pieces.at(at + expected.len() as u64));
        }
        assert!(expected[..len] == frame.payload, "from {at} on");
        expected.drain(..len);
        at += len as u64;
        let fin = if at == message_len { 0x80 } else { 0x00 };
        assert_eq!(frame.first, fin | opcode, "up to {at}");
    }
    sent.join().expect("all was sent");
}

/// The length of the pieces of the large message, in bytes; the length of a message is a multiple
/// of it.
pub const PIECE_LEN: usize = 1 << 16;

/// The pieces of the large message.
struct Pieces(Vec<u8>);

impl Default for Pieces {
    fn default() -> Self {
        Self((0..PIECE_LEN).map(|i| ((i * 7) >> 4) as u8).collect())
    }
}

impl Pieces {
    /// The piece from `at` on. It encodes its own position.
    fn at(&self, at: u64) -> Vec<u8> {
        let mut bytes = self.0.clone();
        bytes[..8].copy_from_slice(&at.to_be_bytes());
        bytes
    }
}

/// A text comes back.
pub fn expect_echo(client: &mut Client) {
    client.send(masked(TEXT, "canary"));
    assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "canary")));
}

/// The closing handshake, and the end of the connection.
fn close(mut client: Client) {
    client.send(masked_close(1000, ""));
    assert_eq!(client.receive_frame(), Some(Frame::close(1000)));
    assert_eq!(client.receive_frame(), None);
}
