//! A TLS stream over a line in memory that moves as many bytes at a time as a test says. At the
//! other end is rustls' client, or something that does not speak TLS.

use std::collections::VecDeque;
use std::iter;
use std::mem;
use std::sync::OnceLock;

use rustls::{ClientConfig, ClientConnection};

use super::*;
use crate::any_certificate::AnyCertificate;
use crate::options::serve::CertificateSource;
use crate::serve::tls::TlsAcceptor;
use crate::serve::tls::scratch::OVERHEAD;

/// Both directions of a line in memory.
#[derive(Debug, Default)]
struct Duplex {
    to_server: VecDeque<u8>,
    to_client: Vec<u8>,
    /// How many bytes a call moves at most.
    step: usize,
    /// How many bytes the line takes until the client reads.
    room: usize,
    is_shut_by_client: bool,
    is_shut_by_server: bool,
}

impl Read for Duplex {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let len = bytes.len().min(self.step).min(self.to_server.len());
        if len == 0 && !self.is_shut_by_client {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.to_server.read(&mut bytes[..len])
    }
}

impl Write for Duplex {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room - self.to_client.len();
        let len = bytes.len().min(self.step).min(room);
        if len == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.to_client.extend(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Duplex {
    fn shut(&mut self) -> io::Result<()> {
        self.is_shut_by_server = true;
        Ok(())
    }

    fn reset(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const VERSIONS: [&rustls::SupportedProtocolVersion; 2] =
    [&rustls::version::TLS12, &rustls::version::TLS13];

fn client(version: &'static rustls::SupportedProtocolVersion) -> ClientConnection {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let anyone = Arc::new(AnyCertificate(provider.clone()));
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(anyone)
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap()
}

fn tls_stream(step: usize) -> TlsStream<Duplex> {
    static TLS: OnceLock<TlsAcceptor> = OnceLock::new();
    let source = CertificateSource::SelfSigned { written_to: None };
    let tls = TLS.get_or_init(|| TlsAcceptor::new(&source, iter::empty()).unwrap());
    let line = Duplex {
        step,
        room: usize::MAX,
        ..Duplex::default()
    };
    TlsStream::new(line, tls.config.clone()).unwrap()
}

/// Reads all available bytes, at most `room` at a time.
fn read_all(stream: &mut TlsStream<Duplex>, room: usize) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let mut bytes = vec![0; room];
        match stream.read(&mut bytes) {
            Ok(0) => return Ok(all),
            Ok(len) => all.extend(&bytes[..len]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(all),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Moves what the client sends onto the line.
fn talk(client: &mut ClientConnection, stream: &mut TlsStream<Duplex>) {
    while client.wants_write() {
        client.write_tls(&mut stream.transport.to_server).unwrap();
    }
}

/// Passes the bytes on the line to the client, and returns what it reads.
fn listen(client: &mut ClientConnection, stream: &mut TlsStream<Duplex>) -> Vec<u8> {
    let mut all = Vec::new();
    let mut line = &mem::take(&mut stream.transport.to_client)[..];
    while !line.is_empty() {
        client.read_tls(&mut line).unwrap();
        let state = client.process_new_packets().unwrap();
        let mut bytes = vec![0; state.plaintext_bytes_to_read()];
        client.reader().read_exact(&mut bytes).unwrap();
        all.extend(bytes);
    }
    all
}

fn complete_handshake(client: &mut ClientConnection, stream: &mut TlsStream<Duplex>) {
    while client.is_handshaking() || !stream.is_open() {
        talk(client, stream);
        assert_eq!(read_all(stream, 100).unwrap(), b"");
        assert_eq!(listen(client, stream), b"");
    }
}

/// Writes all bytes while the client reads. Returns what the client has read.
fn send(
    stream: &mut TlsStream<Duplex>,
    client: &mut ClientConnection,
    mut bytes: &[u8],
) -> Vec<u8> {
    let mut got = Vec::new();
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(len) => bytes = &bytes[len..],
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                got.extend(listen(client, stream));
            }
        }
    }
    got.extend(listen(client, stream));
    got
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| ((i * 31) >> 4) as u8).collect()
}

#[test]
fn bytes_pass_in_both_directions_however_the_line_cuts_them() {
    for version in VERSIONS {
        for (step, room, len) in [
            (1, 1, 300),
            (7, 3, 40_000),
            (5000, 4096, 200_000),
            (1 << 20, 1 << 16, 300_000),
        ] {
            let mut client = client(version);
            let mut stream = tls_stream(step);
            complete_handshake(&mut client, &mut stream);
            let sent = pattern(len);
            client.set_buffer_limit(None);
            client.writer().write_all(&sent).unwrap();
            talk(&mut client, &mut stream);
            assert!(
                read_all(&mut stream, room).unwrap() == sent,
                "{step}, {room}"
            );
            stream.transport.room = 20_000;
            assert!(
                send(&mut stream, &mut client, &sent) == sent,
                "{step}, {room}"
            );
        }
    }
}

#[test]
fn a_read_that_returns_less_than_it_was_offered_has_drained_the_line_or_says_so() {
    let mut client = client(&rustls::version::TLS13);
    let mut stream = tls_stream(1 << 20);
    complete_handshake(&mut client, &mut stream);
    client.writer().write_all(b"some").unwrap();
    talk(&mut client, &mut stream);
    let mut bytes = [0; 100];
    assert_eq!(stream.read(&mut bytes).unwrap(), 4);
    assert!(!stream.is_cut_short());
    client.writer().write_all(b"last").unwrap();
    client.send_close_notify();
    talk(&mut client, &mut stream);
    assert_eq!(stream.read(&mut bytes).unwrap(), 4);
    assert!(stream.is_cut_short());
    assert_eq!(stream.read(&mut bytes).unwrap(), 0);
}

#[test]
fn bytes_before_a_cut_are_read_before_it() {
    let mut client = client(&rustls::version::TLS13);
    let mut stream = tls_stream(1 << 20);
    complete_handshake(&mut client, &mut stream);
    // Five records that fill the scratch to its last byte.
    let sent = pattern(SCRATCH_LEN - 5 * 22);
    client.set_buffer_limit(None);
    client.writer().write_all(&sent).unwrap();
    talk(&mut client, &mut stream);
    assert_eq!(stream.transport.to_server.len(), SCRATCH_LEN);
    stream.transport.is_shut_by_client = true;
    let mut bytes = vec![0; 1 << 20];
    assert_eq!(stream.read(&mut bytes).unwrap(), sent.len());
    assert!(stream.is_cut_short());
    let cut = stream.read(&mut bytes).unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn empty_records_do_not_delay_other_clients() {
    let mut client = client(&rustls::version::TLS12);
    let mut stream = tls_stream(1 << 20);
    complete_handshake(&mut client, &mut stream);
    client.set_buffer_limit(None);
    // Of one byte each, with more than thirty around it.
    for _ in 0..60_000 {
        client.writer().write_all(b"x").unwrap();
    }
    talk(&mut client, &mut stream);
    let mut bytes = vec![0; 1 << 20];
    let len = stream.read(&mut bytes).unwrap();
    assert!(len < 60_000 && stream.is_cut_short(), "{len}");
    assert_eq!(len + read_all(&mut stream, 1 << 20).unwrap().len(), 60_000);
}

#[test]
fn a_handshake_that_arrives_byte_by_byte_does_not_delay_other_clients() {
    let mut client = client(&rustls::version::TLS13);
    let mut stream = tls_stream(1);
    talk(&mut client, &mut stream);
    let before = stream.transport.to_server.len();
    let again = stream.read(&mut [0; 100]).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Interrupted);
    assert_eq!(
        before - stream.transport.to_server.len(),
        RECEIVES_MAX,
        "of {before} bytes"
    );
}

#[test]
fn nothing_is_received_before_the_messages_of_tls_are_taken() {
    let mut client = client(&rustls::version::TLS13);
    let mut stream = tls_stream(1 << 20);
    stream.transport.room = 0;
    talk(&mut client, &mut stream);
    // The record arrives alone, and then with others after it.
    stream.transport.step = stream.transport.to_server.len();
    stream.transport.to_server.extend([0; 100]);
    assert_eq!(read_all(&mut stream, 100).unwrap(), b"");
    assert!(stream.encrypted.len() > 0);
    let early = stream.write(b"go away").unwrap_err();
    assert_eq!(early.kind(), ErrorKind::WouldBlock);
    assert_eq!(stream.transport.to_server.len(), 100);
}

#[test]
fn records_of_the_caller_that_wait_do_not_keep_it_from_receiving() {
    for version in VERSIONS {
        let mut client = client(version);
        let mut stream = tls_stream(1 << 20);
        complete_handshake(&mut client, &mut stream);
        stream.transport.room = 1000;
        let answer = pattern(10_000);
        for _ in 0..2 {
            let waits = stream.write(&answer).unwrap_err();
            assert_eq!(waits.kind(), ErrorKind::WouldBlock);
            client.writer().write_all(&pattern(5000)).unwrap();
            talk(&mut client, &mut stream);
            assert_eq!(read_all(&mut stream, 300).unwrap(), pattern(5000));
        }
        // And then the client reads.
        let mut got = listen(&mut client, &mut stream);
        stream.transport.room = usize::MAX;
        assert_eq!(stream.write(&answer).unwrap(), answer.len());
        got.extend(listen(&mut client, &mut stream));
        assert_eq!(got, answer);
        // Its last bytes are not received before the end of our side is sent, but may be thrown
        // away.
        stream.transport.room = 0;
        stream.shut().unwrap();
        client.writer().write_all(&pattern(5000)).unwrap();
        talk(&mut client, &mut stream);
        assert_eq!(read_all(&mut stream, 300).unwrap(), b"");
        assert!(stream.transport.to_server.is_empty());
        stream.transport.room = usize::MAX;
        assert_eq!(read_all(&mut stream, 300).unwrap(), b"");
        assert!(stream.transport.is_shut_by_server);
    }
}

/// The memory that a stream owns, in bytes.
fn memory(stream: &TlsStream<Duplex>) -> usize {
    let TlsStream {
        received,
        decrypted,
        encrypted,
        ..
    } = stream;
    received.capacity() + decrypted.capacity() + encrypted.capacity()
}

const MEMORY_MAX: usize = <TlsStream<Duplex> as Transport>::MEMORY - RUSTLS_MEMORY;

#[test]
fn an_incomplete_message_costs_no_more_than_memory_says() {
    let mut stream = tls_stream(1 << 20);
    let line = [&[22, 3, 1, 0x40, 0, 1, 0, 0xff, 0xff][..], &[0; 0x3ffc]].concat();
    let more = [&[22, 3, 1, 0x40, 0][..], &[0; 0x4000]].concat();
    let mut came = 0;
    for part in [&line[..], &more, &more].concat().chunks(5000) {
        stream.transport.to_server.extend(part);
        assert_eq!(read_all(&mut stream, 100).unwrap(), b"");
        came += part.len();
        assert_eq!(memory(&stream), came);
    }
    assert!(came < MEMORY_MAX);
}

#[test]
fn bytes_that_are_not_read_or_taken_cost_no_more_than_memory_says() {
    for version in VERSIONS {
        let mut client = client(version);
        let mut stream = tls_stream(1 << 20);
        complete_handshake(&mut client, &mut stream);
        client.set_buffer_limit(None);
        client.writer().write_all(&pattern(50_000)).unwrap();
        talk(&mut client, &mut stream);
        assert_eq!(stream.read(&mut [0]).unwrap(), 1);
        stream.transport.room = 1000;
        let sent = stream.write(&pattern(1 << 20)).unwrap_err();
        assert_eq!(sent.kind(), ErrorKind::WouldBlock);
        stream.shut().unwrap();
        assert!(memory(&stream) <= MEMORY_MAX, "{}", memory(&stream));
    }
}

#[test]
fn bytes_are_taken_when_the_line_has_all_their_records() {
    let mut client = client(&rustls::version::TLS13);
    let mut stream = tls_stream(1 << 20);
    complete_handshake(&mut client, &mut stream);
    listen(&mut client, &mut stream);
    stream.transport.room = 1000;
    let sent = pattern(50_000);
    let mut got = Vec::new();
    loop {
        match stream.write(&sent) {
            Ok(len) => {
                assert_eq!(len, sent.len());
                break;
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        assert!(stream.encrypted.len() < sent.len() + OVERHEAD);
        got.extend(listen(&mut client, &mut stream));
    }
    got.extend(listen(&mut client, &mut stream));
    assert!(got == sent);
    assert_eq!(stream.encrypted.len(), 0);
}

#[test]
fn messages_of_tls_wait_for_room_and_so_do_received_bytes() {
    let mut client = client(&rustls::version::TLS13);
    let mut stream = tls_stream(1 << 20);
    stream.transport.room = 10;
    for _ in 0..10_000 {
        talk(&mut client, &mut stream);
        assert_eq!(read_all(&mut stream, 100).unwrap(), b"");
        assert_eq!(listen(&mut client, &mut stream), b"");
        if stream.is_open() {
            break;
        }
    }
    assert!(stream.is_open());
    // The server answers a request for new keys before it continues.
    client.refresh_traffic_keys().unwrap();
    client.writer().write_all(b"under new keys").unwrap();
    talk(&mut client, &mut stream);
    stream.transport.room = 1 << 20;
    assert_eq!(read_all(&mut stream, 100).unwrap(), b"under new keys");
    assert_eq!(send(&mut stream, &mut client, b"answer"), b"answer");
}

#[test]
fn close_notify_distinguishes_the_end_from_a_cut() {
    for version in VERSIONS {
        let (mut client, mut stream) = (client(version), tls_stream(1 << 20));
        complete_handshake(&mut client, &mut stream);
        stream.transport.room = 3;
        stream.shut().unwrap();
        assert!(!stream.transport.is_shut_by_server);
        stream.shut().unwrap();
        while !stream.transport.is_shut_by_server {
            read_all(&mut stream, 100).unwrap();
            listen(&mut client, &mut stream);
        }
        assert!(client.process_new_packets().unwrap().peer_has_closed());
        stream.transport.to_server.extend(b"late");
        stream.transport.is_shut_by_client = true;
        let late = stream.read(&mut [0; 4]).unwrap_err();
        assert_eq!(late.kind(), ErrorKind::Interrupted);
        assert_eq!(
            stream.read(&mut [0]).unwrap(),
            0,
            "its end is all that counts now"
        );

        let (mut client, mut stream) = (self::client(version), tls_stream(1 << 20));
        complete_handshake(&mut client, &mut stream);
        stream.transport.is_shut_by_client = true;
        let cut = read_all(&mut stream, 100).unwrap_err();
        assert_eq!(cut.kind(), ErrorKind::UnexpectedEof);
    }
}

#[test]
fn after_close_notify_a_client_is_still_answered_and_its_bytes_are_ignored() {
    for version in VERSIONS {
        let (mut client, mut stream) = (client(version), tls_stream(1 << 20));
        complete_handshake(&mut client, &mut stream);
        client.writer().write_all(b"last").unwrap();
        client.send_close_notify();
        talk(&mut client, &mut stream);
        stream.transport.to_server.extend([23, 3, 3, 0, 1, 0]);
        assert_eq!(read_all(&mut stream, 100).unwrap(), b"last");
        assert_eq!(memory(&stream), 0);
        assert_eq!(send(&mut stream, &mut client, b"answer"), b"answer");
    }
}

#[test]
fn a_write_before_any_read_completes_the_handshake() {
    let mut client = client(&rustls::version::TLS13);
    let mut stream = tls_stream(1 << 20);
    talk(&mut client, &mut stream);
    let early = stream.write(b"go away").unwrap_err();
    assert_eq!(early.kind(), ErrorKind::WouldBlock);
    listen(&mut client, &mut stream);
    client.writer().write_all(b"request").unwrap();
    talk(&mut client, &mut stream);
    assert_eq!(send(&mut stream, &mut client, b"go away"), b"go away");
    assert_eq!(read_all(&mut stream, 3).unwrap(), b"request");
}

#[test]
fn plain_http_is_recognized_and_passed_through() {
    let mut stream = tls_stream(1 << 20);
    let request = b"GET / HTTP/1.1\r\n\r\n";
    stream.transport.to_server.extend(request);
    assert_eq!(read_all(&mut stream, 5).unwrap(), request);
    assert!(stream.wrong_protocol(request).is_some());
    stream.transport.to_server.extend(b"more");
    assert_eq!(read_all(&mut stream, 100).unwrap(), b"more");
    assert_eq!(stream.write(b"answer").unwrap(), 6);
    stream.shut().unwrap();
    assert_eq!(stream.transport.to_client, b"answer");
    assert!(stream.transport.is_shut_by_server);
}

/// The alert that answers these bytes, and rustls' own error text.
fn alert(bytes: &[u8]) -> (Vec<u8>, String) {
    let mut stream = tls_stream(1 << 20);
    stream.transport.to_server.extend(bytes);
    let error = read_all(&mut stream, 100).unwrap_err();
    (
        mem::take(&mut stream.transport.to_client),
        error.to_string(),
    )
}

#[test]
fn bytes_that_are_not_tls_get_an_alert() {
    let (sent, reason) = alert(b"\x05\x01\x00 what SOCKS sends");
    assert!(sent.starts_with(&[21, 3, 3, 0, 2, 2]), "{reason}");
    assert!(reason.starts_with("TLS: "), "{reason}");
    let (sent, reason) = alert(&[22, 3, 1, 0, 4, 99, 0, 0, 0]);
    assert!(sent.starts_with(&[21, 3, 3, 0, 2, 2]), "{reason}");
    // A message longer than any valid one, in small parts.
    let parts = [22, 3, 1, 0, 1, 0].repeat(20_000);
    let (_, reason) = alert(&[&[22, 3, 1, 0, 4, 1, 0, 0xff, 0xff][..], &parts].concat());
    assert!(
        reason.ends_with("a message of the handshake is too long"),
        "{reason}"
    );
    // Half of a message, and then a record of another kind: rustls has no alert for that.
    let (_, reason) = alert(&[22, 3, 1, 0, 5, 1, 0, 1, 0, 3, 23, 3, 3, 0, 1, 0]);
    assert!(reason.contains("Interleaved"), "{reason}");
}

#[test]
fn bytes_from_a_client_can_only_end_its_own_connection() {
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..2_000 {
        let version = VERSIONS[round % 2];
        let mut client = client(version);
        let mut stream = tls_stream(random.usize(1..500));
        let is_open = random.bool();
        if is_open {
            complete_handshake(&mut client, &mut stream);
            client.writer().write_all(b"some").unwrap();
        }
        talk(&mut client, &mut stream);
        let line = &mut stream.transport.to_server;
        for _ in 0..random.usize(1..4) {
            let place = random.usize(..line.len());
            match random.u8(..4) {
                0 => line[place] ^= 1 << random.u8(..8),
                1 => line.truncate(place),
                2 => line.extend([22, 3, 3, 0, 5, 1, 0, 1, 0, 3]),
                _ => drop(line.remove(place)),
            }
            if line.is_empty() {
                break;
            }
        }
        stream.transport.is_shut_by_client = true;
        let end = read_all(&mut stream, 100);
        assert!(end.is_err() || !is_open || end.unwrap().len() <= 4);
        let _ = stream.write(b"answer");
        let _ = stream.shut();
        assert!(memory(&stream) <= MEMORY_MAX);
    }
}
