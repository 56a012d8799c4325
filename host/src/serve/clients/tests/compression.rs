//! Compressed messages: which are echoed, which end the connection, whose turn it is meanwhile, and
//! what they cost.

use ws_echo_core::Window;

use super::*;
use crate::deflate::deflater::Deflater;
use crate::serve::verifier::Verifier;

const TEXT: u8 = 0xC1;
const BINARY: u8 = 0xC2;
const HELLO: &[u8] = b"\xF2\x48\xCD\xC9\xC9\x07\x00";
/// `Hello` again, for who knows the first one.
const HELLO_AGAIN: &[u8] = b"\xF2\x00\x11\x00\x00";
const INVALID: &[u8] = b"\x88\x02\x03\xEF";

const MODES: [&str; 3] = [
    "--deflate=fresh",
    "--deflate=window",
    "--deflate=unverified",
];

impl Server {
    /// A client that offers compression, and what it was answered.
    fn open_compressing(&mut self) -> (usize, End, String) {
        let (key, end) = self.connect();
        let request = String::from_utf8_lossy(REQUEST);
        let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
        self.send(
            key,
            &end,
            request.replace("\r\n\r\n", &format!("\r\n{offer}")),
        );
        let response = String::from_utf8(received(&end)).unwrap();
        let answer = response.split_once("Sec-WebSocket-Extensions: ");
        let answer = answer.and_then(|(_, rest)| rest.split_once("\r\n"));
        (key, end, answer.map_or("", |(answer, _)| answer).into())
    }

    /// Gives turns until nothing is left to do now. Returns how many rounds that took.
    fn settle(&mut self) -> usize {
        let mut rounds = 0;
        while self.clients.timeout() == Some(Duration::ZERO) {
            self.round();
            rounds += 1;
        }
        rounds
    }

    /// How much memory could be taken now.
    fn free_memory(&mut self) -> usize {
        let pool = &mut self.clients.shared.pool;
        let (mut least, mut most) = (0, 1 << 40);
        while most - least > 1 {
            let len = usize::midpoint(least, most);
            match pool.take_memory(len).is_some() {
                true => {
                    pool.give_memory_back(len);
                    least = len;
                }
                false => most = len,
            }
        }
        least
    }
}

/// A frame from the client, masked with zeros, or its echo.
fn long_frame(mask: u8, first: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len();
    let mut frame = match len {
        ..126 => vec![first, mask | len as u8],
        126..0x1_0000 => [&[first, mask | 126][..], &(len as u16).to_be_bytes()].concat(),
        _ => [&[first, mask | 127][..], &(len as u64).to_be_bytes()].concat(),
    };
    if mask != 0 {
        frame.extend([0; 4]);
    }
    frame.extend(payload);
    frame
}

fn sent(first: u8, payload: &[u8]) -> Vec<u8> {
    long_frame(0x80, first, payload)
}

fn echoed(first: u8, payload: &[u8]) -> Vec<u8> {
    long_frame(0, first, payload)
}

fn compressed(message: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    Deflater::new(Window::MAX.fresh()).compress(message, &mut payload);
    payload
}

/// So many zeros, a thousand times shorter.
fn bomb(len: usize) -> Vec<u8> {
    compressed(&vec![0; len])
}

#[test]
fn the_answer_says_whether_a_window_is_kept() {
    let fresh = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    for (flags, answer) in [
        (&[][..], fresh.to_owned()),
        (&["--deflate=off"], String::new()),
        (&["--deflate=window"], "permessage-deflate".into()),
        (&["--deflate=unverified"], "permessage-deflate".into()),
        (
            &["--deflate-window=10"],
            format!("{fresh}; server_max_window_bits=10; client_max_window_bits=10"),
        ),
    ] {
        let (_, _, answered) = Server::new(flags).open_compressing();
        assert_eq!(answered, answer, "{flags:?}");
    }
}

#[test]
fn a_message_is_echoed_as_it_came_or_ends_the_connection_however_it_is_cut() {
    let huge = bomb(3 << 20);
    for (first, payload, is_valid) in [
        (TEXT, HELLO, true),
        (BINARY, HELLO, true),
        (TEXT, b"", true),
        (TEXT, b"\x00", true),
        (TEXT, b"\x02\x00", true),
        (TEXT, b"\x03\x00", true),
        (BINARY, b"\xF3\x48\xCD\xC9\xC9\x07\x00\x00", true),
        (BINARY, b"\xF3\x48\xCD\xC9\xC9\x07\x00", true),
        (TEXT, b"\xF2\x48\xCD\xC9\xC9\x07\x00\x00\x00\xFF\xFF", true),
        (BINARY, &huge, true),
        (BINARY, &compressed(b"\xFF\xFE"), true),
        (TEXT, &compressed("ß水🦀".repeat(5000).as_bytes()), true),
        (TEXT, &compressed(b"\xFF\xFE"), false),
        (TEXT, &compressed(&"水".as_bytes()[..2]), false),
        (TEXT, b"\xF2\x48\xCD", false),
        (TEXT, b"\xFF\xFF\xFF\xFF", false),
        (BINARY, HELLO_AGAIN, false),
        (BINARY, b"\xF3\x48\xCD\xC9\xC9\x07\x00\xFF\xFF", false),
    ] {
        for mode in MODES {
            let is_echoed = is_valid || mode == "--deflate=unverified";
            let expected = match is_echoed {
                true => [echoed(first, payload), echoed(TEXT, HELLO)].concat(),
                false => INVALID.to_vec(),
            };
            let all = [sent(first, payload), sent(TEXT, HELLO)].concat();
            for step in [usize::MAX, 1] {
                let mut server = Server::new(&[mode]);
                let (key, end, _) = server.open_compressing();
                for piece in all.chunks(step) {
                    server.send(key, &end, piece);
                    server.settle();
                }
                assert_eq!(received(&end), expected, "{mode} {payload:02x?} by {step}");
            }
        }
    }
}

#[test]
fn a_fragmented_message_is_checked_across_its_fragments_with_pings_between() {
    let payload = compressed("ß水🦀 and more".repeat(3).as_bytes());
    for mode in MODES {
        for at in 0..=payload.len() {
            let mut server = Server::new(&[mode]);
            let (key, end, _) = server.open_compressing();
            let (start, rest) = payload.split_at(at);
            server.send(key, &end, sent(0x41, start));
            server.send(key, &end, b"\x89\x81\0\0\0\0p");
            server.send(key, &end, sent(0x00, b""));
            server.send(key, &end, sent(0x80, rest));
            server.send(key, &end, frame(0x81, "plain"));
            let echoes = [
                echoed(0x41, start),
                b"\x8A\x01p".to_vec(),
                echoed(0x00, b""),
                echoed(0x80, rest),
                echo(0x81, "plain"),
            ];
            assert_eq!(received(&end), echoes.concat(), "{mode}, {at}");
        }
    }
}

#[test]
fn a_message_may_refer_to_an_earlier_one_if_the_window_is_kept() {
    for (mode, last) in [
        ("--deflate=fresh", INVALID.to_vec()),
        ("--deflate=window", echoed(TEXT, HELLO_AGAIN)),
        ("--deflate=unverified", echoed(TEXT, HELLO_AGAIN)),
    ] {
        let mut server = Server::new(&[mode]);
        let (key, end, _) = server.open_compressing();
        server.send(key, &end, sent(TEXT, HELLO));
        server.send(key, &end, frame(0x81, "plain"));
        server.send(key, &end, sent(TEXT, HELLO_AGAIN));
        let all = [echoed(TEXT, HELLO), echo(0x81, "plain"), last].concat();
        assert_eq!(received(&end), all, "{mode}");
    }
}

#[test]
fn after_a_message_that_is_not_echoed_none_is() {
    for bad in [&b"\xFF\xFF"[..], &bomb(20_000)] {
        let mut server = Server::new(&["--deflate=window", "--max-message-size=10000"]);
        let (key, end, _) = server.open_compressing();
        let all = [sent(TEXT, HELLO), sent(BINARY, bad), sent(TEXT, HELLO)].concat();
        server.send(key, &end, all);
        server.settle();
        let echo = echoed(TEXT, HELLO);
        let received = received(&end);
        assert!(received.starts_with(&echo) && received[echo.len()] == 0x88);
        assert!(end.0.borrow().is_shut, "{received:02x?}");
    }
}

#[test]
fn the_limit_of_messages_counts_what_a_message_inflates_to() {
    let too_long = close(1009, "message is too long");
    let exact = compressed(&[7; 100]);
    // 100 blocks that inflate to nothing are longer than the limit.
    let padded = [&b"\x00\x00\x00\xFF\xFF".repeat(100)[..], HELLO].concat();
    for (payload, is_echoed, is_echoed_unverified) in [
        (&exact, true, true),
        (&compressed(&[7; 101]), false, true),
        (&bomb(1 << 20), false, false),
        (&padded, true, false),
    ] {
        for (mode, step) in MODES
            .iter()
            .flat_map(|mode| [(*mode, 50), (*mode, usize::MAX)])
        {
            let mut server = Server::new(&[mode, "--max-message-size=100"]);
            let (key, end, _) = server.open_compressing();
            let (start, rest) = payload.split_at(payload.len() / 2);
            let fragments = [sent(0x42, start), sent(0x80, rest)].concat();
            for piece in [sent(BINARY, payload), fragments].concat().chunks(step) {
                server.send(key, &end, piece);
                server.settle();
            }
            let ends_well = match mode {
                "--deflate=unverified" => is_echoed_unverified,
                _ => is_echoed,
            };
            let all = received(&end);
            let expected = [
                echoed(BINARY, payload),
                echoed(0x42, start),
                echoed(0x80, rest),
            ];
            assert_eq!(
                all == expected.concat(),
                ends_well,
                "{mode}, {payload:02x?}"
            );
            assert_eq!(
                all.ends_with(&too_long),
                !ends_well,
                "{mode}, {payload:02x?}"
            );
        }
    }
}

#[test]
fn a_client_whose_message_inflates_to_much_waits_for_the_others() {
    for mode in ["--deflate=fresh", "--deflate=window"] {
        let mut server = Server::new(&[mode, "--buffer=64KiB"]);
        let (first, first_end, _) = server.open_compressing();
        let (second, second_end, _) = server.open_compressing();
        let bomb = bomb(32 << 20);
        server.send(first, &first_end, sent(BINARY, &bomb));
        let mut turns = 0;
        while received(&first_end).is_empty() {
            server.send(second, &second_end, sent(TEXT, HELLO));
            assert_eq!(received(&second_end), echoed(TEXT, HELLO));
            turns += 1;
        }
        assert!(turns >= 127, "{turns} turns of the other");
        assert_eq!(server.settle(), 0);
        server.send(first, &first_end, sent(TEXT, HELLO));
        assert_eq!(received(&first_end), echoed(TEXT, HELLO));
    }
}

#[test]
fn blocks_that_inflate_to_nothing_count_as_well() {
    let mut server = Server::new(&["--buffer=1MiB"]);
    let (first, first_end, _) = server.open_compressing();
    let (second, second_end, _) = server.open_compressing();
    let blocks = [&b"\x00\x00\x00\xFF\xFF".repeat(200_000)[..], HELLO].concat();
    server.send(first, &first_end, sent(TEXT, &blocks));
    let mut turns = 0;
    while received(&first_end).is_empty() {
        server.send(second, &second_end, sent(TEXT, HELLO));
        assert_eq!(received(&second_end), echoed(TEXT, HELLO));
        turns += 1;
    }
    assert!(turns >= 120, "{turns} turns of the other");
}

#[test]
fn while_a_client_waits_for_its_turn_nothing_is_received_from_it_and_it_is_not_stalled() {
    let mut server = Server::new(&["--buffer=64KiB", "--stall-timeout=1s"]);
    let (key, end, _) = server.open_compressing();
    let bomb = bomb(32 << 20);
    server.send(key, &end, sent(BINARY, &bomb));
    server.send(key, &end, frame(0x81, "later"));
    server.clients.handle(key, Readiness::Data);
    assert_eq!(end.0.borrow().to_server.len(), frame(0x81, "later").len());
    // Each round takes long.
    while end.0.borrow().to_client.is_empty() {
        server.now += 2 * SECOND;
        server.round();
    }
    server.settle();
    let all = [echoed(BINARY, &bomb), echo(0x81, "later")].concat();
    assert!(received(&end) == all);
}

#[test]
fn echoes_before_a_message_that_waits_are_sent_at_once() {
    let mut server = Server::new(&["--buffer=64KiB"]);
    let (key, end, _) = server.open_compressing();
    let all = [sent(TEXT, HELLO), sent(BINARY, &bomb(8 << 20))].concat();
    server.send(key, &end, all);
    assert_eq!(received(&end), echoed(TEXT, HELLO));
    server.settle();
    assert_eq!(received(&end), echoed(BINARY, &bomb(8 << 20)));
}

#[test]
fn a_client_that_does_not_read_its_echoes_is_inflated_no_further() {
    let mut server = Server::new(&["--buffer=64KiB", "--max-backlog=off", "--stall-timeout=3s"]);
    let (key, end, _) = server.open_compressing();
    end.0.borrow_mut().room = 0;
    let all = [sent(TEXT, HELLO), sent(BINARY, &bomb(8 << 20))].concat();
    server.send(key, &end, all);
    assert_eq!(server.settle(), 0, "it waits for room");
    end.0.borrow_mut().room = usize::MAX;
    server.clients.handle(key, Readiness::None);
    assert!(server.settle() >= 30);
    let all = [echoed(TEXT, HELLO), echoed(BINARY, &bomb(8 << 20))].concat();
    assert!(received(&end) == all);
}

#[test]
fn a_server_that_stops_lets_a_message_be_checked_that_waits() {
    let mut server = Server::new(&["--buffer=64KiB"]);
    let (key, end, _) = server.open_compressing();
    let bomb = bomb(8 << 20);
    server.send(key, &end, sent(BINARY, &bomb));
    server.clients.stop(Duration::ZERO);
    server.settle();
    let all = [echoed(BINARY, &bomb), GOING_AWAY.to_vec()].concat();
    assert!(received(&end) == all);
}

#[test]
fn a_client_with_a_window_of_its_own_is_closed_when_the_server_stops() {
    let mut server = Server::new(&["--deflate=window"]);
    let (key, end, _) = server.open_compressing();
    server.send(key, &end, sent(TEXT, HELLO));
    received(&end);
    server.clients.stop(Duration::ZERO);
    assert_eq!(received(&end), GOING_AWAY);
}

#[test]
fn the_memory_for_a_message_is_given_back_however_it_ends() {
    for mode in ["--deflate=fresh", "--deflate=window"] {
        let mut server = Server::new(&["--threads=1", "--max-memory=16MiB", mode]);
        let all = server.free_memory();
        let half = &sent(TEXT, HELLO)[..9];
        let fragment = sent(0x41, &HELLO[..3]);
        let closed = [&fragment[..], b"\x88\x80\0\0\0\0"].concat();
        let bomb = sent(BINARY, &bomb(2 << 20)[..1500]);
        for (message, frees_at_end) in [
            (&sent(TEXT, HELLO)[..], true),
            (half, false),
            (&fragment, false),
            (&closed, true),
            (b"\xC1\x82\0\0\0\0\xFF\xFF", true),
            (&bomb, false),
        ] {
            for _ in 0..100 {
                let (key, end, _) = server.open_compressing();
                server.send(key, &end, message);
                if frees_at_end && mode == "--deflate=fresh" {
                    assert_eq!(server.free_memory(), all, "{message:02x?}");
                }
                server.clients.end_turn(key, ends(Next::Close));
            }
            assert_eq!(server.free_memory(), all, "{mode}, {message:02x?}");
        }
    }
}

#[test]
fn an_idle_client_keeps_nothing_unless_its_window_is_kept() {
    for (mode, cost) in [
        ("--deflate=fresh", 0),
        ("--deflate=window", Verifier::MEMORY),
        ("--deflate=unverified", 0),
    ] {
        let mut server = Server::new(&["--threads=1", "--max-memory=16MiB", mode]);
        let all = server.free_memory();
        for count in 1..=20 {
            let (key, end, _) = server.open_compressing();
            server.send(key, &end, sent(TEXT, HELLO));
            assert_eq!(received(&end), echoed(TEXT, HELLO));
            assert_eq!(server.free_memory(), all - count * cost, "{mode}");
        }
    }
}

#[test]
fn a_window_for_which_there_is_no_memory_is_not_kept() {
    let memory = "--max-memory=400KiB";
    let mut server = Server::new(&["--threads=1", memory, "--deflate=window"]);
    let clients: Vec<_> = (0..10).map(|_| server.open_compressing()).collect();
    let kept = clients
        .iter()
        .filter(|(_, _, answer)| !answer.contains("no_context_takeover"));
    let kept_count = kept.count();
    assert!((2..9).contains(&kept_count), "{kept_count}");
    for (at, (key, end, answer)) in clients.iter().enumerate() {
        let is_kept = at < kept_count;
        assert_eq!(answer == "permessage-deflate", is_kept, "{answer}");
        server.send(*key, end, sent(TEXT, HELLO));
        server.send(*key, end, sent(TEXT, HELLO_AGAIN));
        let last = if is_kept {
            echoed(TEXT, HELLO_AGAIN)
        } else {
            INVALID.to_vec()
        };
        assert_eq!(received(end), [echoed(TEXT, HELLO), last].concat());
    }
    server.clients.end_turn(clients[0].0, ends(Next::Close));
    assert_eq!(server.open_compressing().2, "permessage-deflate");
}

#[test]
fn without_memory_whole_messages_are_checked_and_a_client_inside_one_is_dropped() {
    let mut server = Server::new(&["--threads=1", "--max-memory=400KiB"]);
    let clients: Vec<_> = (0..20).map(|_| server.open_compressing()).collect();
    let fragment = sent(0x41, &HELLO[..3]);
    let mut inside = Vec::new();
    for (key, end, _) in &clients {
        let count = server.clients.len();
        server.send(*key, end, &fragment);
        if server.clients.len() < count {
            break;
        }
        inside.push((*key, end));
    }
    assert!((2..9).contains(&inside.len()), "{}", inside.len());
    let (key, end, _) = clients.last().unwrap();
    server.send(*key, end, sent(TEXT, HELLO));
    server.send(*key, end, sent(BINARY, b"\xFF\xFF"));
    assert_eq!(
        received(end),
        [echoed(TEXT, HELLO), INVALID.to_vec()].concat()
    );
    for (key, end) in inside {
        server.send(key, end, sent(0x80, &HELLO[3..]));
        let all = [echoed(0x41, &HELLO[..3]), echoed(0x80, &HELLO[3..])].concat();
        assert_eq!(received(end), all);
    }
}

#[test]
fn a_silent_client_is_pinged_whatever_it_keeps() {
    for mode in MODES {
        let mut server = Server::new(&[mode]);
        let (key, end, _) = server.open_compressing();
        server.send(key, &end, sent(TEXT, HELLO));
        assert_eq!(received(&end), echoed(TEXT, HELLO));
        server.pass_until_received(&end);
        assert_eq!(received(&end), PING, "{mode}");
        server.send(key, &end, PONG);
        server.send(key, &end, sent(TEXT, HELLO));
        assert_eq!(received(&end), echoed(TEXT, HELLO), "{mode}");
        server.pass_until_received(&end);
        assert_eq!(received(&end), PING, "{mode}");
        server.pass_until_received(&end);
        assert_eq!(received(&end), gone(), "{mode}");
    }
}

#[test]
fn without_memory_a_whole_message_is_echoed_whatever_others_have_inflated_before() {
    let mut server = Server::new(&["--threads=1", "--max-memory=400KiB"]);
    let clients: Vec<_> = (0..20).map(|_| server.open_compressing()).collect();
    let (key, end, _) = clients.last().unwrap();
    for (key, end, _) in &clients[..19] {
        server.send(*key, end, sent(0x41, &HELLO[..3]));
    }
    // One turn is enough for each, but not for all of them.
    let message = bomb(100_000);
    for _ in 0..8 {
        server.send(*key, end, sent(BINARY, &message));
        assert_eq!(received(end), echoed(BINARY, &message));
    }
}

#[test]
fn windows_that_are_kept_leave_half_of_the_memory_to_others() {
    let memory = 4 << 20;
    let mut server = Server::new(&["--threads=1", "--max-memory=4MiB", "--deflate=window"]);
    let clients: Vec<_> = (0..100).map(|_| server.open_compressing()).collect();
    let kept = clients
        .iter()
        .filter(|(_, _, it)| it == "permessage-deflate");
    let all_kept = memory / 2 / Verifier::MEMORY;
    assert_eq!(kept.count(), all_kept);
    assert!(server.free_memory() > memory / 3);
    let (key, end, _) = clients.last().unwrap();
    let fragments = [sent(0x41, &HELLO[..3]), sent(0x80, &HELLO[3..])];
    fragments
        .iter()
        .for_each(|fragment| server.send(*key, end, fragment));
    let echoes = [echoed(0x41, &HELLO[..3]), echoed(0x80, &HELLO[3..])];
    assert_eq!(received(end), echoes.concat());
    // Those that are gone leave room for others.
    for (key, _, _) in clients {
        server.clients.end_turn(key, ends(Next::Close));
    }
    let clients: Vec<_> = (0..100).map(|_| server.open_compressing()).collect();
    let kept = clients
        .iter()
        .filter(|(_, _, it)| it == "permessage-deflate");
    assert_eq!(kept.count(), all_kept);
}
