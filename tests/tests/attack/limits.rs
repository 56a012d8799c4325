//! All limits at once, and clients that keep within them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ws_echo_tests::remote_server;
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{command, run};
use ws_echo_tests::wire::{BINARY, CLOSE, FIN, Frame, masked};

use crate::table::Row;
use crate::target::{BACKLOG, Cost, LARGE_BUFFER, SMALL_BUFFER, Target, at_once, status};

/// Each flag that limits something, with a value lower than the default.
const LIMITS: [&str; 19] = [
    "--max-push=100",
    "--max-test-time=9s",
    "--max-connections=200",
    "--max-connections-per-ip=200",
    "--threads=2",
    "--buffer=64KiB",
    "--handshake-timeout=9s",
    "--close-timeout=4s",
    "--ping-interval=2s",
    "--ping-timeout=15s",
    "--stall-timeout=15s",
    "--max-message-size=64MiB",
    "--max-memory=32MiB",
    "--max-backlog=1MiB",
    "--drain-timeout=9s",
    "--drain-spread=1s",
    "--drain-delay=1s",
    "--max-lifetime=60s",
    "--watchdog=3s",
];

/// Half a frame, and then nothing; and echoes that are not received.
pub(crate) fn no_progress() -> Row {
    const HALVES: usize = 100;
    const UNREAD: usize = 4;
    let target = Target::start(&["--stall-timeout=3s"]);
    let reason = b"\x03\xf0no progress";
    let mut halves: Vec<_> = (0..HALVES)
        .map(|i| {
            let mut client = Client::open(target.address());
            let frame = masked(BINARY, vec![b'x'; 1000]);
            client.send(&frame[..8 + i * 10]);
            client
        })
        .collect();
    at_once(UNREAD, |_| {
        let mut client = Client::open(target.address());
        let message = masked(BINARY, vec![b'x'; 1 << 20]);
        while client.try_send(&message) {}
    });
    for client in &mut halves {
        assert_eq!(client.receive_frame(), Some(Frame::new(CLOSE, reason)));
        assert_eq!(client.receive_frame(), None);
    }
    target.logged(HALVES + UNREAD, "with 1008: no progress (--stall-timeout)");
    drop(halves);
    let cost = Cost {
        memory: HALVES as u64 * SMALL_BUFFER + UNREAD as u64 * (LARGE_BUFFER + BACKLOG),
        log_lines: 2 * (HALVES + UNREAD),
    };
    let done = format!("{HALVES} stop inside a frame, {UNREAD} do not take echoes");
    target.row(cost, done, "Close 1008 to those that can get it, dropped")
}

pub(crate) fn messages_too_long() -> Row {
    const CLIENTS: usize = 20;
    const MAX: usize = 1 << 20;
    let target = Target::start(&["--max-message-size=1MiB"]);
    let fragments = [
        masked(BINARY & !FIN, ""),
        masked(0, vec![b'x'; 10_000]).repeat(200),
    ]
    .concat();
    let frame = masked(BINARY, vec![b'x'; MAX + 1]);
    at_once(CLIENTS, |i| {
        let mut client = Client::open(target.address());
        // The server may close before it has received all of them.
        client.try_send(if i % 2 == 0 { &fragments } else { &frame });
        let mut echoed = 0;
        let last = loop {
            let frame = client.receive_frame().expect("an echo or a Close");
            if frame.first == CLOSE {
                break frame;
            }
            echoed += frame.payload.len();
        };
        assert_eq!(last.payload[..2], 1009_u16.to_be_bytes());
        assert!(echoed <= MAX, "{echoed} bytes of it were echoed");
    });
    target.logged(CLIENTS, "(--max-message-size)");
    let cost = Cost {
        memory: CLIENTS as u64 * LARGE_BUFFER,
        log_lines: 2 * CLIENTS,
    };
    let done = format!("{CLIENTS} messages over --max-message-size, in one frame and in many");
    target.row(cost, done, "Close 1009 to each")
}

/// Each client holds a buffer, up to `--stall-timeout`. Clients without a buffer are echoed in
/// pieces, or refused.
pub(crate) fn memory_held() -> Row {
    const CLIENTS: usize = 300;
    let target = Target::start(&["--max-memory=8MiB", "--stall-timeout=3s"]);
    let half = &masked(BINARY, [b'x'; 60_000])[..100];
    let connect = |_| {
        let mut client = Client::connect(target.address());
        // A refused client may receive its response before.
        client.try_send([request("/").as_bytes(), half].concat());
        client
    };
    let clients: Vec<_> = (0..CLIENTS).map(connect).collect();
    let (mut refused, mut in_pieces) = (0, 0);
    for mut client in clients {
        match status(&mut client).as_deref() {
            Some("101") => {
                let mut frame = client.receive_frame().expect("a piece, or a Close");
                if frame.first != CLOSE {
                    in_pieces += 1;
                    frame = client.receive_frame().expect("a Close");
                }
                assert_eq!(frame.payload[..2], 1008_u16.to_be_bytes());
            }
            Some("503") | None => refused += 1,
            status => panic!("{status:?}"),
        }
    }
    assert!(refused + in_pieces > 0, "there was memory for all");
    target.server.logged("short of memory (--max-memory");
    let cost = Cost {
        memory: 8 << 20,
        log_lines: 2 * CLIENTS,
    };
    let done = format!("{CLIENTS} stop inside a frame, with --max-memory 8MiB");
    let answered = format!(
        "an echo in pieces to {in_pieces}, Close 1008 to {}, 503 to {refused}",
        CLIENTS - refused
    );
    target.row(cost, done, answered)
}

/// Each client holds a buffer, and continues its frame just fast enough.
pub(crate) fn memory_held_by_a_trickle() -> Row {
    const CLIENTS: usize = 300;
    let target = Target::start(&["--max-memory=8MiB", "--stall-timeout=2s"]);
    let half = &masked(BINARY, [b'x'; 60_000])[..100];
    let connect = |_| {
        let mut client = Client::connect(target.address());
        client.try_send([request("/").as_bytes(), half].concat());
        client
    };
    let mut clients: Vec<_> = (0..CLIENTS).map(connect).collect();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for client in &mut clients {
                    client.try_send("x");
                }
                thread::sleep(Duration::from_millis(300));
            }
        });
        target.one_round();
        is_over.store(true, Ordering::Relaxed);
    });
    drop(clients);
    let cost = Cost {
        memory: 8 << 20,
        log_lines: 2 * CLIENTS,
    };
    let done = format!("{CLIENTS} go on with a frame byte by byte, with --max-memory 8MiB");
    target.row(cost, done, "the canary continues")
}

/// The sessions of the conformance tests have the same outcomes over TCP.
pub(crate) fn every_limit() -> Row {
    expect_all_limits();
    // The sessions are those of RFC 6455 alone.
    let always = ["--no-page", "--origin=*", "--deflate=off"];
    let target = Target::greeting(&[&always[..], &LIMITS].concat());
    remote_server::play_all(target.address(), || target.server.log());
    let cost = Cost {
        memory: 32 << 20,
        log_lines: usize::MAX,
    };
    let sessions = target.server.log().matches("client connected").count();
    let done = format!(
        "{sessions} sessions of the conformance tests, {} limits",
        LIMITS.len()
    );
    target.row(cost, done, "what the RFC says")
}

/// A new limit must be added to those above.
fn expect_all_limits() {
    let (_, help, _) = run(&mut command(["--help"])).expect("the binary can be started");
    let is_limit = |line: &&str| {
        ["<NUMBER>", "<SIZE>", "<DURATION>"]
            .iter()
            .any(|it| line.ends_with(it))
    };
    for line in help.lines().map(str::trim).filter(is_limit) {
        let flag = line.split(' ').next().expect("a flag");
        // They limit files, not clients: see the tests of recordings.
        if flag.starts_with("--record-") {
            continue;
        }
        let is_set = LIMITS
            .iter()
            .any(|limit| limit.split('=').next() == Some(flag));
        assert!(is_set, "set {flag} among LIMITS");
    }
}
