//! A server without an inflater: compressed messages come back as they came, whatever they are.

use ws_echo_core::ProtocolError;
use ws_echo_tests::deflate::{KEPT, OFFER};
use ws_echo_tests::wire::{BINARY, Frame, PING, PONG, RSV1, TEXT, masked};

use crate::echoes::{RINGS, binary, every_setup, text};
use crate::network::{Network, Number, Setup};
use crate::server::Change::{Failed, Gone, Opened};

fn open(network: &mut Network) -> Number {
    network.open_with(OFFER, KEPT)
}

/// A compressed message of this many bytes, which no inflater has to accept, and which is no text.
fn compressed(kind: u8, len: usize) -> Frame {
    let Frame { payload, .. } = binary(len);
    Frame::new(kind | RSV1, payload)
}

#[test]
fn compressed_messages_of_every_length_come_back_through_rings_of_every_length() {
    for setup in every_setup() {
        let mut network = Network::new(setup);
        let client = open(&mut network);
        for len in [0, 1, 60, 61, 125, 126, 127, 1000] {
            let messages = [compressed(TEXT, len), text(len), compressed(BINARY, len)];
            network.assert_echoed(client, &messages);
        }
        network.close(client);
        network.assert_told(&[(0, Opened), (0, Gone)]);
    }
}

#[test]
fn a_compressed_message_far_longer_than_the_rings_comes_back_intact() {
    for ring in RINGS {
        let mut network = Network::new(Setup {
            ring,
            ..Setup::default()
        });
        let client = open(&mut network);
        let messages = [compressed(TEXT, 65_535), compressed(BINARY, 65_536)];
        network.assert_echoed(client, &messages);
        network.close(client);
    }
}

#[test]
fn a_fragmented_compressed_message_and_pings_inside_it_are_answered() {
    for setup in every_setup() {
        let mut network = Network::new(setup);
        let client = open(&mut network);
        let [before, behind] = [[0xFF; 100], [0xFE; 100]];
        for frame in [
            masked(0x01 | RSV1, before),
            masked(PING, "between"),
            masked(0x00, ""),
            masked(0x80, behind),
        ] {
            network.send(client, frame);
        }
        let answers = [
            Frame::new(PONG, "between"),
            Frame::new(TEXT | RSV1, [before, behind].as_flattened()),
        ];
        assert_eq!(network.messages(client, 2), answers, "{setup:?}");
    }
}

#[test]
fn compressed_messages_come_back_intact_over_a_lossy_line() {
    for seed in 0..5 {
        let mut network = Network::over_a_lossy_line(seed);
        let client = open(&mut network);
        for len in [0, 1, 126, 700, 3000] {
            let messages = [compressed(TEXT, len), binary(len), compressed(BINARY, len)];
            network.assert_echoed(client, &messages);
        }
    }
}

#[test]
fn the_longest_answer_is_sent_whatever_the_rings() {
    let parameters = "server_no_context_takeover; client_no_context_takeover; \
                      server_max_window_bits=10; client_max_window_bits=10";
    let extension = format!("permessage-deflate; {parameters}");
    for setup in every_setup() {
        let mut network = Network::new(setup);
        let client = network.open_with(&extension, &extension);
        network.assert_echoed(client, &[compressed(TEXT, 100)]);
    }
}

#[test]
fn what_must_not_be_compressed_fails_the_connection() {
    let unexpected = Failed(ProtocolError::ReservedBits(RSV1));
    let continuation = [masked(0x01 | RSV1, "a"), masked(0x80 | RSV1, "b")].concat();
    let ping = masked(PING | RSV1, "");
    for frames in [continuation, ping] {
        let mut network = Network::new(Setup::default());
        let client = open(&mut network);
        network.send(client, frames);
        network.assert_told(&[(0, Opened), (0, unexpected)]);
    }
    let mut network = Network::new(Setup::default());
    let client = network.open();
    network.send(client, masked(TEXT | RSV1, "not agreed on"));
    assert_eq!(network.messages(client, 1), [Frame::close(1002)]);
    network.assert_ended(client);
    network.assert_told(&[(0, Opened), (0, unexpected), (0, Gone)]);
}
