//! The firmware serves real clients, on each of its boards, as emulated by QEMU: one with 64 KiB of
//! memory, and others with another Ethernet controller, one of them with another processor.

use std::ops::RangeInclusive;

use ws_echo_tests::deflate::OFFER;
use ws_echo_tests::firmware::{self, Board, Build, Firmware, LM3S6965, MPS2_AN385, MPS2_AN500};
use ws_echo_tests::programs::QEMU;
use ws_echo_tests::scripted_client::{Client, WELCOME, request_with};
use ws_echo_tests::sessions::{self, expect_echo};
use ws_echo_tests::wire::{self, BINARY, Frame, RSV1, TEXT, masked, masked_close};
use ws_echo_tests::{chromium, network, peers, remote_server};

/// How many clients the firmware serves at a time.
const CLIENTS: usize = 8;

/// How much stack the firmware may need, in bytes. It needs more than a few.
const STACK_DEPTH: RangeInclusive<usize> = 512..=4096;

/// Far more than the smallest board's 64 KiB of memory; a whole GiB if the tests are optimised.
const LARGE_LEN: u64 = if cfg!(debug_assertions) {
    8 << 20
} else {
    1 << 30
};

/// A module for each board, with a test for each of these functions. To some of them the board
/// makes no difference: on all boards but one, they run only if ignored tests are asked for.
macro_rules! on_each_board {
    ($tests:tt, to_some_it_makes_no_difference: $same:tt) => {
        mod lm3s6965 {
            tests! { LM3S6965, test, $tests }
            tests! { LM3S6965, test, $same }
        }
        mod mps2_an385 {
            tests! { MPS2_AN385, test, $tests }
            tests! { MPS2_AN385, ignore, $same }
        }
        mod mps2_an500 {
            tests! { MPS2_AN500, test, $tests }
            tests! { MPS2_AN500, ignore, $same }
        }
    };
}

macro_rules! tests {
    ($board:ident, test, [$($test:ident,)*]) => {
        $(
            #[test]
            fn $test() {
                super::$test(super::$board);
            }
        )*
    };
    ($board:ident, ignore, [$($test:ident,)*]) => {
        $(
            #[test]
            #[ignore = "the board makes no difference"]
            fn $test() {
                super::$test(super::$board);
            }
        )*
    };
}

on_each_board! {
    [
        python_websockets_is_greeted_and_gets_its_echoes,
        nodes_ws_is_greeted_and_gets_its_echoes,
        all_kinds_of_clients_are_served_with_a_small_stack,
        clients_on_many_hosts_do_not_wait_for_one_another,
    ],
    to_some_it_makes_no_difference: [
        python_websockets_gets_back_what_it_has_compressed_or_has_not,
        chromium_gets_back_what_it_has_compressed,
        compressed_messages_come_back_as_they_came_with_a_small_stack,
        by_default_compression_is_declined,
        a_client_that_stops_reading_is_dropped_in_time_and_affects_no_other,
        clients_that_vanish_are_dropped_in_time,
    ]
}

fn python_websockets_is_greeted_and_gets_its_echoes(board: Board) {
    let Some(firmware) = Firmware::start(board, Build::Default) else {
        return;
    };
    peers::python_websockets(&firmware.url());
}

fn nodes_ws_is_greeted_and_gets_its_echoes(board: Board) {
    let Some(firmware) = Firmware::start(board, Build::Default) else {
        return;
    };
    peers::ws_of_node(&firmware.url());
}

fn python_websockets_gets_back_what_it_has_compressed_or_has_not(board: Board) {
    let Some(firmware) = Firmware::start(board, Build::Compression) else {
        return;
    };
    peers::python_websockets(&firmware.url());
    for offer in peers::OFFERS {
        if let Some(mut client) = peers::python_websockets_with(&firmware.url(), offer) {
            peers::expect_ok(&mut client);
        }
    }
}

fn chromium_gets_back_what_it_has_compressed(board: Board) {
    let Some(firmware) = Firmware::start(board, Build::Compression) else {
        return;
    };
    chromium::sessions(&firmware.url(), "permessage-deflate");
}

fn compressed_messages_come_back_as_they_came_with_a_small_stack(board: Board) {
    let Some(mut firmware) = Firmware::start(board, Build::Compression) else {
        return;
    };
    let parameters = "server_no_context_takeover; client_no_context_takeover; \
                      server_max_window_bits=12; client_max_window_bits=12";
    let extensions = format!("permessage-deflate; {parameters}");
    let mut client = Client::connect(firmware.address);
    client.send(request_with(&extensions));
    let head = client.receive_head();
    let answer = format!("\r\nSec-WebSocket-Extensions: {extensions}\r\n");
    assert!(head.contains(&answer), "{head}");
    // No inflater would accept them.
    let bytes = [0xFF; 5000];
    let firsts = [TEXT | RSV1, BINARY, BINARY | RSV1];
    for first in firsts {
        client.send(masked(first, bytes));
    }
    client.send(masked_close(1000, ""));
    let received = client.receive_rest();
    let (frames, _) = wire::unmasked(&received);
    let echoes = firsts.map(|first| Frame::new(first, bytes));
    let expected = [
        &[Frame::new(TEXT, WELCOME)],
        &echoes[..],
        &[Frame::close(1000)],
    ];
    assert_eq!(wire::joined(&frames), expected.concat());
    assert_started_once(&firmware);
    assert_small_stack(&mut firmware, board);
}

fn by_default_compression_is_declined(board: Board) {
    let Some(firmware) = Firmware::start(board, Build::Default) else {
        return;
    };
    let mut client = Client::connect(firmware.address);
    client.send(request_with(OFFER));
    let head = client.receive_head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(!head.contains("Extensions"), "{head}");
    client.receive_frame();
    client.send(masked(TEXT | RSV1, "compressed"));
    assert_eq!(client.receive_frame(), Some(Frame::close(1002)));
}

fn all_kinds_of_clients_are_served_with_a_small_stack(board: Board) {
    let Some(mut firmware) = Firmware::start(board, Build::Default) else {
        return;
    };
    let address = firmware.address;
    remote_server::play_all(address, || firmware.log.text());
    sessions::several_clients_at_once(address, CLIENTS);
    sessions::large_message(&mut Client::greeted(address), LARGE_LEN);
    sessions::connects_and_disconnects(address, 200);
    sessions::garbage(address);
    assert_started_once(&firmware);
    assert_small_stack(&mut firmware, board);
}

fn a_client_that_stops_reading_is_dropped_in_time_and_affects_no_other(board: Board) {
    let Some(firmware) = Firmware::start(board, Build::Default) else {
        return;
    };
    let mut canary = Client::greeted(firmware.address);
    let stalled = Client::greeted(firmware.address);
    let mut stream = stalled.handle();
    let sending = std::thread::spawn(move || {
        let bytes = masked(BINARY, [7; 60_000]);
        while std::io::Write::write_all(&mut stream, &bytes).is_ok() {}
    });
    firmware.log.wait_for("client 1: took too long");
    firmware.log.wait_for("client 1: gone");
    expect_echo(&mut canary);
    stalled.shut_all();
    sending.join().unwrap();
    sessions::several_clients_at_once(firmware.address, CLIENTS - 1);
    assert_started_once(&firmware);
}

fn clients_that_vanish_are_dropped_in_time(board: Board) {
    let Some(mut firmware) = Firmware::start(board, Build::Default) else {
        return;
    };
    let mut vanished: Vec<_> = (0..CLIENTS)
        .map(|_| Client::greeted(firmware.address))
        .collect();
    vanished[1].send(&masked(BINARY, [7; 1000])[..500]);
    firmware.set_cable(false);
    for client in 0..CLIENTS {
        firmware.log.wait_for(&format!("client {client}: gone"));
    }
    firmware.set_cable(true);
    sessions::several_clients_at_once(firmware.address, CLIENTS);
    assert_started_once(&firmware);
}

/// The firmware on a network with many hosts. `"$@"` is the client.
const ON_TAP: &str = r#"
    set -e
    firmware=$1; shift
    ip tuntap add name tap0 mode tap
    ip link set tap0 up
    ip addr add 10.0.2.2/24 dev tap0
    for host in 21 22 23 24 25 26 27 28; do ip addr add 10.0.2.$host/24 dev tap0; done
    exec {log}< <(exec "$QEMU" -M "$MACHINE" -display none -monitor none -serial stdio \
        -netdev tap,id=network,ifname=tap0,script=no,downscript=no \
        -net nic,netdev=network,model="$CONTROLLER" -kernel "$firmware" 2>&1)
    trap "kill $!" EXIT
    while read -r line <&$log; do case $line in listening*) break; esac; done
    "$@"
"#;

fn clients_on_many_hosts_do_not_wait_for_one_another(board: Board) {
    let Some(firmware) = firmware::elf(board, Build::Default).filter(|_| network::is_there())
    else {
        return;
    };
    let hosts = (21..21 + CLIENTS).map(|host| format!("10.0.2.{host}"));
    let url = "ws://10.0.2.15:3000/".to_owned();
    let arguments: Vec<_> = std::iter::once(url).chain(hosts).collect();
    let Some(client) = peers::python_command("many_hosts.py", &arguments) else {
        return;
    };
    let mut on_tap = network::command(ON_TAP, &firmware, &client);
    on_tap.env("QEMU", QEMU.path());
    on_tap.env("MACHINE", board.machine);
    on_tap.env("CONTROLLER", board.controller);
    peers::expect_ok(&mut on_tap);
}

fn assert_small_stack(firmware: &mut Firmware, board: Board) {
    let depth = firmware.stack_depth();
    println!("stack on {}: {depth} bytes", board.name);
    assert!(STACK_DEPTH.contains(&depth), "{depth} bytes of stack");
}

/// A panic would restart the firmware. Its lines are complete.
fn assert_started_once(firmware: &Firmware) {
    let log = firmware.log.text();
    let (first, others) = log.split_once('\n').unwrap();
    assert_eq!(first, "listening on ws://10.0.2.15:3000");
    for line in others.lines() {
        let (client, change) = line.split_once(": ").unwrap_or((line, ""));
        let number = client
            .strip_prefix("client ")
            .and_then(|it| it.parse().ok());
        assert!(number.is_some_and(|it: usize| it < CLIENTS), "{line}");
        let changes = [
            "connected",
            "refused: ",
            "failed with 10",
            "took too long",
            "gone",
        ];
        assert!(changes.iter().any(|it| change.starts_with(it)), "{line}");
    }
}
