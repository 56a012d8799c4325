//! Messages come back as they were sent: through rings of every length, through full windows, and
//! over a line that loses packets.

use smoltcp::time::Duration;
use ws_echo_core::MIN_BUFFER_LEN;
use ws_echo_tests::wire::{BINARY, Frame, PING, PONG, TEXT, masked, masked_close};

use crate::lossy_loopback::LossyLoopback;
use crate::network::{Network, Setup};
use crate::server::Change::{Gone, Opened};

pub(crate) const RINGS: [usize; 5] = [61, 64, 127, 512, 1000];
pub(crate) const STORAGES: [usize; 4] = [MIN_BUFFER_LEN, 61, 256, 1024];

/// A text of this many bytes, in characters of every length.
pub(crate) fn text(len: usize) -> Frame {
    let mut text = String::new();
    for character in "a\u{e9}\u{6c34}\u{1f980}".chars().cycle() {
        if text.len() + character.len_utf8() > len {
            break;
        }
        text.push(character);
    }
    text.extend(std::iter::repeat_n('x', len - text.len()));
    Frame::new(TEXT, text)
}

/// A binary message of this many bytes.
pub(crate) fn binary(len: usize) -> Frame {
    let bytes = (0..len).map(|i| ((i * 31) >> 3) as u8);
    Frame::new(BINARY, bytes.collect::<Vec<_>>())
}

pub(crate) fn every_setup() -> impl Iterator<Item = Setup> {
    RINGS.into_iter().flat_map(|ring| {
        STORAGES.into_iter().flat_map(move |storage| {
            [[2048; 2], [ring; 2]].map(|client| Setup {
                ring,
                storage,
                client,
                ..Setup::default()
            })
        })
    })
}

#[test]
fn messages_of_every_length_come_back_through_rings_of_every_length() {
    for setup in every_setup() {
        let mut network = Network::new(setup);
        let client = network.open();
        for len in [0, 1, 60, 61, 125, 126, 127, 1000] {
            network.assert_echoed(client, &[text(len), binary(len)]);
        }
        network.close(client);
        network.assert_told(&[(0, Opened), (0, Gone)]);
    }
}

#[test]
fn a_message_far_longer_than_the_rings_comes_back_intact() {
    for ring in RINGS {
        let mut network = Network::new(Setup {
            ring,
            ..Setup::default()
        });
        let client = network.open();
        network.assert_echoed(client, &[text(65_535), binary(65_536)]);
        network.close(client);
    }
}

#[test]
fn a_long_message_comes_back_through_a_storage_of_any_length() {
    for storage in STORAGES {
        let mut network = Network::new(Setup {
            ring: 1000,
            storage,
            ..Setup::default()
        });
        let client = network.open();
        network.assert_echoed(client, &[text(65_536), binary(65_535)]);
        network.close(client);
    }
}

#[test]
fn a_fragmented_message_and_pings_inside_it_are_answered() {
    for setup in every_setup() {
        let mut network = Network::new(setup);
        let client = network.open();
        let ping = [b'p'; 125];
        network.send(client, masked(0x01, "be\u{e9}fore"));
        network.send(client, masked(PING, ping));
        network.send(client, masked(0x80, "behind"));
        let answers = [
            Frame::new(PONG, ping),
            Frame::new(TEXT, "be\u{e9}forebehind"),
        ];
        assert_eq!(network.messages(client, 2), answers, "{setup:?}");
    }
}

#[test]
fn an_echo_does_not_wait_until_the_previous_one_is_acknowledged() {
    let mut network = Network::new(Setup::default());
    let client = network.open();
    network.pass(Duration::from_secs(1));
    let begin = network.now;
    for text in ["one", "two", "three"] {
        network.send(client, masked(TEXT, text));
        network.turn();
    }
    network.messages(client, 3);
    let took = network.now - begin;
    assert!(took < Duration::from_millis(8), "{took}");
}

#[test]
fn a_response_longer_than_the_storage_is_still_one_packet() {
    let mut network = Network::new(Setup {
        storage: MIN_BUFFER_LEN,
        ..Setup::default()
    });
    let client = network.open();
    network.pass(Duration::from_secs(1));
    let before = network.loopback.packets;
    network.send(client, masked(PING, [b'p'; 125]));
    let answer = [Frame::new(PONG, [b'p'; 125])];
    assert_eq!(network.messages(client, 1), answer);
    assert_eq!(network.loopback.packets - before, 2);
}

#[test]
fn a_slow_client_does_not_get_tiny_fragments() {
    let mut network = Network::new(Setup {
        ring: 100,
        client: [100, 4096],
        ..Setup::default()
    });
    let client = network.open();
    network.set_reads(client, false);
    network.send(client, masked(BINARY, vec![7; 3000]));
    network.pass(Duration::from_secs(1));
    while network.read(client, 7) > 0 {
        network.pass(Duration::from_millis(20));
    }
    // Where a ring ends, a fragment is short.
    let number = network.fragments(client).len();
    assert!(number < 3000 / 12, "{number} fragments");
}

#[test]
fn full_windows_in_both_directions_lose_and_stall_nothing() {
    for ring in RINGS {
        let client_ring = 300;
        let mut network = Network::new(Setup {
            ring,
            client: [client_ring; 2],
            ..Setup::default()
        });
        let client = network.open();
        network.set_reads(client, false);
        let ping = Frame::new(PING, "still there?");
        let messages = [
            binary(3000),
            text(5000),
            ping,
            text(0),
            binary(300),
            text(3000),
        ];
        for message in &messages {
            network.send(client, masked(message.first, &message.payload));
        }
        // The client reads only when it cannot send any more.
        network.pass(Duration::from_secs(1));
        assert_eq!(network.queues(client), [client_ring; 2], "all is full");
        let mut rounds = 0;
        while network.read(client, client_ring) > 0 {
            network.pass(Duration::from_secs(1));
            rounds += 1;
        }
        assert!(rounds > 11_000 / client_ring, "{rounds} rounds");
        let mut answers = messages.clone();
        answers[2].first = PONG;
        let echoes = network.messages(client, messages.len());
        assert!(echoes == answers, "ring of {ring}: {echoes:?}");
        network.set_reads(client, true);
        network.close(client);
    }
}

#[test]
fn messages_come_back_intact_over_a_lossy_line() {
    for seed in 0..20 {
        let mut network = Network::over_a_lossy_line(seed);
        let client = network.open();
        for len in [0, 1, 126, 700, 3000] {
            network.assert_echoed(client, &[text(len), binary(len)]);
        }
        let LossyLoopback { lost, garbled, .. } = network.loopback;
        assert!(lost > 2 && garbled > 2, "{lost} lost, {garbled} garbled");
        network.send(client, masked_close(1000, "bye"));
        assert_eq!(network.messages(client, 1), [Frame::close(1000)]);
        network.shut(client);
        network.assert_told(&[(0, Opened), (0, Gone)]);
        let next = network.open();
        network.assert_echoed(next, &[text(100)]);
    }
}
