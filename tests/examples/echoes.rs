//! Echoes a message repeatedly, in memory: `.ci/instructions` counts the instructions of an echo.
//!
//! ```sh
//! cargo run --release -p ws-echo-tests --example echoes            # names the messages
//! cargo run --release -p ws-echo-tests --example echoes text-16 1000
//! ```

use std::env;
use std::hint::black_box;

use ws_echo_core::{Agreed, Buffer, Connection, Event};
use ws_echo_tests::wire::{BINARY, CONTINUATION, FIN, PING, TEXT, masked_with};

/// Frames that arrive together: the first byte of each, and its payload.
type Frames = Vec<(u8, Vec<u8>)>;

/// The names of the messages, and their frames.
fn messages() -> [(&'static str, Frames); 12] {
    let letters = |len| "abcdefgh".bytes().cycle().take(len).collect::<Vec<u8>>();
    // 341 characters of 3 bytes, and one of 1 byte.
    let chinese = "\u{6c34}\u{706b}\u{6728}".repeat(114)[..1023].to_owned() + ".";
    let fragments = [(TEXT & !FIN, letters(512)), (CONTINUATION, letters(512))];
    [
        ("text-16", vec![(TEXT, letters(16))]),
        ("text-16-x16", vec![(TEXT, letters(16)); 16]),
        ("text-200", vec![(TEXT, letters(200))]),
        ("text-1k", vec![(TEXT, letters(1024))]),
        ("text-1k-x16", vec![(TEXT, letters(1024)); 16]),
        ("text-16k", vec![(TEXT, letters(16 << 10))]),
        ("binary-4k-x16", vec![(BINARY, letters(4096)); 16]),
        ("binary-16k", vec![(BINARY, letters(16 << 10))]),
        ("binary-1m", vec![(BINARY, letters(1 << 20))]),
        ("chinese-1k", vec![(TEXT, chinese.into_bytes())]),
        ("fragments-1k", fragments.to_vec()),
        ("ping-4", vec![(PING, letters(4))]),
    ]
}

fn main() {
    let mut arguments = env::args().skip(1);
    let (Some(name), Some(times)) = (arguments.next(), arguments.next()) else {
        messages().iter().for_each(|(name, _)| println!("{name}"));
        return;
    };
    let message = messages().into_iter().find(|message| message.0 == name);
    let (_, frames) = message.expect("a message has this name");
    let times: usize = times.parse().expect("TIMES is a number");
    let frames: Vec<(Vec<u8>, usize)> = frames.iter().map(masked).collect();
    // The payload in the buffer is valid again once it was unmasked and sent, so a lone frame needs
    // only a new header.
    let again = |(frame, header_len): &(Vec<u8>, usize)| match frames.len() {
        1 => *header_len,
        _ => frame.len(),
    };
    let received: Vec<u8> = frames
        .iter()
        .flat_map(|(frame, _)| frame)
        .copied()
        .collect();

    let mut connection = Connection::server(Agreed::NOTHING);
    let mut buffer = Buffer::new(vec![0; received.len() + 100]);
    buffer.spare_mut()[..received.len()].copy_from_slice(&received);
    for _ in 0..times {
        let mut spare = buffer.spare_mut();
        for frame in &frames {
            let (place, rest) = spare.split_at_mut(frame.0.len());
            place[..again(frame)].copy_from_slice(&frame.0[..again(frame)]);
            spare = rest;
        }
        buffer.commit(received.len());
        echo(&mut connection, &mut buffer);
        let sent = black_box(buffer.ready()).len();
        assert_eq!(sent, received.len() - 4 * frames.len());
        buffer.consume(sent);
    }
}

/// A frame with a masking key of zeros, and the length of its header.
fn masked((first, payload): &(u8, Vec<u8>)) -> (Vec<u8>, usize) {
    let frame = masked_with([0; 4], *first, payload);
    let header_len = frame.len() - payload.len();
    (frame, header_len)
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
