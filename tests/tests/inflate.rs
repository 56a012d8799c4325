//! Inflated messages (RFC 7692 section 7.2.2, RFC 1951): odd ones, invalid ones, cut anywhere,
//! and as another inflater sees them.

use std::iter::{once, repeat};
use std::ops::Range;

use ws_echo_core::{Inflate, ProtocolError, Window};
use ws_echo_tests::deflate::{Compressor, HELLO, HELLO_AGAIN};
use ws_echo_tests::inflaters::{Other, inflate};

/// The largest window.
const MAX: usize = 32 << 10;

/// Messages of a connection that keeps its window, and what they are.
const VALID: &[&[(&[u8], &str)]] = &[
    // The examples of RFC 7692 section 7.2.3.
    &[(HELLO, "Hello"), (HELLO_AGAIN, "Hello")],
    &[(b"\x00\x05\x00\xFA\xFFHello\x00", "Hello")],
    &[(b"\xF3\x48\xCD\xC9\xC9\x07\x00\x00", "Hello")],
    &[(
        b"\xF2\x48\x05\x00\x00\x00\xFF\xFF\xCA\xC9\xC9\x07\x00",
        "Hello",
    )],
    // Nothing at all, an empty block that is not compressed, an empty one that is, final ones.
    &[(b"", ""), (b"\x00", ""), (b"\x02\x00", ""), (b"\x01", "")],
    &[(b"\x03\x00", ""), (b"\x03\x00\x00", "")],
    // The last four bytes are left on.
    &[(b"\xF2\x48\xCD\xC9\xC9\x07\x00\x00\x00\xFF\xFF", "Hello")],
    // A final block without an empty one after it, and with other blocks after it.
    &[(b"\xF3\x48\xCD\xC9\xC9\x07\x00", "Hello")],
    &[(
        b"\xF3\x48\xCD\xC9\xC9\x07\x00\xF3\x48\xCD\xC9\xC9\x07\x00\x00",
        "HelloHello",
    )],
    &[(
        b"\xF3\x48\xCD\xC9\xC9\x07\x00\xF2\x00\x11\x00\x00",
        "HelloHello",
    )],
    // The next message is one like any other, also after a final block.
    &[
        (b"\xF3\x48\xCD\xC9\xC9\x07\x00\x00", "Hello"),
        (b"\xF2\x00\x11\x00\x00", "Hello"),
        (b"\x00\x01\x00\xFE\xFF!\x00", "!"),
    ],
    // Padding with bits that are set is ignored (RFC 1951 section 3.2.4).
    &[(b"\xF8\x05\x00\xFA\xFFHello\xF8", "Hello")],
];

const INVALID: &[&[u8]] = &[
    b"\x06",                                     // BTYPE 11
    b"\x00\x05\x00\xFA\xFEHello\x00",            // LEN and its complement
    b"\x00\x05\x00\xFA\xFFHell",                 // cut inside a block that is not compressed
    b"\x00\x05\x00\xFA",                         // cut inside LEN
    b"\xF2\x48\xCD",                             // cut inside a code
    b"\xF2\x48\xCD\xC9\xC9\x07",                 // cut inside the end of the block
    b"\x04",                                     // cut inside the counts of lengths
    b"\xF3\x48\xCD\xC9\xC9\x07\x00junk",         // after a final block
    b"\xF3\x48\xCD\xC9\xC9\x07\x00\x00\x00",     // the same
    b"\xF2\x00\x11\x00\x00",                     // a distance before the first byte
    b"\x72\x1C\x03\x00",                         // length 286
    b"\xF2\x48\xCD\xC9\xC9\x07\x00\x00\x00\xFF", // half of the last four bytes
    b"garbage",
];

fn fresh() -> Box<Inflate<MAX>> {
    Box::default()
}

fn pieces(len: usize) -> impl Iterator<Item = usize> {
    repeat(len)
}

#[test]
fn odd_messages_are_inflated_whole_and_cut_anywhere() {
    for session in VALID {
        let longest = session.iter().map(|(message, _)| message.len()).max();
        let longest = longest.unwrap_or_default();
        for cut in 0..=longest {
            let mut inflater = fresh();
            for (message, expected) in *session {
                let inflated = inflate(&mut inflater, message, once(cut));
                assert_eq!(
                    inflated.unwrap(),
                    expected.as_bytes(),
                    "{message:x?}, {cut}"
                );
            }
        }
        let mut inflater = fresh();
        let mut history = Vec::new();
        for (message, expected) in *session {
            let inflated = inflate(&mut inflater, message, pieces(1));
            assert_eq!(inflated.unwrap(), expected.as_bytes(), "{message:x?}");
            for other in [Other::Zlib, Other::Miniz] {
                other.check(&history, message, Some(expected.as_bytes()));
            }
            history.extend(expected.bytes());
        }
    }
}

#[test]
fn invalid_messages_are_refused_wherever_they_are_cut() {
    for message in INVALID {
        for cut in 0..=message.len() {
            let mut inflater = fresh();
            let inflated = inflate(&mut inflater, message, once(cut));
            assert_eq!(
                inflated,
                Err(ProtocolError::InvalidCompression),
                "{message:x?}"
            );
            // Until it is reset.
            assert!(inflater.piece(&mut &b"\x00"[..]).is_err());
            assert!(inflater.end_message().is_err());
            inflater.reset();
            assert_eq!(inflate(&mut inflater, HELLO, once(cut)).unwrap(), b"Hello");
        }
        for other in [Other::Zlib, Other::Miniz] {
            other.check(b"", message, None);
        }
    }
}

#[test]
fn a_message_that_is_cut_is_refused_unless_it_is_cut_between_blocks() {
    let text = json(1_000, 1);
    for level in [0, 1, 6] {
        let message = Compressor::with_level(Window::MAX, level).compress(&text);
        assert_eq!(inflate(&mut fresh(), &message, []).unwrap(), text);
        for len in 0..message.len() {
            let cut = &message[..len];
            let inflated = inflate(&mut fresh(), cut, []);
            // Before the empty block at the end, and after the header of one at the start.
            let is_between = [0, 1, message.len() - 1].contains(&len);
            assert!(inflated.is_err() || is_between, "{len} at level {level}");
            Other::Zlib.check(b"", cut, inflated.as_deref().ok());
        }
    }
}

/// The symbol of a number, and what is added to the least number that it stands for.
fn symbol_of(
    number: u32,
    mut least: u32,
    symbols: Range<u32>,
    extra: impl Fn(u32) -> u32,
) -> (u32, u32) {
    for symbol in symbols {
        let count = 1 << extra(symbol);
        if number < least + count {
            return (symbol, number - least);
        }
        least += count;
    }
    (0, 0)
}

/// Writes a stream bit by bit.
#[derive(Default)]
struct BitWriter {
    bits: Vec<bool>,
}

impl BitWriter {
    /// A block with fixed codes, and before it 1,000 bytes that are not compressed.
    fn after_1000_bytes() -> Self {
        let mut writer = Self::default();
        writer.number(0, 8);
        writer.number(1000, 16);
        writer.number(!1000, 16);
        for index in 0..1000 {
            writer.number(index % 251, 8);
        }
        writer.number(0b010, 3);
        writer
    }

    fn number(&mut self, number: u32, len: u32) {
        self.bits.extend((0..len).map(|bit| number >> bit & 1 != 0));
    }

    fn code(&mut self, code: u32, len: u32) {
        self.bits
            .extend((0..len).rev().map(|bit| code >> bit & 1 != 0));
    }

    /// `len` bytes from a distance, with the fixed codes (RFC 1951 sections 3.2.5 and 3.2.6).
    fn reference(&mut self, len: u32, distance: u32) {
        let extra = |symbol: u32| if symbol < 265 { 0 } else { (symbol - 261) / 4 };
        match symbol_of(len, 3, 257..285, extra) {
            _ if len == 258 => self.code(0b1100_0101, 8),
            (symbol @ 280.., _) => self.code(symbol - 280 + 0b1100_0000, 8),
            (symbol, _) => self.code(symbol - 256, 7),
        }
        if len < 258 {
            let (symbol, rest) = symbol_of(len, 3, 257..285, extra);
            self.number(rest, extra(symbol));
        }
        let extra = |symbol: u32| if symbol < 4 { 0 } else { symbol / 2 - 1 };
        let (symbol, rest) = symbol_of(distance, 1, 0..30, extra);
        self.code(symbol, 5);
        self.number(rest, extra(symbol));
    }

    /// Ends a block with fixed codes.
    fn end(mut self) -> Vec<u8> {
        self.code(0, 7);
        self.message()
    }

    /// Adds the first bits of an empty block.
    fn message(mut self) -> Vec<u8> {
        self.number(0, 3);
        let byte = |bits: &[bool]| (0..).zip(bits).map(|(n, &bit)| u8::from(bit) << n).sum();
        self.bits.chunks(8).map(byte).collect()
    }
}

#[test]
fn a_distance_beyond_the_first_byte_or_the_window_is_refused() {
    fn is_valid<const LEN: usize>(distance: u32) -> bool {
        let mut writer = BitWriter::after_1000_bytes();
        writer.reference(3, distance);
        let message = writer.end();
        let Ok(inflated) = inflate(&mut Inflate::<LEN>::new(), &message, pieces(7)) else {
            return false;
        };
        let start = 1000 - distance as usize;
        assert_eq!(inflated[1000..], inflated[start..start + 3]);
        true
    }
    assert!(is_valid::<MAX>(1000) && is_valid::<1024>(1000));
    assert!(!is_valid::<MAX>(1001) && !is_valid::<1024>(1001));
    assert!(!is_valid::<512>(513) && !is_valid::<256>(513));
    for distance in 513..=1000 {
        assert!(is_valid::<1024>(distance));
    }
}

#[test]
fn the_whole_window_can_be_referred_to_also_around_the_end_of_the_ring() {
    // 256 bytes and one, then its first byte: it is the 256th before it.
    for before in 0..600_u32 {
        let mut writer = BitWriter::default();
        writer.number(0, 8);
        writer.number(before, 16);
        writer.number(!before, 16);
        for index in 0..before {
            writer.number(index * 7 % 251, 8);
        }
        writer.number(0b010, 3);
        for distance in [256, 257] {
            let mut writer = BitWriter {
                bits: writer.bits.clone(),
            };
            writer.reference(258, distance);
            let message = writer.end();
            let inflated = inflate(&mut Inflate::<256>::new(), &message, [before as usize / 2]);
            assert_eq!(
                inflated.is_ok(),
                distance == 256 && before >= 256,
                "{before}, {distance}"
            );
            let large = inflate(&mut fresh(), &message, []);
            if inflated.is_ok() {
                assert_eq!(inflated, large);
            }
            Other::Zlib.check(b"", &message, large.as_deref().ok());
        }
    }
}

#[test]
fn each_length_is_copied_from_each_distance_also_around_the_end_of_the_ring() {
    let mut random = fastrand::Rng::with_seed(1951);
    for _ in 0..if cfg!(debug_assertions) { 300 } else { 10_000 } {
        let mut writer = BitWriter::after_1000_bytes();
        for _ in 0..20 {
            writer.code(random.u32(0x30..0xC0), 8);
            writer.reference(random.u32(3..=258), random.u32(1..=512));
            writer.reference(random.u32(3..=258), random.u32(1..=4) * 128);
        }
        let message = writer.end();
        let large = inflate(&mut fresh(), &message, []).unwrap();
        let small = inflate(&mut Inflate::<512>::new(), &message, [1, 600, 3, 4, 5]);
        assert!(small.unwrap() == large);
        Other::Zlib.check(b"", &message, Some(&large));
    }
}

/// A block whose codes are given by the lengths of those of literals, and of distances.
fn with_codes(literals: &[u8], distances: &[u8], body: impl FnOnce(&mut BitWriter)) -> Vec<u8> {
    let mut writer = BitWriter::default();
    writer.number(0b100, 3);
    writer.number(literals.len() as u32 - 257, 5);
    writer.number(distances.len() as u32 - 1, 5);
    writer.number(15, 4);
    // All lengths have codes of four bits, so that none is left for repetitions.
    for symbol in [
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    ] {
        writer.number(if symbol < 16 { 4 } else { 0 }, 3);
    }
    for len in literals.iter().chain(distances) {
        writer.code(u32::from(*len), 4);
    }
    body(&mut writer);
    writer.message()
}

#[test]
fn codes_must_be_complete_but_for_one_or_no_distance() {
    let mut literals = vec![0; 257];
    literals[b'a' as usize] = 1;
    literals[256] = 2;
    let incomplete = with_codes(&literals, &[0], |writer| writer.code(0b010, 3));
    literals[b'b' as usize] = 2;
    let complete = with_codes(&literals, &[0], |writer| writer.code(0b011, 3));
    let no_end = with_codes(&[&[1, 1][..], &[0; 255]].concat(), &[0], |_| {});
    literals[b'c' as usize] = 2;
    let too_many = with_codes(&literals, &[0], |_| {});
    literals[b'c' as usize] = 0;
    literals.push(2);
    literals[b'b' as usize] = 0;
    let reference = |writer: &mut BitWriter| {
        writer.code(0b0, 1); // a
        writer.code(0b11, 2); // length 3
        writer.code(0b0, 1); // distance 1
        writer.code(0b10, 2); // the end
    };
    let one_distance = with_codes(&literals, &[1], reference);
    let unused_distance = with_codes(&literals, &[1], |writer| writer.code(0b01_1111_1111, 10));
    let no_distance = with_codes(&literals, &[0], reference);
    let half_of_the_distances = with_codes(&literals, &[2, 2], |writer| {
        writer.code(0b011, 3); // a, length 3
        writer.code(0b00, 2); // distance 1
        writer.code(0b10, 2); // the end
    });
    let too_many_literals = with_codes(&[&literals[..], &[0; 29]].concat(), &[1], reference);
    let too_many_distances = with_codes(&literals, &[&[1][..], &[0; 30]].concat(), reference);
    for (message, expected) in [
        (incomplete, None),
        (complete, Some("a")),
        (no_end, None),
        (too_many, None),
        (one_distance, Some("aaaa")),
        (unused_distance, None),
        (no_distance, None),
        (half_of_the_distances, None),
        (too_many_literals, None),
        (too_many_distances, None),
    ] {
        for len in [1, 2, 1000] {
            let inflated = inflate(&mut fresh(), &message, pieces(len)).ok();
            let expected = expected.map(|text| text.as_bytes().to_vec());
            assert_eq!(inflated, expected, "{message:x?}");
        }
        Other::Zlib.check(b"", &message, expected.map(str::as_bytes));
    }
}

#[test]
fn the_code_of_lengths_must_be_complete() {
    let message = |is_complete: bool| {
        let mut writer = BitWriter::default();
        writer.number(0b100, 3);
        writer.number(0, 10);
        writer.number(14, 4);
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
            let is_used = symbol == 1 || (symbol == 18 && is_complete);
            writer.number(u32::from(is_used), 3);
        }
        for zeros in [97, 0, 138, 20, 0, 0] {
            if zeros == 0 {
                writer.code(0, 1); // The length is 1.
                continue;
            }
            // As many times 0. Without a code it must not be taken for one.
            let rest = if is_complete { 0 } else { 14 };
            writer.code(1 << rest, 1 + rest);
            writer.number(zeros - 11, 7);
        }
        writer.code(0b01, 2); // a, the end
        writer.message()
    };
    assert_eq!(inflate(&mut fresh(), &message(true), []).unwrap(), b"a");
    assert!(inflate(&mut fresh(), &message(false), []).is_err());
    Other::Zlib.check(b"", &message(false), None);
}

#[test]
fn the_last_two_distances_of_the_fixed_code_are_refused() {
    for symbol in [30, 31] {
        for bits in [0, 0x3FFF] {
            let mut writer = BitWriter::after_1000_bytes();
            writer.code(0b000_0001, 7);
            writer.code(symbol, 5);
            writer.number(bits, 14);
            assert!(inflate(&mut fresh(), &writer.end(), []).is_err());
        }
    }
}

#[test]
fn lengths_of_codes_beyond_the_last_symbol_are_refused_at_once() {
    // The lengths of codes are 1, or 138 times 0. There are 258.
    let mut writer = BitWriter::default();
    writer.number(0b100, 3);
    writer.number(0, 10);
    writer.number(14, 4);
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
        writer.number(u32::from([1, 18].contains(&symbol)), 3);
    }
    for _ in 0..2 {
        writer.code(1, 1);
        writer.number(127, 7);
    }
    let message = writer.message();
    assert!(fresh().piece(&mut &message[..]).is_err());
}

#[test]
fn a_message_refers_to_those_before_it_unless_it_is_reset() {
    let texts = [json(700, 1), json(700, 1), json(700, 1)];
    let mut compressor = Compressor::new(Window::MAX);
    let messages = texts.each_ref().map(|text| compressor.compress(text));
    assert!(messages[1].len() < 20);
    let mut kept = fresh();
    for (message, text) in messages.iter().zip(&texts) {
        assert_eq!(&inflate(&mut kept, message, []).unwrap(), text);
    }
    kept.reset();
    assert!(inflate(&mut kept, &messages[1], []).is_err());
}

#[test]
fn each_window_is_enough_for_a_compressor_with_the_same() {
    fn check<const LEN: usize>(window_bits: u8) {
        let mut compressor = Compressor::new(Window::new(window_bits).unwrap().kept());
        let mut inflater = Inflate::<LEN>::new();
        for (seed, len) in (0..).zip([0, 1, 10, 511, 512, 513, 1_000, 70_000, 300_000]) {
            for message in [json(len, seed), noise(len, seed), vec![0; len]] {
                let compressed = compressor.compress(&message);
                let cuts = [len / 3, 1, 2, 3];
                let inflated = inflate(&mut inflater, &compressed, cuts).unwrap();
                assert!(inflated == message, "{len} bytes in {LEN}");
            }
        }
    }
    check::<512>(9);
    check::<1024>(10);
    check::<MAX>(15);
    check::<4096>(9);
}

#[test]
fn a_bomb_comes_in_pieces_as_long_as_the_window() {
    let bomb = Compressor::with_level(Window::MAX, 9).compress(&vec![0; 1 << 20]);
    let mut inflater = Inflate::<512>::new();
    let (mut bytes, mut len) = (&bomb[..], 0);
    while let Some(piece) = inflater.piece(&mut bytes).unwrap() {
        assert_eq!(piece.len(), 512);
        len += piece.len();
    }
    inflater.end_message().unwrap();
    assert_eq!(len, 1 << 20);
}

/// 60,000 streams in a release build. They are damaged or random, and cut in two.
#[test]
fn damaged_and_random_messages_are_judged_as_by_others() {
    let count = if cfg!(debug_assertions) {
        6_000
    } else {
        60_000
    };
    let mut random = fastrand::Rng::with_seed(7692);
    let mut refused = 0;
    for _ in 0..count {
        let message = match random.u8(..4) {
            0 => noise(random.usize(..40), random.u64(..)),
            _ => {
                let text = json(random.usize(..300), random.u64(..));
                let mut message =
                    Compressor::with_level(Window::MAX, random.i32(0..10)).compress(&text);
                for _ in 0..random.u8(..3) {
                    if let Some(byte) = random.choice(&mut message) {
                        *byte = random.u8(..);
                    }
                }
                message
            }
        };
        let whole = inflate(&mut fresh(), &message, []);
        let cut = inflate(&mut fresh(), &message, [random.usize(..=message.len())]);
        assert_eq!(whole, cut);
        refused += usize::from(whole.is_err());
        Other::Zlib.check(b"", &message, whole.as_deref().ok());
        Other::Miniz.check(b"", &message, whole.as_deref().ok());
    }
    println!("{refused} of {count} were refused");
    assert!((count / 4..count * 3 / 4).contains(&refused));
}

/// Records that a device could send.
fn json(len: usize, seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut text = String::new();
    while text.len() < len {
        let (id, temperature) = (random.u16(..), random.i8(..));
        text += &format!(r#"{{"id":{id},"name":"sensor","temperature":{temperature}}},"#);
    }
    text.truncate(len);
    text.into_bytes()
}

fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..len).map(|_| random.u8(..)).collect()
}

mod whole_messages {
    use super::*;
    use ws_echo_core::{Buffer, Connection, Event, GatherError, Message, MessageBuffer, Role};
    use ws_echo_tests::deflate::agreed;
    use ws_echo_tests::wire::{BINARY, CONTINUATION, FIN, Frame, RSV1, TEXT, masked, mirrored};

    /// What is gathered of a session, up to an error.
    fn gather<R: Role>(
        mut connection: Connection<R>,
        input: &[u8],
        cut: usize,
    ) -> Vec<Result<Frame, GatherError>> {
        let mut buffer = Buffer::new([0; 2000]);
        let mut inflater = Inflate::<512>::new();
        let mut message = MessageBuffer::new([0; 1000]);
        let mut gathered = Vec::new();
        for bytes in input.chunks(cut) {
            buffer.spare_mut()[..bytes.len()].copy_from_slice(bytes);
            buffer.commit(bytes.len());
            let mut exchange = connection.exchange(&mut buffer);
            while let Ok(Some(event)) = exchange.next_event() {
                let Event::Data(chunk) = event else { continue };
                match exchange.gather_inflated(&chunk, &mut inflater, &mut message) {
                    Ok(None) => {}
                    Ok(Some(Message::Text(text))) => gathered.push(Ok(Frame::new(TEXT, text))),
                    Ok(Some(Message::Binary(bytes))) => {
                        gathered.push(Ok(Frame::new(BINARY, bytes)))
                    }
                    Err(error) => {
                        gathered.push(Err(error));
                        if let GatherError::Invalid(error) = error {
                            exchange.fail(error);
                        }
                    }
                }
            }
            buffer.consume(usize::MAX);
        }
        gathered
    }

    /// The same for a server and for a client, and for input that is cut in different ways.
    fn assert_gathered(window: Window, input: &[u8], expected: &[Result<Frame, GatherError>]) {
        for cut in [1, 2, 7, 100, 150] {
            let server = Connection::server(agreed(window));
            assert_eq!(gather(server, input, cut), expected, "{cut}");
            let client = Connection::client(agreed(window), || [1, 2, 3, 4]);
            assert_eq!(
                gather(client, &mirrored(input), cut),
                expected,
                "by a client, {cut}"
            );
        }
    }

    fn small() -> Window {
        Window::new(9).unwrap()
    }

    #[test]
    fn are_gathered_compressed_and_plain() {
        let texts = ["{}".to_owned(), "\u{20ac}".repeat(300), String::new()];
        let mut compressor = Compressor::new(small().kept());
        let mut input = Vec::new();
        let mut expected = Vec::new();
        for text in texts.iter().cycle().take(9) {
            let compressed = compressor.compress(text.as_bytes());
            input.extend(masked(TEXT | RSV1, compressed));
            input.extend(masked(TEXT, "plain"));
            let compressed = compressor.compress(text.as_bytes());
            let (start, end) = compressed.split_at(compressed.len() / 2);
            input.extend(masked((BINARY & !FIN) | RSV1, start));
            input.extend(masked(CONTINUATION, end));
            expected.push(Ok(Frame::new(TEXT, text)));
            expected.push(Ok(Frame::new(TEXT, "plain")));
            expected.push(Ok(Frame::new(BINARY, text)));
        }
        assert_gathered(small().kept(), &input, &expected);
    }

    #[test]
    fn may_refer_to_others_only_if_the_window_is_kept() {
        let hello = Ok(Frame::new(TEXT, "Hello"));
        let first = masked(TEXT | RSV1, HELLO);
        let second = masked(TEXT | RSV1, HELLO_AGAIN);
        let input = [first, second].concat();
        assert_gathered(small().kept(), &input, &[hello.clone(), hello.clone()]);
        let error = GatherError::Invalid(ProtocolError::InvalidCompression);
        assert_gathered(small(), &input, &[hello, Err(error)]);
    }

    #[test]
    fn that_are_too_long_or_no_text_are_refused() {
        let mut compressor = Compressor::new(small().kept());
        let too_long = compressor.compress(&json(1001, 1));
        let longest = compressor.compress(&json(1000, 1));
        let no_text = compressor.compress(b"gr\xFCn");
        let input = [
            masked(TEXT | RSV1, too_long),
            masked(TEXT | RSV1, longest),
            masked(TEXT | RSV1, no_text),
        ];
        let expected = [
            Err(GatherError::TooLong(ws_echo_core::MessageTooLong)),
            Ok(Frame::new(TEXT, json(1000, 1))),
            Err(GatherError::Invalid(ProtocolError::InvalidText)),
        ];
        assert_gathered(small().kept(), &input.concat(), &expected);
    }
}
