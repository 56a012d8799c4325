use ws_echo_core::Window;

use super::deflater::Deflater;
use super::inflater::{Inflater, InvalidCompression};

/// `Hello`, as RFC 7692 compresses it in section 7.2.3.1.
const HELLO: &[u8] = b"\xF2\x48\xCD\xC9\xC9\x07\x00";

fn windows() -> impl Iterator<Item = Window> {
    let fresh = (8..=15).filter_map(Window::new);
    fresh.flat_map(|window| [window, window.kept()])
}

/// What a message inflates to that comes in pieces of this length, with so much room at once.
fn inflate(
    inflater: &mut Inflater,
    message: &[u8],
    piece_len: usize,
    room_len: usize,
) -> Result<Vec<u8>, InvalidCompression> {
    let mut inflated = Vec::new();
    let mut room = vec![0; room_len];
    for mut piece in message.chunks(piece_len) {
        loop {
            let output = inflater.inflate(&mut piece, &mut room)?;
            if output.is_empty() {
                break;
            }
            inflated.extend_from_slice(output);
        }
        assert!(piece.is_empty());
    }
    inflater.end_message().map(|()| inflated)
}

/// The same by an inflater of its own, at once and in the smallest pieces.
fn inflate_alone(message: &[u8]) -> Result<Vec<u8>, InvalidCompression> {
    let cut = |(piece_len, room_len)| {
        let mut inflater = Inflater::new(Window::MAX);
        inflate(&mut inflater, message, piece_len, room_len)
    };
    let whole = cut((1 << 16, 1 << 16));
    for lens in [(1, 1), (1, 64), (2, 3), (64, 1), (64, 64)] {
        assert_eq!(cut(lens), whole, "{message:02x?} by {lens:?}");
    }
    whole
}

/// Messages of many kinds: empty, repeated, random, of one letter, and longer than each window.
fn messages() -> Vec<Vec<u8>> {
    let record = br#"{"id":17,"name":"a name","is_new":false,"tags":["one","two"]}"#;
    let mut random = fastrand::Rng::with_seed(1);
    let noise: Vec<u8> = (0..70_000).map(|_| random.u8(..)).collect();
    let words = (0..9_000).map(|_| random.choice(["alpha ", "beta ", "gamma "]).unwrap_or(""));
    vec![
        b"".to_vec(),
        record.to_vec(),
        record.repeat(3),
        b"".to_vec(),
        b"".to_vec(),
        noise.clone(),
        b"a".to_vec(),
        vec![b'z'; 300_000],
        words.collect::<String>().into_bytes(),
        noise,
        record.to_vec(),
    ]
}

#[test]
fn each_message_comes_back_with_each_window_however_it_is_cut() {
    for window in windows() {
        for (piece_len, room_len) in [(usize::MAX, 1 << 16), (1000, 777), (7, 1 << 16), (3000, 50)]
        {
            let mut deflater = Deflater::new(window);
            let mut inflater = Inflater::new(window);
            let mut compressed = Vec::new();
            for message in messages() {
                deflater.compress(&message, &mut compressed);
                let inflated = inflate(&mut inflater, &compressed, piece_len, room_len);
                assert!(
                    inflated == Ok(message),
                    "{window:?}, {piece_len}, {room_len}"
                );
            }
        }
    }
}

#[test]
fn a_kept_window_makes_a_repeated_message_shorter_and_a_fresh_one_does_not() {
    let message = b"a message that is long enough";
    for window in windows() {
        let mut deflater = Deflater::new(window);
        let mut lens = [0; 2];
        for len in &mut lens {
            let mut compressed = Vec::new();
            deflater.compress(message, &mut compressed);
            *len = compressed.len();
        }
        assert_eq!(lens[1] < lens[0], window.is_kept(), "{window:?}");
        assert_eq!(lens[1] == lens[0], !window.is_kept(), "{window:?}");
    }
}

/// As RFC 7692 says in section 7.2.3.6.
#[test]
fn an_empty_message_is_one_byte() {
    for window in windows() {
        let mut deflater = Deflater::new(window);
        for _ in 0..3 {
            let mut compressed = Vec::new();
            deflater.compress(b"", &mut compressed);
            assert_eq!(compressed, [0]);
        }
    }
}

#[test]
fn what_the_rfc_shows_inflates_to_hello() {
    for (message, section) in [
        (HELLO, "7.2.3.1"),
        (b"\x00\x05\x00\xFA\xFFHello\x00", "7.2.3.3"),
        (b"\xF3\x48\xCD\xC9\xC9\x07\x00\x00", "7.2.3.4"),
        (
            b"\xF2\x48\x05\x00\x00\x00\xFF\xFF\xCA\xC9\xC9\x07\x00",
            "7.2.3.5",
        ),
    ] {
        assert_eq!(
            inflate_alone(message).as_deref(),
            Ok(&b"Hello"[..]),
            "{section}"
        );
    }
    // 7.2.3.2
    let mut inflater = Inflater::new(Window::MAX);
    for message in [HELLO, b"\xF2\x00\x11\x00\x00"] {
        let inflated = inflate(&mut inflater, message, 1, 1);
        assert_eq!(inflated.as_deref(), Ok(&b"Hello"[..]));
    }
}

#[test]
fn odd_messages_that_others_take_are_taken() {
    for (message, inflated, what) in [
        (&b""[..], &b""[..], "no bytes"),
        (b"\x00", b"", "an empty message"),
        (b"\x02\x00", b"", "an empty block with codes"),
        (
            b"\xF3\x48\xCD\xC9\xC9\x07\x00",
            b"Hello",
            "nothing behind a final block",
        ),
        (b"\x03\x00", b"", "an empty final block"),
        (
            b"\x03\x00\x00",
            b"",
            "an empty final block, and the start of one more",
        ),
        (
            b"\x01\x00\x00\xFF\xFF",
            b"",
            "an empty final block without codes",
        ),
        (
            b"\xF3\x48\xCD\xC9\xC9\x07\x00\xF2\x48\xCD\xC9\xC9\x07\x00",
            b"HelloHello",
            "more blocks behind a final one",
        ),
        (
            b"\xF3\x48\xCD\xC9\xC9\x07\x00\xF3\x48\xCD\xC9\xC9\x07\x00",
            b"HelloHello",
            "two final blocks",
        ),
        (
            b"\xF2\x48\xCD\xC9\xC9\x07\x00\x00\x00\xFF\xFF",
            b"Hello",
            "with the tail",
        ),
    ] {
        assert_eq!(inflate_alone(message).as_deref(), Ok(inflated), "{what}");
    }
}

#[test]
fn what_is_no_deflate_stream_is_refused() {
    for (message, what) in [
        (&b"\xF2\x48\xCD"[..], "cut inside a code"),
        (b"\xF2\x48\xCD\xC9\xC9", "cut before the end of the block"),
        (
            b"\x00\x05\x00\xFA\xFFHel",
            "cut inside a block without codes",
        ),
        (
            b"\x00\x05\x00\xFA\xFFHello",
            "without the start of a last block",
        ),
        (b"\x00\x05\x00\xFA", "cut inside the length of a block"),
        (
            b"\x00\x0A\x00\xF5\xFFHell\x00\x00\xFF\xFF",
            "cut inside a block, behind what is the tail elsewhere",
        ),
        (b"\xED\xBD\x07\x60", "cut inside the codes of a block"),
        (
            b"\xF3\x48\xCD\xC9\xC9\x07\x00\xFF\xFF",
            "garbage behind a final block",
        ),
        (b"\xFF\xFF\xFF\xFF", "a block of the reserved type"),
        (
            b"\x00\x05\x00\x05\x00Hello\x00",
            "a length that is not repeated",
        ),
        (b"\xF2\x00\x11\x00\x00", "a distance beyond the start"),
        (
            b"\xF3\x48\xCD\xC9\xC9\x07\x00\xF2\x00\x11\x00\x00",
            "a distance beyond a final block",
        ),
    ] {
        assert_eq!(inflate_alone(message), Err(InvalidCompression), "{what}");
    }
}

#[test]
fn the_next_message_is_inflated_after_odd_ones() {
    for window in windows() {
        for odd in [
            &b""[..],
            b"\x03\x00",
            b"\xF3\x48\xCD\xC9\xC9\x07\x00",
            b"\xF3\x48\xCD\xC9\xC9\x07\x00\x00",
            b"\xF2\x48\xCD\xC9\xC9\x07\x00\x00\x00\xFF\xFF",
        ] {
            let mut inflater = Inflater::new(window);
            assert!(inflate(&mut inflater, odd, 3, 64).is_ok());
            let next = inflate(&mut inflater, HELLO, 3, 64);
            assert_eq!(next.as_deref(), Ok(&b"Hello"[..]), "{odd:02x?}");
        }
    }
}

#[test]
fn a_fresh_window_knows_nothing_of_earlier_messages() {
    let mut inflater = Inflater::new(Window::MAX.fresh());
    assert!(inflate(&mut inflater, HELLO, 64, 64).is_ok());
    let refers_back = inflate(&mut inflater, b"\xF2\x00\x11\x00\x00", 64, 64);
    assert_eq!(refers_back, Err(InvalidCompression));
    inflater.reset(Window::MAX);
    assert_eq!(
        inflate(&mut inflater, HELLO, 64, 64).as_deref(),
        Ok(&b"Hello"[..])
    );
}

#[test]
fn the_end_of_one_message_and_the_start_of_the_next_are_no_tail() {
    let mut inflater = Inflater::new(Window::MAX);
    let stored = b"\x00\x02\x00\xFD\xFF\x00\x00\x00";
    assert!(inflate(&mut inflater, stored, 64, 64).is_ok());
    let cut = inflate(&mut inflater, b"\xFF\xFF", 64, 64);
    assert_eq!(cut, Err(InvalidCompression));
}
