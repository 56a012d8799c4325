//! Clients that compress: messages that inflate to gigabytes, messages that never end, and bytes
//! that cannot be inflated.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ws_echo_tests::deflate::{HELLO, OFFER, compressed, zeros};
use ws_echo_tests::scripted_client::{Client, request_with};
use ws_echo_tests::wire::{BINARY, FIN, Frame, PING, PONG, RSV1, TEXT, masked};

use crate::table::Row;
use crate::target::{Cost, LARGE_BUFFER, Target, at_once, status};

/// A client that may compress its messages; `None` if it is refused.
fn compressing(target: &Target) -> Option<Client> {
    let mut client = Client::connect(target.address());
    let is_accepted =
        client.try_send(request_with(OFFER)) && status(&mut client).as_deref() == Some("101");
    is_accepted.then_some(client)
}

/// Each message inflates to 1 GiB.
pub(crate) fn bombs() -> Row {
    const CLIENTS: usize = 4;
    let target = Target::start(&[]);
    let bomb = zeros(1024);
    let frame = masked(BINARY | RSV1, &bomb);
    at_once(CLIENTS, |_| {
        let mut client = compressing(&target).expect("it is accepted");
        client.send(&frame);
        let mut echoed = 0;
        loop {
            let frame = client.receive_frame().expect("a piece");
            echoed += frame.payload.len();
            if frame.first & FIN != 0 {
                break;
            }
        }
        assert_eq!(echoed, bomb.len());
    });
    let cost = Cost {
        memory: CLIENTS as u64 * 2 * LARGE_BUFFER,
        log_lines: 2 * CLIENTS,
    };
    let done = format!("{CLIENTS} send 1 GiB of zeros in {} KiB", bomb.len() >> 10);
    target.row(cost, done, "an echo to each")
}

/// Each client holds an inflater, or is dropped.
pub(crate) fn inside_messages() -> Row {
    const CLIENTS: usize = 1000;
    let target = Target::start(&["--max-memory=8MiB"]);
    let fragment = masked(TEXT & !FIN | RSV1, &HELLO[..3]);
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let Some(mut client) = compressing(&target) else {
            continue;
        };
        client.send(&fragment);
        clients.push(client);
    }
    let accepted = clients.len();
    let mut held = 0;
    for mut client in clients {
        client.try_send(masked(PING, "there"));
        let echo = Frame::new(TEXT & !FIN | RSV1, &HELLO[..3]);
        let is_echoed = client.receive_frame() == Some(echo);
        if is_echoed && client.receive_frame() == Some(Frame::new(PONG, "there")) {
            held += 1;
        }
    }
    assert!((20..200).contains(&held), "{held} of {accepted}");
    target.server.logged("dropped: short of memory");
    let cost = Cost {
        memory: 8 << 20,
        log_lines: 2 * CLIENTS,
    };
    let done = format!("{CLIENTS} begin a compressed message, with --max-memory 8MiB");
    let answered = format!("an echo to {held}, the others are dropped");
    target.row(cost, done, answered)
}

/// Each client goes on with its message a byte at a time.
pub(crate) fn trickle() -> Row {
    const CLIENTS: usize = 100;
    let target = Target::start(&["--deflate=window"]);
    let message = compressed(&[b'x'; 1000]);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut clients: Vec<_> = (0..CLIENTS).filter_map(|_| compressing(&target)).collect();
            while !is_over.load(Ordering::Relaxed) {
                for (at, byte) in message.iter().enumerate() {
                    let first = match at {
                        0 => BINARY & !FIN | RSV1,
                        _ if at + 1 == message.len() => FIN,
                        _ => 0,
                    };
                    let frame = masked(first, [*byte]);
                    for client in &mut clients {
                        client.send(&frame);
                    }
                }
                for client in &mut clients {
                    while client.receive_frame().expect("a piece").first & FIN == 0 {}
                }
            }
        });
        target.one_round();
        is_over.store(true, Ordering::Relaxed);
    });
    let cost = Cost {
        memory: 16 << 20,
        log_lines: 2 * CLIENTS,
    };
    let done = format!("{CLIENTS} send compressed messages in fragments of a byte");
    target.row(cost, done, "their echoes")
}

pub(crate) fn garbage() -> Row {
    const CLIENTS: usize = 500;
    let target = Target::start(&[]);
    for seed in 0..CLIENTS {
        let mut random = fastrand::Rng::with_seed(seed as u64);
        let noise: Vec<u8> = (0..random.usize(20..5000)).map(|_| random.u8(..)).collect();
        let mut client = compressing(&target).expect("it is accepted");
        // A block of the reserved type at the end: it is wrong, whatever is before it.
        client.send(masked(TEXT | RSV1, [&noise[..], &[0xFF; 8]].concat()));
        assert_eq!(client.receive_frame(), Some(Frame::close(1007)));
    }
    let cost = Cost {
        memory: 0,
        log_lines: 2 * CLIENTS,
    };
    let done = format!("{CLIENTS} send noise as compressed messages");
    target.row(cost, done, "Close 1007 to each")
}
