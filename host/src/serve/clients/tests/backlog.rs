//! Clients that send first and read later: their answers are kept, within limits.

use super::*;

/// Longer than any deadline after which answers are kept.
const MOMENT: Duration = Duration::from_millis(200);
const KIB: usize = 1 << 10;

/// A binary frame of this many bytes, or a fragment.
fn long_frame(first: u8, len: usize) -> Vec<u8> {
    let header = match u16::try_from(len) {
        Ok(len) => [&[first, 0xFE], &len.to_be_bytes()[..], &[0; 4]].concat(),
        Err(_) => [&[first, 0xFF], &(len as u64).to_be_bytes()[..], &[0; 4]].concat(),
    };
    [header, payload(len)].concat()
}

fn payload(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 7) as u8).collect()
}

/// The payloads of the data frames in what a client received, one after the other, and the rest
/// from the first Close on.
fn split(mut received: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut payload = Vec::new();
    while let [first, second, rest @ ..] = received
        && *first != 0x88
    {
        let (len, rest) = match *second {
            127 => (u64::from_be_bytes(*rest.first_chunk().unwrap()), &rest[8..]),
            126 => (
                u16::from_be_bytes(*rest.first_chunk().unwrap()).into(),
                &rest[2..],
            ),
            len => (len.into(), rest),
        };
        payload.extend(&rest[..len as usize]);
        received = &rest[len as usize..];
    }
    (payload, received.to_vec())
}

impl Server {
    /// A client that has sent this and takes nothing.
    fn open_mute(&mut self, bytes: &[u8]) -> (usize, End) {
        let (key, end) = self.open();
        end.0.borrow_mut().room = 0;
        self.send(key, &end, bytes);
        (key, end)
    }

    /// Lets a client take bytes.
    fn take(&mut self, key: usize, end: &End, room: usize) {
        end.0.borrow_mut().room = room;
        self.clients.handle(key, Readiness::None);
        while self.clients.timeout() == Some(Duration::ZERO) {
            self.round();
        }
    }

    /// Whether all memory of buffers and backlogs is there.
    fn has_all_memory(&mut self, memory: usize) -> bool {
        let pool = &mut self.clients.shared.pool;
        let has_all = pool.take_memory(memory).is_some();
        if has_all {
            pool.give_memory_back(memory);
        }
        has_all
    }
}

fn unread(end: &End) -> usize {
    end.0.borrow().to_server.len()
}

#[test]
fn a_client_that_sends_everything_before_it_reads_gets_its_echo() {
    let one = long_frame(0x82, 1000 * KIB);
    let fragments = [
        long_frame(0x02, 300 * KIB),
        frame(0x89, ""),
        long_frame(0x80, 700 * KIB),
    ];
    let fragments = fragments.concat();
    let small = frame(0x82, "small").repeat(20_000);
    for (sent, expected) in [
        (one, payload(1000 * KIB)),
        (fragments, [payload(300 * KIB), payload(700 * KIB)].concat()),
        (small, b"small".repeat(20_000)),
    ] {
        let mut server = Server::new(&["--threads=1", "--max-memory=32MiB", "--deflate=off"]);
        let (key, end) = server.open_mute(&sent);
        assert!(unread(&end) > 0, "it may be about to read");
        server.pass(MOMENT);
        assert_eq!((unread(&end), received(&end)), (0, vec![]));
        // What arrives later is received at once.
        server.send(key, &end, frame(0x82, "later"));
        assert_eq!(unread(&end), 0);
        server.take(key, &end, 5);
        server.take(key, &end, usize::MAX);
        let (echoed, rest) = split(&received(&end));
        let expected = [&expected[..], b"later"].concat();
        assert!(echoed == expected && rest.is_empty(), "{}", echoed.len());
        assert!(server.has_all_memory((32 << 20) - 8 * KIB));
        // Nothing is left of it.
        server.send(key, &end, frame(0x81, "hi"));
        assert_eq!(received(&end), echo(0x81, "hi"));
    }
}

#[test]
fn a_client_that_takes_something_has_no_backlog() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open_mute(&long_frame(0x82, 1000 * KIB));
    let before = unread(&end);
    for _ in 0..100 {
        server.pass(Duration::from_millis(90));
        server.take(key, &end, 1);
        assert_eq!(unread(&end), before);
    }
    server.pass(MOMENT);
    assert_eq!(unread(&end), 0);
}

#[test]
fn a_full_backlog_stops_receiving_until_something_is_taken() {
    let mut server = Server::new(&["--max-backlog=100KiB", "--stall-timeout=60s"]);
    let (key, end) = server.open_mute(&long_frame(0x82, 2000 * KIB));
    server.pass(MOMENT);
    // What is kept, and what fills a buffer.
    let most = (100 + 512) * KIB;
    let kept = 2000 * KIB - unread(&end);
    assert!((100 * KIB..=most).contains(&kept), "{kept}");
    server.pass(STALL - SECOND);
    server.take(key, &end, 600 * KIB);
    let later = 2000 * KIB - unread(&end);
    assert!((700 * KIB..=600 * KIB + most).contains(&later), "{later}");
    let mut got = received(&end);
    server.take(key, &end, usize::MAX);
    got.extend(received(&end));
    assert!(split(&got).0 == payload(2000 * KIB));

    end.0.borrow_mut().room = 0;
    server.send(key, &end, long_frame(0x82, 2000 * KIB));
    server.pass(STALL + MOMENT + SECOND);
    assert!(server.clients.is_empty(), "it takes nothing at all");
}

#[test]
fn without_backlogs_or_memory_nothing_is_received_while_something_waits() {
    for arguments in [
        &["--max-backlog=off"][..],
        &["--threads=1", "--max-memory=100KiB", "--deflate=off"],
    ] {
        let mut server = Server::new(&[arguments, &["--stall-timeout=60s"]].concat());
        let (_, end) = server.open_mute(&long_frame(0x82, 1000 * KIB));
        let before = unread(&end);
        server.pass(STALL - SECOND);
        assert_eq!(unread(&end), before);
        server.pass(2 * SECOND);
        assert!(server.clients.is_empty());
    }
}

#[test]
fn all_backlogs_together_leave_memory_for_other_clients() {
    let memory = 4 << 20;
    let mut server = Server::new(&["--threads=1", "--max-memory=4MiB", "--deflate=off"]);
    let mutes: Vec<_> = (0..10)
        .map(|_| server.open_mute(&long_frame(0x82, 1000 * KIB)))
        .collect();
    server.pass(MOMENT);
    let left: usize = mutes.iter().map(|(_, end)| unread(end)).sum();
    let kept = 10_000 * KIB - left;
    assert!(kept <= memory / 2 + 10 * 600 * KIB, "{kept}");
    assert!(kept >= memory / 2, "{kept}");
    for _ in 0..10 {
        let (key, end) = server.open();
        server.send(key, &end, frame(0x81, "other"));
        assert_eq!(received(&end), echo(0x81, "other"));
    }
    // Those for which there was no memory go on when they read.
    for (key, end) in &mutes {
        server.take(*key, end, usize::MAX);
        assert!(split(&received(end)).0 == payload(1000 * KIB));
    }
    assert!(server.has_all_memory(memory - 8 * KIB));
}

#[test]
fn the_memory_of_a_backlog_is_given_back_with_the_client() {
    let memory = 32 << 20;
    let mut server = Server::new(&[
        "--threads=1",
        "--max-memory=32MiB",
        "--deflate=off",
        "--stall-timeout=1s",
    ]);
    for _ in 0..3 {
        let (key, end) = server.open_mute(&long_frame(0x82, 1000 * KIB));
        server.pass(MOMENT);
        assert!(!server.has_all_memory(memory - 1000 * KIB));
        server.clients.end_turn(key, ends(Next::Close));
        server.open_mute(&long_frame(0x82, 1000 * KIB));
        server.pass(3 * SECOND);
        assert!(server.clients.is_empty());
        assert!(server.has_all_memory(memory - 8 * KIB));
        drop(end);
    }
}

#[test]
fn the_ends_of_a_client_wait_for_its_backlog_as_long_as_it_takes_some() {
    let message = long_frame(0x82, 300 * KIB);
    let close_frame = [&message[..], b"\x88\x80\0\0\0\0"].concat();
    let bad_frame = [&message[..], b"\x83\x80\0\0\0\0", &message].concat();
    for (sent, last) in [
        (&close_frame, &b"\x88\x00"[..]),
        (&bad_frame, b"\x88\x02\x03\xea"),
    ] {
        let mut server = Server::new(&["--close-timeout=1s"]);
        let (key, end) = server.open_mute(sent);
        server.pass(MOMENT);
        assert_eq!(unread(&end), 0);
        let mut got = Vec::new();
        for _ in 0..20 {
            server.pass(SECOND * 8 / 10);
            server.take(key, &end, KIB);
            got.extend(received(&end));
        }
        assert_eq!(got.len(), 20 * KIB);
        assert!(!end.0.borrow().is_shut);
        server.take(key, &end, usize::MAX);
        got.extend(received(&end));
        let (echoed, rest) = split(&got);
        assert!(echoed == payload(300 * KIB));
        assert_eq!(rest, last);
        assert!(end.0.borrow().is_shut);
        // One that takes nothing is dropped, whatever it sends.
        let (key, end) = server.open_mute(sent);
        server.pass(MOMENT);
        for _ in 0..10 {
            server.pass(SECOND / 5);
            server.send(key, &end, "more");
        }
        assert!(server.clients.is_empty());
    }
}

#[test]
fn a_server_that_stops_sends_all_that_waits_before_its_close() {
    let message = long_frame(0x82, 300 * KIB);
    for sent_before in [1000, 200 * KIB, message.len()] {
        let mut server = Server::new(&[]);
        let (before, after) = message.split_at(sent_before);
        let (key, end) = server.open_mute(before);
        server.clients.stop(Duration::ZERO);
        server.send(key, &end, after);
        server.pass(MOMENT);
        assert_eq!(unread(&end), 0, "{sent_before}");
        server.take(key, &end, usize::MAX);
        let (echoed, rest) = split(&received(&end));
        assert!(echoed == payload(300 * KIB));
        assert_eq!(rest, GOING_AWAY);
        server.send(key, &end, b"\x88\x82\0\0\0\0\x03\xe9");
        assert!(end.0.borrow().is_shut);
    }
}

#[test]
fn a_client_that_is_refused_can_read_that_when_it_has_sent_everything() {
    let first = long_frame(0x02, 3 * KIB);
    let second = long_frame(0x80, 2000 * KIB);
    let (header, rest) = second.split_at(14);
    for (backlog, together) in [("off", true), ("16MiB", true), ("16MiB", false)] {
        let backlog = format!("--max-backlog={backlog}");
        let mut server = Server::new(&["--max-message-size=1MiB", &backlog, "--close-timeout=1s"]);
        let (key, end) = if together {
            server.open_mute(&[&first[..], header].concat())
        } else {
            let (key, end) = server.open_mute(&first);
            server.send(key, &end, header);
            server.pass(MOMENT);
            (key, end)
        };
        for piece in rest.chunks(100 * KIB) {
            server.send(key, &end, piece);
            while server.clients.timeout() == Some(Duration::ZERO) {
                server.round();
            }
            assert_eq!(unread(&end), 0, "it is thrown away");
        }
        server.take(key, &end, usize::MAX);
        let (echoed, rest) = split(&received(&end));
        assert!(echoed == payload(3 * KIB));
        assert_eq!(rest, close(1009, "message is too long"));
        assert!(end.0.borrow().is_shut);
    }
}

#[test]
fn a_client_that_ends_its_side_before_it_reads_gets_all_of_its_echo() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open_mute(&long_frame(0x82, 300 * KIB));
    end.0.borrow_mut().has_ended = true;
    server.clients.handle(key, Readiness::UntilWouldBlock);
    server.pass(MOMENT);
    server.take(key, &end, 100 * KIB);
    assert_eq!(server.clients.len(), 1);
    server.take(key, &end, usize::MAX);
    assert!(split(&received(&end)).0 == payload(300 * KIB));
    assert!(server.clients.is_empty());
}
