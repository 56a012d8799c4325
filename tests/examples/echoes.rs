//! Echoes a message again and again, in memory: `.ci/instructions` counts how many instructions each takes.
//!
//! ```sh
//! cargo run --release -p ws-echo-tests --example echoes            # names the messages
//! cargo run --release -p ws-echo-tests --example echoes text-16 1000
//! ```

use std::env;
use std::hint::black_box;

use ws_echo_core::{Buffer, Connection, Event};
use ws_echo_tests::wire::{BINARY, PING, TEXT, masked_with};

/// The names of messages, the first byte of a frame, its payload, and how many frames come at once.
fn messages() -> [(&'static str, u8, Vec<u8>, usize); 8] {
    let letters = |len| "abcdefgh".bytes().cycle().take(len).collect();
    // 341 characters of 3 bytes, and one of 1.
    let chinese: Vec<u8> = "\u{6c34}\u{706b}\u{6728}"
        .bytes()
        .cycle()
        .take(1023)
        .collect();
    let chinese = [chinese, b".".to_vec()].concat();
    [
        ("text-16", TEXT, letters(16), 1),
        ("text-16-x16", TEXT, letters(16), 16),
        ("text-1k", TEXT, letters(1024), 1),
        ("text-1k-x16", TEXT, letters(1024), 16),
        ("binary-16k", BINARY, letters(16 << 10), 1),
        ("binary-1m", BINARY, letters(1 << 20), 1),
        ("chinese-1k", TEXT, chinese, 1),
        ("ping-4", PING, letters(4), 1),
    ]
}

fn main() {
    let mut arguments = env::args().skip(1);
    let (Some(name), Some(times)) = (arguments.next(), arguments.next()) else {
        messages().iter().for_each(|(name, ..)| println!("{name}"));
        return;
    };
    let message = messages().into_iter().find(|message| message.0 == name);
    let (_, first, payload, number) = message.expect("a message has this name");
    let times: usize = times.parse().expect("TIMES is a number");
    // With a masking key of zeros the payload that stands in the buffer is as good as before, once it was
    // unmasked and sent: so a lone frame needs only its header again.
    let frame = masked_with([0; 4], first, &payload);
    let header_len = frame.len() - payload.len();
    let written = if number == 1 {
        header_len
    } else {
        frame.len() * number
    };
    let received = frame.repeat(number);

    let mut connection = Connection::server();
    let mut buffer = Buffer::new(vec![0; received.len() + 100]);
    buffer.spare_mut()[..received.len()].copy_from_slice(&received);
    for _ in 0..times {
        let places = buffer.spare_mut()[..written].chunks_mut(frame.len());
        places.for_each(|place| place.copy_from_slice(&frame[..place.len()]));
        buffer.commit(received.len());
        echo(&mut connection, &mut buffer);
        let sent = black_box(buffer.ready()).len();
        assert_eq!(sent, received.len() - 4 * number);
        buffer.consume(sent);
    }
}

#[inline(never)]
fn echo(connection: &mut Connection, buffer: &mut Buffer<Vec<u8>>) {
    let mut exchange = connection.exchange(buffer);
    if exchange.echo_whole_messages() {
        return;
    }
    while let Some(event) = exchange.next_event().expect("the frames are right") {
        if let Event::Data(chunk) = event {
            exchange.echo(chunk);
        }
    }
}
