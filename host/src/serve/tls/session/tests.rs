//! A session over a line in memory that takes and gives as many bytes at a time as a test says; at the other
//! end is rustls' client, or nobody who speaks TLS.

use std::collections::VecDeque;
use std::sync::OnceLock;

use rustls::{ClientConfig, ClientConnection};

use super::*;
use crate::any_certificate::AnyCertificate;
use crate::serve::tls::scratch::OVERHEAD;
use crate::serve::tls::{CertificateSource, Tls};

/// Both directions of a line.
#[derive(Debug, Default)]
struct Line {
    to_server: VecDeque<u8>,
    to_client: Vec<u8>,
    /// How many bytes a call moves at most.
    step: usize,
    /// How many bytes the line takes until the client reads.
    room: usize,
    is_shut_by_client: bool,
    is_shut_by_server: bool,
}

impl Read for Line {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let len = bytes.len().min(self.step).min(self.to_server.len());
        if len == 0 && !self.is_shut_by_client {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.to_server.read(&mut bytes[..len])
    }
}

impl Write for Line {
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

impl Transport for Line {
    fn shut(&mut self) -> io::Result<()> {
        self.is_shut_by_server = true;
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

fn session(step: usize) -> Session<Line> {
    static TLS: OnceLock<Tls> = OnceLock::new();
    let source = CertificateSource::SelfSigned { written_to: None };
    let tls = TLS.get_or_init(|| Tls::new(&source, &[]).unwrap());
    let line = Line {
        step,
        room: usize::MAX,
        ..Line::default()
    };
    Session::new(line, tls.config.clone()).unwrap()
}

/// Reads all that is there, into room for so many bytes at a time.
fn read_all(session: &mut Session<Line>, room: usize) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let mut bytes = vec![0; room];
        match session.read(&mut bytes) {
            Ok(0) => return Ok(all),
            Ok(len) => all.extend(&bytes[..len]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(all),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Moves what the client has to say onto the line.
fn talk(client: &mut ClientConnection, session: &mut Session<Line>) {
    while client.wants_write() {
        client.write_tls(&mut session.transport.to_server).unwrap();
    }
}

/// Gives the client what stands on the line, and returns what it reads.
fn listen(client: &mut ClientConnection, session: &mut Session<Line>) -> Vec<u8> {
    let mut all = Vec::new();
    let mut line = &mem::take(&mut session.transport.to_client)[..];
    while !line.is_empty() {
        client.read_tls(&mut line).unwrap();
        let state = client.process_new_packets().unwrap();
        let mut bytes = vec![0; state.plaintext_bytes_to_read()];
        client.reader().read_exact(&mut bytes).unwrap();
        all.extend(bytes);
    }
    all
}

fn shake_hands(client: &mut ClientConnection, session: &mut Session<Line>) {
    while client.is_handshaking() || !session.is_open() {
        talk(client, session);
        assert_eq!(read_all(session, 100).unwrap(), b"");
        assert_eq!(listen(client, session), b"");
    }
}

/// Writes all of it, for as long as the client reads so much at a time; returns what that has got.
fn send(session: &mut Session<Line>, client: &mut ClientConnection, mut bytes: &[u8]) -> Vec<u8> {
    let mut got = Vec::new();
    while !bytes.is_empty() {
        match session.write(bytes) {
            Ok(len) => bytes = &bytes[len..],
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                got.extend(listen(client, session));
            }
        }
    }
    got.extend(listen(client, session));
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
            let mut session = session(step);
            shake_hands(&mut client, &mut session);
            let sent = pattern(len);
            client.set_buffer_limit(None);
            client.writer().write_all(&sent).unwrap();
            talk(&mut client, &mut session);
            assert!(
                read_all(&mut session, room).unwrap() == sent,
                "{step}, {room}"
            );
            session.transport.room = 20_000;
            assert!(
                send(&mut session, &mut client, &sent) == sent,
                "{step}, {room}"
            );
        }
    }
}

#[test]
fn a_read_that_returns_less_than_it_was_offered_has_drained_the_line_or_says_so() {
    let mut client = client(&rustls::version::TLS13);
    let mut session = session(1 << 20);
    shake_hands(&mut client, &mut session);
    client.writer().write_all(b"some").unwrap();
    talk(&mut client, &mut session);
    let mut bytes = [0; 100];
    assert_eq!(session.read(&mut bytes).unwrap(), 4);
    assert!(!session.is_cut_short());
    client.writer().write_all(b"last").unwrap();
    client.send_close_notify();
    talk(&mut client, &mut session);
    assert_eq!(session.read(&mut bytes).unwrap(), 4);
    assert!(session.is_cut_short());
    assert_eq!(session.read(&mut bytes).unwrap(), 0);
}

#[test]
fn what_came_before_a_cut_is_read_before_it() {
    let mut client = client(&rustls::version::TLS13);
    let mut session = session(1 << 20);
    shake_hands(&mut client, &mut session);
    // Five records that fill the scratch to its last byte.
    let sent = pattern(SCRATCH_LEN - 5 * 22);
    client.set_buffer_limit(None);
    client.writer().write_all(&sent).unwrap();
    talk(&mut client, &mut session);
    assert_eq!(session.transport.to_server.len(), SCRATCH_LEN);
    session.transport.is_shut_by_client = true;
    let mut bytes = vec![0; 1 << 20];
    assert_eq!(session.read(&mut bytes).unwrap(), sent.len());
    assert!(session.is_cut_short());
    let cut = session.read(&mut bytes).unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn records_with_nothing_in_them_do_not_hold_up_others() {
    let mut client = client(&rustls::version::TLS12);
    let mut session = session(1 << 20);
    shake_hands(&mut client, &mut session);
    client.set_buffer_limit(None);
    // Of one byte each, with more than thirty around it.
    for _ in 0..60_000 {
        client.writer().write_all(b"x").unwrap();
    }
    talk(&mut client, &mut session);
    let mut bytes = vec![0; 1 << 20];
    let len = session.read(&mut bytes).unwrap();
    assert!(len < 60_000 && session.is_cut_short(), "{len}");
    assert_eq!(len + read_all(&mut session, 1 << 20).unwrap().len(), 60_000);
}

#[test]
fn a_handshake_that_comes_byte_by_byte_does_not_hold_up_others() {
    let mut client = client(&rustls::version::TLS13);
    let mut session = session(1);
    talk(&mut client, &mut session);
    let before = session.transport.to_server.len();
    let again = session.read(&mut [0; 100]).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Interrupted);
    assert_eq!(
        before - session.transport.to_server.len(),
        RECEIVES_MAX,
        "of {before} bytes"
    );
}

#[test]
fn nothing_is_received_before_what_tls_has_to_say_is_taken() {
    let mut client = client(&rustls::version::TLS13);
    let mut session = session(1 << 20);
    session.transport.room = 0;
    talk(&mut client, &mut session);
    // It comes alone, and behind it whatever it is.
    session.transport.step = session.transport.to_server.len();
    session.transport.to_server.extend([0; 100]);
    assert_eq!(read_all(&mut session, 100).unwrap(), b"");
    assert!(session.encrypted.len() > 0);
    let early = session.write(b"go away").unwrap_err();
    assert_eq!(early.kind(), ErrorKind::WouldBlock);
    assert_eq!(session.transport.to_server.len(), 100);
}

/// How much memory a session has of its own.
fn memory(session: &Session<Line>) -> usize {
    let Session {
        received,
        decrypted,
        encrypted,
        ..
    } = session;
    received.capacity() + decrypted.capacity() + encrypted.capacity()
}

const MEMORY_MAX: usize = <Session<Line> as Transport>::MEMORY - RUSTLS_MEMORY;

#[test]
fn half_a_message_that_grows_costs_no_more_than_is_promised() {
    let mut session = session(1 << 20);
    let line = [&[22, 3, 1, 0x40, 0, 1, 0, 0xff, 0xff][..], &[0; 0x3ffc]].concat();
    let more = [&[22, 3, 1, 0x40, 0][..], &[0; 0x4000]].concat();
    let mut came = 0;
    for part in [&line[..], &more, &more].concat().chunks(5000) {
        session.transport.to_server.extend(part);
        assert_eq!(read_all(&mut session, 100).unwrap(), b"");
        came += part.len();
        assert_eq!(memory(&session), came);
    }
    assert!(came < MEMORY_MAX);
}

#[test]
fn bytes_that_are_not_read_and_not_taken_cost_no_more_than_is_promised() {
    for version in VERSIONS {
        let mut client = client(version);
        let mut session = session(1 << 20);
        shake_hands(&mut client, &mut session);
        client.set_buffer_limit(None);
        client.writer().write_all(&pattern(50_000)).unwrap();
        talk(&mut client, &mut session);
        assert_eq!(session.read(&mut [0]).unwrap(), 1);
        session.transport.room = 1000;
        let sent = session.write(&pattern(1 << 20)).unwrap_err();
        assert_eq!(sent.kind(), ErrorKind::WouldBlock);
        session.shut().unwrap();
        assert!(memory(&session) <= MEMORY_MAX, "{}", memory(&session));
    }
}

#[test]
fn bytes_are_taken_when_the_line_has_all_their_records() {
    let mut client = client(&rustls::version::TLS13);
    let mut session = session(1 << 20);
    shake_hands(&mut client, &mut session);
    listen(&mut client, &mut session);
    session.transport.room = 1000;
    let sent = pattern(50_000);
    let mut got = Vec::new();
    loop {
        match session.write(&sent) {
            Ok(len) => {
                assert_eq!(len, sent.len());
                break;
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        assert!(session.encrypted.len() < sent.len() + OVERHEAD);
        got.extend(listen(&mut client, &mut session));
    }
    got.extend(listen(&mut client, &mut session));
    assert!(got == sent);
    assert_eq!(session.encrypted.len(), 0);
}

#[test]
fn what_tls_has_to_say_waits_for_room_and_so_does_what_is_received() {
    let mut client = client(&rustls::version::TLS13);
    let mut session = session(1 << 20);
    session.transport.room = 10;
    for _ in 0..10_000 {
        talk(&mut client, &mut session);
        assert_eq!(read_all(&mut session, 100).unwrap(), b"");
        assert_eq!(listen(&mut client, &mut session), b"");
        if session.is_open() {
            break;
        }
    }
    assert!(session.is_open());
    // Asked for new keys, it answers before it goes on.
    client.refresh_traffic_keys().unwrap();
    client.writer().write_all(b"under new keys").unwrap();
    talk(&mut client, &mut session);
    session.transport.room = 1 << 20;
    assert_eq!(read_all(&mut session, 100).unwrap(), b"under new keys");
    assert_eq!(send(&mut session, &mut client, b"answer"), b"answer");
}

#[test]
fn the_end_is_said_and_told_from_a_cut() {
    for version in VERSIONS {
        let (mut client, mut session) = (client(version), session(1 << 20));
        shake_hands(&mut client, &mut session);
        session.transport.room = 3;
        session.shut().unwrap();
        assert!(!session.transport.is_shut_by_server);
        session.shut().unwrap();
        while !session.transport.is_shut_by_server {
            read_all(&mut session, 100).unwrap();
            listen(&mut client, &mut session);
        }
        assert!(client.process_new_packets().unwrap().peer_has_closed());
        session.transport.to_server.extend(b"late");
        session.transport.is_shut_by_client = true;
        let late = session.read(&mut [0; 4]).unwrap_err();
        assert_eq!(late.kind(), ErrorKind::Interrupted);
        assert_eq!(
            session.read(&mut [0]).unwrap(),
            0,
            "its end is all that counts now"
        );

        let (mut client, mut session) = (self::client(version), self::session(1 << 20));
        shake_hands(&mut client, &mut session);
        session.transport.is_shut_by_client = true;
        let cut = read_all(&mut session, 100).unwrap_err();
        assert_eq!(cut.kind(), ErrorKind::UnexpectedEof);
    }
}

#[test]
fn who_has_said_the_end_is_answered_still_and_what_comes_behind_is_ignored() {
    for version in VERSIONS {
        let (mut client, mut session) = (client(version), session(1 << 20));
        shake_hands(&mut client, &mut session);
        client.writer().write_all(b"last").unwrap();
        client.send_close_notify();
        talk(&mut client, &mut session);
        session.transport.to_server.extend([23, 3, 3, 0, 1, 0]);
        assert_eq!(read_all(&mut session, 100).unwrap(), b"last");
        assert_eq!(memory(&session), 0);
        assert_eq!(send(&mut session, &mut client, b"answer"), b"answer");
    }
}

#[test]
fn who_has_to_write_first_completes_the_handshake() {
    let mut client = client(&rustls::version::TLS13);
    let mut session = session(1 << 20);
    talk(&mut client, &mut session);
    let early = session.write(b"go away").unwrap_err();
    assert_eq!(early.kind(), ErrorKind::WouldBlock);
    listen(&mut client, &mut session);
    client.writer().write_all(b"request").unwrap();
    talk(&mut client, &mut session);
    assert_eq!(send(&mut session, &mut client, b"go away"), b"go away");
    assert_eq!(read_all(&mut session, 3).unwrap(), b"request");
}

#[test]
fn plain_http_is_carried_as_it_is_and_told_from_tls() {
    let mut session = session(1 << 20);
    let request = b"GET / HTTP/1.1\r\n\r\n";
    session.transport.to_server.extend(request);
    assert_eq!(read_all(&mut session, 5).unwrap(), request);
    assert!(session.wrong_protocol(request).is_some());
    session.transport.to_server.extend(b"more");
    assert_eq!(read_all(&mut session, 100).unwrap(), b"more");
    assert_eq!(session.write(b"answer").unwrap(), 6);
    session.shut().unwrap();
    assert_eq!(session.transport.to_client, b"answer");
    assert!(session.transport.is_shut_by_server);
}

/// The alert that bytes lead to, with which rustls' own words are.
fn alert(bytes: &[u8]) -> (Vec<u8>, String) {
    let mut session = session(1 << 20);
    session.transport.to_server.extend(bytes);
    let error = read_all(&mut session, 100).unwrap_err();
    (
        mem::take(&mut session.transport.to_client),
        error.to_string(),
    )
}

#[test]
fn what_is_no_tls_gets_an_alert() {
    let (sent, reason) = alert(b"\x05\x01\x00 what SOCKS sends");
    assert!(sent.starts_with(&[21, 3, 3, 0, 2, 2]), "{reason}");
    assert!(reason.starts_with("TLS: "), "{reason}");
    let (sent, reason) = alert(&[22, 3, 1, 0, 4, 99, 0, 0, 0]);
    assert!(sent.starts_with(&[21, 3, 3, 0, 2, 2]), "{reason}");
    // A message that is longer than any, in small parts.
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
fn no_bytes_that_a_client_sends_can_do_more_than_end_its_connection() {
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..2_000 {
        let version = VERSIONS[round % 2];
        let mut client = client(version);
        let mut session = session(random.usize(1..500));
        let is_open = random.bool();
        if is_open {
            shake_hands(&mut client, &mut session);
            client.writer().write_all(b"some").unwrap();
        }
        talk(&mut client, &mut session);
        let line = &mut session.transport.to_server;
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
        session.transport.is_shut_by_client = true;
        let end = read_all(&mut session, 100);
        assert!(end.is_err() || !is_open || end.unwrap().len() <= 4);
        let _ = session.write(b"answer");
        let _ = session.shut();
        assert!(memory(&session) <= MEMORY_MAX);
    }
}
