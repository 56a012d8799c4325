//! Text is UTF-8 (RFC 6455 sections 5.6 and 8.1, RFC 3629): it is never sent back cut inside a
//! character, and fails at the first impossible byte. The vectors follow Markus Kuhn's UTF-8 stress
//! test.

use ws_echo_core::{Agreed, Connection, Event, Kind, MIN_BUFFER_LEN, ProtocolError};
use ws_echo_tests::driver::{self, Cuts, echo, echo_always, echo_in_pieces};
use ws_echo_tests::wire::{self, BINARY, CONTINUATION, FIN, Frame, PING, PONG, TEXT, masked};

/// The first byte of a text message's first fragment.
const TEXT_BEGINS: u8 = 0x01;
/// The first byte of a fragment that is neither the first nor the last.
const MORE: u8 = 0x00;

/// The first and the last code point of each length, around the surrogates, and the last of all.
const BOUNDARIES: [char; 12] = [
    '\0',
    '\u{7F}',
    '\u{80}',
    '\u{7FF}',
    '\u{800}',
    '\u{D7FF}',
    '\u{E000}',
    '\u{FFFD}',
    '\u{FFFE}',
    '\u{FFFF}',
    '\u{10000}',
    '\u{10FFFF}',
];

/// The syntax of RFC 3629 section 4: the ranges of the bytes that follow `first` in a character.
/// Returns `None` if no character begins with it.
fn byte_ranges(first: u8) -> Option<&'static [(u8, u8)]> {
    const ANY: (u8, u8) = (0x80, 0xBF);
    Some(match first {
        0x00..=0x7F => &[],
        0xC2..=0xDF => &[ANY],
        0xE0 => &[(0xA0, 0xBF), ANY],
        0xE1..=0xEC | 0xEE..=0xEF => &[ANY, ANY],
        0xED => &[(0x80, 0x9F), ANY],
        0xF0 => &[(0x90, 0xBF), ANY, ANY],
        0xF1..=0xF3 => &[ANY, ANY, ANY],
        0xF4 => &[(0x80, 0x8F), ANY, ANY],
        _ => return None,
    })
}

/// The verdict on a text, found the naive way, a byte at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Valid,
    /// The last character is incomplete.
    Cut,
    /// The first byte that no valid text can have there.
    ImpossibleAt(usize),
}

fn verdict(text: &[u8]) -> Verdict {
    let mut expected: &[(u8, u8)] = &[];
    for (at, &byte) in text.iter().enumerate() {
        expected = match expected {
            [(low, high), rest @ ..] if (*low..=*high).contains(&byte) => rest,
            [] if byte_ranges(byte).is_some() => byte_ranges(byte).unwrap(),
            _ => return Verdict::ImpossibleAt(at),
        };
    }
    if expected.is_empty() {
        Verdict::Valid
    } else {
        Verdict::Cut
    }
}

/// The same, as the standard library sees it.
fn std_verdict(text: &[u8]) -> Verdict {
    match str::from_utf8(text) {
        Ok(_) => Verdict::Valid,
        Err(error) if error.error_len().is_none() => Verdict::Cut,
        Err(_) => {
            let is_impossible =
                |len: &usize| str::from_utf8(&text[..*len]).is_err_and(|e| e.error_len().is_some());
            let len = (1..=text.len()).find(is_impossible).unwrap();
            Verdict::ImpossibleAt(len - 1)
        }
    }
}

/// A text in fragments that end before each of `cuts`.
fn fragments(text: &[u8], cuts: &[usize]) -> Vec<Frame> {
    let ends = cuts.iter().copied().chain([text.len()]);
    let mut from = 0;
    let mut frames: Vec<_> = ends
        .map(|end| {
            let payload = &text[from..end];
            from = end;
            Frame::new(MORE, payload)
        })
        .collect();
    frames.first_mut().unwrap().first |= TEXT_BEGINS;
    frames.last_mut().unwrap().first |= FIN;
    frames
}

fn input(frames: &[Frame]) -> Vec<u8> {
    frames
        .iter()
        .flat_map(|frame| masked(frame.first, &frame.payload))
        .collect()
}

/// The same frames, with the beginning of a cut character moved to the next frame.
fn whole_characters(frames: &[Frame]) -> Vec<Frame> {
    let mut held = Vec::new();
    let move_held = |frame: &Frame| {
        held.extend(&frame.payload);
        let valid_len = match str::from_utf8(&held) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let begun = held.split_off(valid_len);
        Frame::new(frame.first, std::mem::replace(&mut held, begun))
    };
    frames.iter().map(move_held).collect()
}

fn assert_comes_back(frames: &[Frame]) {
    let outcome = echo_always(&input(frames));
    assert_eq!(outcome.error, None, "{frames:?}");
    assert_eq!(outcome.frames, whole_characters(frames));
}

/// Checks that these frames fail, however they are cut, with `before` sent back first.
fn assert_fails(input: &[u8], before: &[Frame]) {
    let outcome = echo_always(input);
    assert_eq!(
        outcome.error,
        Some(ProtocolError::InvalidText),
        "{input:x?}"
    );
    let expected = [before, &[Frame::close(1007)]].concat();
    assert_eq!(outcome.joined().frames, expected, "{input:x?}");
}

/// Checks a text in one frame, and in every two fragments: it comes back, or fails where it must.
fn assert_judged(text: &[u8], expected: Verdict) {
    assert_eq!(verdict(text), expected, "{text:x?}");
    assert_eq!(std_verdict(text), expected, "{text:x?}");
    for cut in 0..=text.len() {
        let frames = fragments(text, &[cut]);
        match expected {
            Verdict::Valid => assert_comes_back(&frames),
            Verdict::Cut => assert_fails(&input(&frames), &[]),
            Verdict::ImpossibleAt(at) => assert_fails_at(&frames, at),
        }
    }
    match expected {
        Verdict::Valid => assert_comes_back(&[Frame::new(TEXT, text)]),
        Verdict::Cut => assert_fails(&masked(TEXT, text), &[]),
        Verdict::ImpossibleAt(at) => assert_fails_at(&[Frame::new(TEXT, text)], at),
    }
}

/// Checks that a text fails when its byte `at` has arrived, and not before, even if its frame is
/// far from its end.
fn assert_fails_at(frames: &[Frame], at: usize) {
    let mut before = at;
    let mut come = Vec::new();
    for frame in frames {
        if before < frame.payload.len() {
            let payload = [&frame.payload[..], &[b'x'; 20]].concat();
            let rest = frame.payload.len() - before + 20;
            let frame = masked(frame.first, payload);
            come.extend(&frame[..frame.len() - rest]);
            let outcome = echo_always(&come);
            assert_eq!((outcome.error, outcome.done), (None, false), "{frames:?}");
            come.push(frame[frame.len() - rest]);
            assert_fails(&come, &[]);
            return;
        }
        before -= frame.payload.len();
        come.extend(masked(frame.first, &frame.payload));
    }
    panic!("byte {at} is in none of {frames:?}");
}

/// A code point encoded in this many bytes, in the way of UTF-8 before RFC 3629: also overlong,
/// above U+10FFFF, and surrogates.
fn encoded(code: u32, len: usize) -> Vec<u8> {
    if len == 1 {
        return vec![code as u8];
    }
    let mut bytes: Vec<u8> = (0..len)
        .rev()
        .map(|i| 0x80 | (code >> (6 * i)) as u8 & 0x3F)
        .collect();
    let marker = 0xFF00_u16 >> len;
    bytes[0] = marker as u8 | (code >> (6 * (len - 1))) as u8;
    bytes
}

// > When an endpoint [...] finds that the byte stream is not, in fact, a valid UTF-8 stream, that
// > endpoint MUST _Fail the WebSocket Connection_. (section 8.1)

mod valid {
    use super::*;

    #[test]
    fn every_boundary_code_point_comes_back_from_every_cut() {
        for char in BOUNDARIES {
            for text in [format!("{char}"), format!("a{char}{char}b")] {
                let text = text.as_bytes();
                assert_judged(text, Verdict::Valid);
                for cut in 0..=text.len() {
                    for second in cut..=text.len() {
                        assert_comes_back(&fragments(text, &[cut, second]));
                    }
                }
                for cut in 0..masked(TEXT, text).len() {
                    for buffer_len in MIN_BUFFER_LEN..MIN_BUFFER_LEN + 10 {
                        let (cuts, takes) = (Cuts::at(cut), Cuts::whole());
                        let outcome = echo(&masked(TEXT, text), &cuts, &takes, buffer_len);
                        assert_eq!(outcome.frames, [Frame::new(TEXT, text)]);
                        let outcome = echo_in_pieces(&masked(TEXT, text), &cuts, buffer_len);
                        assert_eq!(outcome.joined().frames, [Frame::new(TEXT, text)]);
                    }
                }
            }
        }
    }

    #[test]
    fn a_character_may_be_spread_over_short_and_empty_frames_and_pings() {
        for char in BOUNDARIES {
            let text = char.to_string();
            let mut frames = vec![Frame::new(TEXT_BEGINS, "")];
            let mut expected = frames.clone();
            for (i, byte) in text.bytes().enumerate() {
                frames.extend([
                    Frame::new(MORE, ""),
                    Frame::new(PING, "between"),
                    Frame::new(MORE, [byte]),
                ]);
                let is_whole = i + 1 == text.len();
                expected.extend([
                    Frame::new(MORE, ""),
                    Frame::new(PONG, "between"),
                    Frame::new(MORE, if is_whole { &text } else { "" }),
                ]);
            }
            frames.push(Frame::new(CONTINUATION, ""));
            expected.push(Frame::new(CONTINUATION, ""));
            assert_eq!(echo_always(&input(&frames)).frames, expected);
        }
    }

    #[test]
    fn a_long_text_is_never_cut_inside_a_character() {
        for char in BOUNDARIES {
            for shift in 0..4 {
                let text = "x".repeat(shift) + &char.to_string().repeat(200);
                let input = masked(TEXT, &text);
                for buffer_len in MIN_BUFFER_LEN..MIN_BUFFER_LEN + 8 {
                    for piece in [1, 2, 3, 5, usize::MAX] {
                        let (cuts, takes) = (Cuts::cycle([piece]), Cuts::cycle([9]));
                        // `joined` checks each fragment by itself.
                        let outcome = echo(&input, &cuts, &takes, buffer_len).joined();
                        assert_eq!(outcome.frames, [Frame::new(TEXT, &text)]);
                        let outcome = echo_in_pieces(&input, &cuts, buffer_len).joined();
                        assert_eq!(outcome.frames, [Frame::new(TEXT, &text)]);
                    }
                }
            }
        }
    }

    #[test]
    fn every_chunk_of_a_text_is_a_str_and_no_chunk_of_a_binary_message() {
        let text = "a\u{E9}\u{20AC}\u{1F600}".repeat(20);
        for (kind, first) in [(Kind::Text, TEXT), (Kind::Binary, BINARY)] {
            let input = masked(first, &text);
            for (cuts, takes) in Cuts::many(input.len()) {
                let mut connection = Connection::server(Agreed::NOTHING);
                let mut seen = String::new();
                driver::run(&input, &cuts, &takes, 40, |buffer| {
                    let mut exchange = connection.exchange(buffer);
                    while let Some(event) = exchange.next_event().unwrap() {
                        let Event::Data(chunk) = event else {
                            panic!("{event:?}");
                        };
                        assert_eq!(chunk.kind(), kind);
                        assert_eq!(chunk.len(), exchange.bytes(&chunk).len());
                        match (kind, exchange.text(&chunk)) {
                            (Kind::Text, Some(text)) => seen.push_str(text),
                            (Kind::Binary, None) => {}
                            (_, text) => panic!("{kind:?}: {text:?}"),
                        }
                        exchange.echo(chunk);
                    }
                });
                assert_eq!(seen, if kind == Kind::Text { &text } else { "" });
            }
        }
    }

    #[test]
    fn a_text_begins_anew_after_another_message() {
        let frames = [
            Frame::new(TEXT, "\u{20AC}"),
            Frame::new(BINARY, b"\xE2\x82"),
            Frame::new(TEXT, "\u{20AC}"),
            Frame::new(TEXT, "\u{10FFFF}"),
        ];
        assert_comes_back_in_order(&frames);
    }

    fn assert_comes_back_in_order(frames: &[Frame]) {
        let outcome = echo_always(&input(frames));
        assert_eq!((outcome.error, &outcome.frames[..]), (None, frames));
    }

    #[test]
    fn a_binary_message_may_have_any_bytes() {
        let all: Vec<u8> = (0..=255).collect();
        assert_comes_back_in_order(&[Frame::new(BINARY, all)]);
        assert_comes_back_in_order(&[
            Frame::new(0x02, b"\xFF"),
            Frame::new(MORE, b"\xE2"),
            Frame::new(CONTINUATION, b"\x82"),
        ]);
    }

    #[test]
    fn random_texts_in_random_fragments_come_back() {
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..100 {
            let len = random.usize(1..60);
            let char = || BOUNDARIES[random.usize(0..BOUNDARIES.len())];
            let text: String = std::iter::repeat_with(char).take(len).collect();
            let mut random_cuts: Vec<usize> = (0..random.usize(0..6))
                .map(|_| random.usize(0..=text.len()))
                .collect();
            random_cuts.sort_unstable();
            let frames = match &random_cuts[..] {
                [] => vec![Frame::new(TEXT, &text)],
                cuts => fragments(text.as_bytes(), cuts),
            };
            assert_comes_back(&frames);
            let joined = wire::joined(&whole_characters(&frames));
            assert_eq!(joined, [Frame::new(TEXT, &text)]);
        }
    }
}

mod invalid {
    use super::*;

    #[test]
    fn a_continuation_byte_alone() {
        for byte in 0x80..=0xBF {
            assert_judged(&[byte], Verdict::ImpossibleAt(0));
            assert_judged(&[b'a', byte, byte], Verdict::ImpossibleAt(1));
        }
        assert_judged(b"\xC3\xA9\xA9", Verdict::ImpossibleAt(2));
        assert_judged(b"\xE2\x82\xAC\x80", Verdict::ImpossibleAt(3));
        assert_judged(b"\xF0\x9F\x98\x80\x80", Verdict::ImpossibleAt(4));
    }

    #[test]
    fn a_first_byte_followed_by_a_space() {
        for byte in 0xC2..=0xF4 {
            assert_judged(&[byte, b' '], Verdict::ImpossibleAt(1));
        }
    }

    #[test]
    fn bytes_that_never_occur_in_utf_8() {
        for byte in [0xC0, 0xC1].into_iter().chain(0xF5..=0xFF) {
            assert_judged(&[byte], Verdict::ImpossibleAt(0));
            assert_judged(&[b'o', b'k', byte, b' '], Verdict::ImpossibleAt(2));
        }
    }

    #[test]
    fn a_last_continuation_byte_that_is_missing() {
        for char in BOUNDARIES {
            let whole = char.to_string();
            let (_, cut) = whole.as_bytes().split_last().unwrap();
            if cut.is_empty() {
                continue;
            }
            assert_judged(cut, Verdict::Cut);
            let in_front_of_space = [cut, b" "].concat();
            assert_judged(&in_front_of_space, Verdict::ImpossibleAt(cut.len()));
            let twice = [cut, cut].concat();
            assert_judged(&twice, Verdict::ImpossibleAt(cut.len()));
        }
    }

    #[test]
    fn a_text_that_ends_inside_a_character() {
        for text in ["\u{E9}", "\u{20AC}", "\u{1F600}"] {
            for len in 1..text.len() {
                assert_judged(&text.as_bytes()[..len], Verdict::Cut);
                let after_text = [b"ok ", &text.as_bytes()[..len]].concat();
                assert_judged(&after_text, Verdict::Cut);
                let in_last = [
                    Frame::new(TEXT_BEGINS, &text.as_bytes()[..len]),
                    Frame::new(CONTINUATION, ""),
                ];
                assert_fails(&input(&in_last), &[]);
            }
        }
    }

    // > Implementations of the decoding algorithm above MUST protect against decoding invalid
    // > sequences. For instance, [...] the overlong UTF-8 sequence C0 80 [...] (RFC 3629 section 3)
    #[test]
    fn overlong_forms() {
        for (code, len) in [
            (0x00, 2),
            (0x2F, 2),
            (0x7F, 2),
            (0x2F, 3),
            (0x7FF, 3),
            (0x2F, 4),
            (0xFFFF, 4),
            (0x2F, 5),
            (0x2F, 6),
        ] {
            let text = encoded(code, len);
            // C0 and C1, and F8 to FF, are never valid; after E0 and F0 the second byte decides.
            let at = match text[0] {
                0xE0 | 0xF0 => 1,
                _ => 0,
            };
            assert_judged(&text, Verdict::ImpossibleAt(at));
        }
    }

    // > The definition of UTF-8 prohibits encoding character numbers between U+D800 and U+DFFF,
    // > [...] (RFC 3629 section 3)
    #[test]
    fn surrogates_alone_and_in_pairs() {
        let surrogates = [
            0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF, 0xDABC,
        ];
        for code in surrogates {
            assert_judged(&encoded(code, 3), Verdict::ImpossibleAt(1));
            for low in [0xDC00, 0xDFFF] {
                let pair = [encoded(code, 3), encoded(low, 3)].concat();
                assert_judged(&pair, Verdict::ImpossibleAt(1));
            }
        }
    }

    #[test]
    fn code_points_above_10ffff() {
        for (code, len, at) in [
            (0x11_0000, 4, 1),
            (0x13_FFFF, 4, 1),
            (0x14_0000, 4, 0),
            (0x1F_FFFF, 4, 0),
            (0x20_0000, 5, 0),
            (0x3FF_FFFF, 5, 0),
            (0x400_0000, 6, 0),
            (0x7FFF_FFFF, 6, 0),
        ] {
            assert_judged(&encoded(code, len), Verdict::ImpossibleAt(at));
        }
    }

    #[test]
    fn earlier_frames_have_already_come_back() {
        let begun = [Frame::new(TEXT, "one"), Frame::new(TEXT_BEGINS, "two")];
        let end = [Frame::new(CONTINUATION, b"three\xFF")];
        let outcome = echo_always(&input(&[&begun[..], &end].concat()));
        assert_eq!(outcome.error, Some(ProtocolError::InvalidText));
        assert_eq!(outcome.frames, [&begun[..], &[Frame::close(1007)]].concat());
    }

    #[test]
    fn an_impossible_byte_late_in_a_long_frame_is_reported_when_it_arrives() {
        for at in [0, 1, 50, 126, 700, 999] {
            let mut text = vec![b'x'; 1000];
            text[at] = 0xFF;
            let frame = masked(TEXT, &text);
            let end = frame.len() - text.len() + at;
            for buffer_len in [MIN_BUFFER_LEN, 100, 2000] {
                for (cuts, takes) in Cuts::many(end) {
                    let before = echo(&frame[..end], &cuts, &takes, buffer_len);
                    assert_eq!(before.error, None, "{at}, {cuts:?}");
                    let outcome = echo(&frame[..=end], &cuts, &takes, buffer_len);
                    assert_eq!(outcome.error, Some(ProtocolError::InvalidText));
                    assert_eq!(outcome.frames.last(), Some(&Frame::close(1007)));
                }
            }
        }
    }
}

mod like_the_standard_library {
    use super::*;

    /// Where the ranges of bytes begin and end.
    const EDGES: [u8; 24] = [
        0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC,
        0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ];

    fn assert_agrees(text: &[u8]) {
        let (whole, bytes) = (Cuts::whole(), Cuts::bytes());
        let input = masked(TEXT, text);
        let (frame, error) = match str::from_utf8(text) {
            Ok(text) => (Frame::new(TEXT, text), None),
            Err(_) => (Frame::close(1007), Some(ProtocolError::InvalidText)),
        };
        for cuts in [&whole, &bytes] {
            let outcome = echo(&input, cuts, &whole, MIN_BUFFER_LEN);
            assert_eq!((outcome.frames.len(), outcome.error), (1, error));
            assert_eq!(outcome.frames[0], frame, "{text:x?}");
        }
        assert_eq!(verdict(text), std_verdict(text), "{text:x?}");
    }

    #[test]
    fn every_text_of_one_and_two_bytes_is_judged() {
        for first in 0..=255 {
            assert_agrees(&[first]);
            for second in 0..=255 {
                assert_agrees(&[first, second]);
            }
        }
    }

    #[test]
    fn every_text_of_three_bytes_from_the_edges_is_judged() {
        for (a, b) in EDGES.iter().flat_map(|a| EDGES.map(|b| (*a, b))) {
            for c in EDGES {
                assert_agrees(&[a, b, c]);
            }
        }
    }

    #[test]
    fn every_text_of_four_bytes_with_a_valid_start_is_judged() {
        for a in [0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5] {
            for (b, c) in EDGES.iter().flat_map(|b| EDGES.map(|c| (*b, c))) {
                for d in [0x7F, 0x80, 0xBF, 0xC0] {
                    assert_agrees(&[a, b, c, d]);
                }
            }
        }
    }
}
