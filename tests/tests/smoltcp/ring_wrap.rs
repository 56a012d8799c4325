//! A ring may end anywhere: in a header, in a payload, in a control frame, inside a character.

use smoltcp::time::Duration;
use ws_echo_tests::wire::{BINARY, Frame, PING, PONG, TEXT, masked, masked_close};

use crate::network::{Network, Setup};

const RINGS: [usize; 2] = [64, 100];

/// The bytes to send, with each kind of frame and each length of header, and the frames that must
/// come back.
fn traffic() -> (Vec<u8>, Vec<Frame>) {
    let text = "\u{1f980}h\u{e9}llo, w\u{f6}rld\u{6c34}";
    let bytes = Vec::from_iter(0..200);
    let ping = Vec::from_iter(b'a'..=b'z');
    let sent = [
        masked(TEXT, text),
        masked(PING, &ping),
        masked(BINARY, &bytes),
        masked(TEXT, ""),
        masked(PING, ""),
        masked_close(1000, "b\u{e9}"),
    ];
    let answers = vec![
        Frame::new(TEXT, text),
        Frame::new(PONG, ping),
        Frame::new(BINARY, bytes),
        Frame::new(TEXT, ""),
        Frame::new(PONG, ""),
        Frame::close(1000),
    ];
    (sent.concat(), answers)
}

#[test]
fn data_that_wraps_in_the_receive_ring_is_read_whole_wherever_it_begins() {
    let (sent, answers) = traffic();
    for ring in RINGS {
        for shift in 0..ring {
            let mut network = Network::new(Setup {
                ring,
                ..Setup::default()
            });
            let client = network.open();
            // A Pong has no answer. It moves what follows.
            network.send(client, masked(PONG, vec![0; shift]));
            network.pass(Duration::from_millis(50));
            network.send(client, &sent);
            let received = network.messages(client, answers.len());
            assert_eq!(received, answers, "ring of {ring}, shift {shift}");
            network.assert_ended(client);
        }
    }
}

#[test]
fn data_that_wraps_in_the_send_ring_is_sent_whole_wherever_it_begins() {
    let (sent, answers) = traffic();
    for ring in RINGS {
        // This many bytes are taken from the ring, while the rest stays there.
        for taken in 1..=ring {
            let mut network = Network::new(Setup {
                ring,
                client: [taken, 2048],
                ..Setup::default()
            });
            let client = network.open();
            network.set_reads(client, false);
            network.send(client, &sent);
            network.pass(Duration::from_millis(50));
            assert_eq!(network.queues(client)[0], taken);
            while network.read(client, taken) > 0 {
                network.pass(Duration::from_millis(50));
            }
            let received = network.messages(client, answers.len());
            assert_eq!(received, answers, "ring of {ring}, {taken} taken");
        }
    }
}
