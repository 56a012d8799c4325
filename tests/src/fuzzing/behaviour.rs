//! The reading of the query on the test path. Any query gives a behaviour or a mistake. A behaviour
//! keeps all bounds, and what is written of it is read as the same. A mistake can be shown on a
//! terminal. The order of the parameters does not matter.
//!
//! The bounds are checked in the query that is written of a behaviour: by this file alone, from the
//! guide `testing-clients.md`.

use std::ops::RangeInclusive;

use ws_echo::{Behaviour, Bounds, Mistake};

use super::Script;

/// The most of `push` and `repeat`.
const MAX_PUSH: u64 = 10_000;
const HOUR: u64 = 3_600_000;
const GIB: u64 = 1 << 30;
/// The most messages that can be counted.
const COUNT_MAX: u64 = 1_000_000_000_000;
/// The longest sentence: what it quotes is cut to 60 characters, each of up to ten when escaped.
const SENTENCE_LEN_MAX: usize = 1_000;

/// What a byte from 0x80 on stands for.
const WORDS: [&str; 92] = [
    "&status=503",
    "&retry-after=",
    "&body=",
    "&location=/",
    "&handshake-delay=",
    "&header=A:b",
    "&subprotocol=a",
    "&accept=wrong",
    "&cut=",
    "&greeting=",
    "&glued",
    "&separate=",
    "&delay=",
    "&jitter=",
    "&rate=",
    "&fragment=",
    "&fragment-text=anywhere",
    "&repeat=",
    "&as=",
    "&drop=",
    "&prefix=",
    "&coalesce=",
    "&segment=",
    "&pause-reading=",
    "&tick=",
    "&push=",
    "&size=",
    "&ping=",
    "&pong=",
    "&close=",
    "&reason=",
    "&end=",
    "&after=",
    "&close-answer=",
    "&violate=",
    "&seed=",
    "status=",
    "location=",
    "header=",
    "subprotocol=",
    "accept=",
    "fragment-text=",
    "none",
    "request",
    "text:",
    "text",
    "binary",
    "every:",
    "after:",
    "late:",
    "never",
    "unasked",
    "fin",
    "reset",
    "hang",
    "half",
    "mask",
    "rsv",
    "opcode",
    "utf8",
    "length",
    "fragment",
    "control",
    "close-code",
    "continuation",
    "accept",
    "wrong",
    "anywhere",
    "ms",
    "s",
    "m",
    "h",
    "KiB",
    "MiB",
    "GiB",
    "0",
    "1",
    "10",
    "123",
    "503",
    "1000",
    "1006",
    "10000",
    "65535",
    "65536",
    "3600",
    "18446744073709551615",
    "%",
    "%C3%A4",
    "%FF",
    "+",
    "&",
];

/// Bytes: a query, with a word in place of each byte from 0x80 on.
///
/// # Panics
///
/// If a promise is broken.
pub fn run(data: &[u8]) {
    let query = Script(data).words(&WORDS);
    let query = String::from_utf8_lossy(&query);
    // A word begins with the sign between two parameters.
    let query = query.strip_prefix('&').unwrap_or(&query);
    let parsed = parse(query);
    match &parsed {
        Ok(behaviour) => check_behaviour(behaviour),
        Err(mistake) => check_mistake(mistake),
    }
    let reversed: Vec<_> = query.split('&').rev().collect();
    let reversed = parse(&reversed.join("&"));
    assert_eq!(parsed.is_ok(), reversed.is_ok(), "the order matters");
    if let (Ok(parsed), Ok(reversed)) = (parsed, reversed) {
        assert_eq!(parts(&parsed), parts(&reversed), "the order matters");
    }
}

fn parse(query: &str) -> Result<Behaviour, Mistake> {
    let bounds = Bounds { max_push: MAX_PUSH };
    Behaviour::parse(query, &bounds)
}

/// The parameters of a behaviour, sorted.
fn parts(behaviour: &Behaviour) -> Vec<String> {
    let mut parts: Vec<_> = behaviour.to_query().split('&').map(str::to_owned).collect();
    parts.sort();
    parts
}

fn check_behaviour(behaviour: &Behaviour) {
    let written = behaviour.to_query();
    assert_eq!(parse(&written).as_ref(), Ok(behaviour), "{written}");
    let encoded: Vec<_> = written.split('&').map(with_value_encoded).collect();
    assert_eq!(
        parse(&encoded.join("&")).as_ref(),
        Ok(behaviour),
        "{written}"
    );
    for part in written.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').expect("each parameter has a value");
        assert!(keeps_bounds(name, &decoded(value)), "{part}");
    }
}

fn check_mistake(mistake: &Mistake) {
    let sentence = mistake.sentence();
    assert!(
        !sentence.is_empty() && sentence.len() <= SENTENCE_LEN_MAX,
        "{sentence}"
    );
    assert!(!sentence.contains(char::is_control), "{sentence:?}");
    let text = mistake.to_string();
    assert!(text.starts_with(sentence) && text.ends_with('\n'), "{text}");
}

/// The parameter with each byte of its value as `%XX`.
fn with_value_encoded(part: &str) -> String {
    let Some((name, value)) = part.split_once('=') else {
        return part.into();
    };
    let bytes = decoded(value).into_bytes();
    let value: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
    format!("{name}={value}")
}

/// A value of a written query, decoded.
fn decoded(value: &str) -> String {
    let mut pieces = value.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).expect("two hexadecimal digits"));
        bytes.extend(piece[2..].bytes());
    }
    String::from_utf8(bytes).expect("a written value is UTF-8")
}

fn keeps_bounds(name: &str, value: &str) -> bool {
    let is_in = |range| is_number_in(value, range);
    let is_count = |word: &str, range| {
        let count = value.strip_prefix(word);
        count.is_some_and(|count| is_number_in(count, range))
    };
    let is_one_of = |words: &str| words.split(' ').any(|word| word == value);
    match name {
        "status" => is_in(200..=599),
        "retry-after" => value
            .strip_suffix('s')
            .is_some_and(|it| is_number_in(it, 0..=3_600)),
        "body" | "prefix" => !value.is_empty(),
        "greeting" => is_one_of("none request") || value.starts_with("text:"),
        "location" => !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()),
        "header" => is_header(value),
        "subprotocol" => is_token(value),
        "accept" => value == "wrong",
        "handshake-delay" | "delay" | "jitter" | "coalesce" | "separate" => {
            is_time_in(value, 0..=HOUR)
        }
        "tick" | "ping" => is_time_in(value, 1..=HOUR),
        "cut" | "segment" => is_in(1..=65_535),
        "rate" | "fragment" => is_in(1..=GIB),
        "size" => is_in(1..=16 << 20),
        "repeat" | "push" => is_in(1..=MAX_PUSH),
        "fragment-text" => value == "anywhere",
        "as" => is_one_of("text binary"),
        "pong" => is_one_of("none unasked"),
        "drop" => is_count("every:", 1..=COUNT_MAX),
        "pause-reading" => is_count("after:", 0..=COUNT_MAX),
        "close" => is_in(1000..=1003) || is_in(1007..=1014) || is_in(3000..=4999),
        "reason" => (1..=123).contains(&value.len()),
        "end" => is_one_of("fin reset hang half"),
        "after" => is_in(0..=COUNT_MAX) || is_time_in(value, 0..=HOUR),
        "close-answer" => {
            let time = value.strip_prefix("late:");
            value == "never" || time.is_some_and(|time| is_time_in(time, 0..=HOUR))
        }
        "violate" => {
            is_one_of("mask rsv opcode utf8 length fragment control close-code continuation")
        }
        "seed" => is_in(0..=u64::MAX),
        _ => false,
    }
}

fn is_number_in(value: &str, range: RangeInclusive<u64>) -> bool {
    value.parse().is_ok_and(|number| range.contains(&number))
}

fn is_time_in(value: &str, range: RangeInclusive<u64>) -> bool {
    let milliseconds = value.strip_suffix("ms");
    milliseconds.is_some_and(|milliseconds| is_number_in(milliseconds, range))
}

/// Whether a header cannot break the response, or contradict it.
fn is_header(value: &str) -> bool {
    let Some((name, value)) = value.split_once(':') else {
        return false;
    };
    let of_response = [
        "upgrade",
        "connection",
        "content-length",
        "transfer-encoding",
    ];
    let name = name.to_ascii_lowercase();
    is_token(&name)
        && !name.starts_with("sec-websocket-")
        && !of_response.contains(&name.as_str())
        && value.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    let is_delimiter = |byte: &u8| b"\"(),/:;<=>?@[\\]{}".contains(byte);
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !is_delimiter(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}
