//! Durations, sizes and counts as people write them: `10s`, `64KiB`, `8`.
//!
//! Numbers are whole, except for a rate, and no unit has two meanings (`KB`). Each error says what
//! to write.

use std::num::NonZeroUsize;
use std::time::Duration;

use ws_echo_core::Window;

use crate::options::serve::RECORDING_LEN_MIN;
use crate::unit;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const BUFFER_LEN_MIN: u64 = 4 << 10;
const BUFFER_LEN_MAX: u64 = 16 << 20;
/// zlib has no smaller window: see `deflate/deflater`.
const WINDOW_BITS_MIN: u8 = 9;
const THREAD_COUNT_MAX: usize = 1_024;
const CONNECTION_COUNT_MAX: usize = 20_000;
const PAYLOAD_LEN_MAX: u64 = 64 << 20;
const IN_FLIGHT_MAX: u64 = 65_536;
const MESSAGE_COUNT_MAX: u64 = 1_000_000_000_000;
const RATE_MAX: f64 = 1e9;

/// A time limit, from a millisecond to a day.
pub(super) fn timeout(text: &str) -> Result<Duration, &'static str> {
    let timeout = span(text)?;
    if timeout.is_zero() {
        return Err("a timeout of zero would end every connection; write at least 1ms");
    }
    Ok(timeout)
}

/// How long to measure, from a millisecond to a day.
pub(super) fn duration(text: &str) -> Result<Duration, &'static str> {
    let duration = span(text)?;
    if duration.is_zero() {
        return Err("a duration of zero measures nothing; write at least 1ms");
    }
    Ok(duration)
}

/// A length of time, up to a day; may be zero.
pub(super) fn span(text: &str) -> Result<Duration, &'static str> {
    let Some(milliseconds) = unit::milliseconds(text) else {
        return Err("write a whole number and a unit, such as 500ms, 10s, 2m or 1h");
    };
    let span = Duration::from_millis(milliseconds);
    if span > DAY {
        return Err("write at most 24h");
    }
    Ok(span)
}

/// A time between two events; `None` turns them off. (To clap, an `Option` is an optional
/// argument.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval(pub(super) Option<Duration>);

/// A time limit, or `off`.
pub(super) fn interval(text: &str) -> Result<Interval, String> {
    if text == "off" {
        return Ok(Interval(None));
    }
    let limit = timeout(text).map_err(|advice| format!("{advice}, or off"))?;
    Ok(Interval(Some(limit)))
}

/// The length of a receive buffer in bytes, from 4 KiB to 16 MiB.
pub(super) fn buffer_len(text: &str) -> Result<usize, &'static str> {
    let Some(len) = unit::bytes(text) else {
        return Err("write a whole number of bytes, KiB or MiB (not KB or MB), such as 64KiB");
    };
    if !(BUFFER_LEN_MIN..=BUFFER_LEN_MAX).contains(&len) {
        return Err("write a size from 4KiB to 16MiB");
    }
    addressable(len)
}

/// The length of a message in bytes, at least 1.
pub(super) fn message_len(text: &str) -> Result<u64, &'static str> {
    match unit::bytes(text) {
        None => Err("write a whole number of bytes, KiB, MiB or GiB (not KB or MB), such as 1MiB"),
        Some(0) => Err("a limit of 0 would refuse every message; write at least 1"),
        Some(len) => Ok(len),
    }
}

/// The length at which a recording ends, in bytes, at least [`RECORDING_LEN_MIN`].
pub(super) fn recording_len(text: &str) -> Result<u64, &'static str> {
    match unit::bytes(text) {
        None => Err("write a whole number of bytes, KiB, MiB or GiB (not KB or MB), such as 16MiB"),
        Some(len @ RECORDING_LEN_MIN..) => Ok(len),
        Some(_) => Err("write at least 256KiB"),
    }
}

/// An amount of memory in bytes.
pub(super) fn memory(text: &str) -> Result<usize, &'static str> {
    let Some(len) = unit::bytes(text) else {
        return Err(
            "write a whole number of bytes, KiB, MiB or GiB (not KB or MB), such as 512MiB",
        );
    };
    addressable(len)
}

/// An amount of memory in bytes, or `off` for none.
pub(super) fn backlog(text: &str) -> Result<usize, String> {
    if text == "off" {
        return Ok(0);
    }
    memory(text).map_err(|advice| format!("{advice}, or off"))
}

/// A window of a compressor, as a power of two from 9 to 15.
pub(super) fn window(text: &str) -> Result<Window, &'static str> {
    text.parse()
        .ok()
        .filter(|bits| *bits >= WINDOW_BITS_MIN)
        .and_then(Window::new)
        .ok_or("write a whole number from 9 to 15")
}

/// A number of threads, from 1 to 1,024.
pub(super) fn thread_count(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse()
        .ok()
        .filter(|count: &NonZeroUsize| count.get() <= THREAD_COUNT_MAX)
        .ok_or("write a whole number from 1 to 1024")
}

/// A maximum, at least 1.
pub(super) fn limit(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "write a whole number, at least 1")
}

/// A number of connections, from 1 to 20,000.
pub(super) fn connection_count(text: &str) -> Result<usize, &'static str> {
    text.parse()
        .ok()
        .filter(|count| (1..=CONNECTION_COUNT_MAX).contains(count))
        .ok_or("write a whole number from 1 to 20000")
}

/// The length of a message's payload in bytes, up to 64 MiB; may be zero.
pub(super) fn payload_len(text: &str) -> Result<usize, &'static str> {
    let Some(len) = unit::bytes(text) else {
        return Err("write a whole number of bytes, KiB or MiB (not KB or MB), such as 16KiB");
    };
    if len > PAYLOAD_LEN_MAX {
        return Err("write at most 64MiB");
    }
    addressable(len)
}

/// How many messages may be in flight, from 1 to 65,536.
pub(super) fn in_flight(text: &str) -> Result<u64, &'static str> {
    text.parse()
        .ok()
        .filter(|count| (1..=IN_FLIGHT_MAX).contains(count))
        .ok_or("write a whole number from 1 to 65536")
}

/// A number of messages, from 1 to a million million.
pub(super) fn message_count(text: &str) -> Result<u64, &'static str> {
    text.parse()
        .ok()
        .filter(|count| (1..=MESSAGE_COUNT_MAX).contains(count))
        .ok_or("write a whole number from 1 to 1000000000000")
}

/// Messages per second, from one per day to a thousand million.
pub(super) fn rate(text: &str) -> Result<f64, &'static str> {
    let is_decimal = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    Some(text)
        .filter(|_| is_decimal)
        .and_then(|text| text.parse().ok())
        .filter(|rate| (1.0 / DAY.as_secs_f64()..=RATE_MAX).contains(rate))
        .ok_or(
            "write messages per second, from 0.0000116 (one per day) to 1000000000, such as \
             20000 or 0.5",
        )
}

/// Returns the default number of threads: one for each core that this process may use.
pub(super) fn thread_per_core() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// A number of bytes that this machine can address.
fn addressable(len: u64) -> Result<usize, &'static str> {
    usize::try_from(len).map_err(|_| "this machine cannot address that many bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL_DIGITS: &str = "99999999999999999999999";

    #[test]
    fn a_duration_is_a_number_and_a_unit_or_seconds() {
        assert_eq!(timeout("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(timeout("10"), Ok(Duration::from_secs(10)));
        assert_eq!(timeout("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(timeout("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(timeout("24h"), Ok(DAY));
    }

    #[test]
    fn a_duration_of_zero_or_over_a_day_is_rejected() {
        for zero in ["0", "0ms", "00h"] {
            assert!(timeout(zero).unwrap_err().contains("at least 1ms"));
            let advice = "a duration of zero measures nothing; write at least 1ms";
            assert_eq!(duration(zero), Err(advice));
        }
        for long in ["25h", "86401", ALL_DIGITS, "18446744073709552s"] {
            assert_eq!(timeout(long), Err("write at most 24h"), "{long}");
        }
    }

    #[test]
    fn an_invalid_duration_is_rejected_with_what_to_write() {
        for text in [
            "", "s", "-1s", "+1s", "1.5s", "1,5s", "10 s", "10S", "1d", "١s",
        ] {
            assert!(timeout(text).unwrap_err().contains("10s"), "{text:?}");
        }
    }

    #[test]
    fn an_interval_is_a_duration_or_off() {
        assert_eq!(interval("25s"), Ok(Interval(Some(Duration::from_secs(25)))));
        assert_eq!(interval("off"), Ok(Interval(None)));
        for text in ["never", "", "OFF", "1d"] {
            let advice = interval(text).unwrap_err();
            assert!(advice.ends_with("2m or 1h, or off"), "{text:?}: {advice}");
        }
        assert!(interval("0").unwrap_err().ends_with("at least 1ms, or off"));
    }

    #[test]
    fn a_size_is_a_number_and_a_unit_or_bytes() {
        assert_eq!(buffer_len("64KiB"), Ok(65_536));
        assert_eq!(buffer_len("65536"), Ok(65_536));
        assert_eq!(buffer_len("16MiB"), Ok(16 << 20));
        assert_eq!(buffer_len("4096"), Ok(4_096));
    }

    #[test]
    fn a_size_outside_its_limits_is_rejected() {
        for text in [
            "0",
            "4095",
            "16777217",
            "17MiB",
            "1GiB",
            "18014398509482048KiB",
            ALL_DIGITS,
        ] {
            let message = buffer_len(text).unwrap_err();
            assert_eq!(message, "write a size from 4KiB to 16MiB", "{text}");
        }
    }

    #[test]
    fn an_invalid_size_is_rejected_with_what_to_write() {
        for text in [
            "", "KiB", "-64KiB", "1.5MiB", "64KB", "64k", "64kib", "64 KiB",
        ] {
            assert!(buffer_len(text).unwrap_err().contains("64KiB"), "{text:?}");
        }
    }

    #[test]
    fn a_backlog_is_a_size_or_off() {
        assert_eq!(backlog("16MiB"), Ok(16 << 20));
        assert_eq!((backlog("off"), backlog("0")), (Ok(0), Ok(0)));
        for text in ["", "16MB", "none"] {
            let advice = backlog(text).unwrap_err();
            assert!(advice.ends_with("such as 512MiB, or off"), "{advice}");
        }
    }

    #[test]
    fn a_thread_count_is_from_1_to_1024() {
        assert_eq!(thread_count("1").map(NonZeroUsize::get), Ok(1));
        assert_eq!(thread_count("1024").map(NonZeroUsize::get), Ok(1_024));
        for text in ["0", "1025", "-1", "", "two", "1.5", ALL_DIGITS] {
            assert!(thread_count(text).unwrap_err().contains("1 to 1024"));
        }
    }

    #[test]
    fn a_span_may_be_zero_and_a_payload_may_be_empty() {
        assert_eq!(span("0"), Ok(Duration::ZERO));
        assert_eq!(span("25h"), Err("write at most 24h"));
        assert_eq!(payload_len("0"), Ok(0));
        assert_eq!(payload_len("64MiB"), Ok(64 << 20));
        assert_eq!(payload_len("65MiB"), Err("write at most 64MiB"));
        assert!(payload_len("1KB").unwrap_err().contains("16KiB"));
    }

    #[test]
    fn counts_are_from_1_to_their_limit() {
        assert_eq!(connection_count("20000"), Ok(20_000));
        assert_eq!(in_flight("65536"), Ok(65_536));
        assert_eq!(message_count("1000000000000"), Ok(1_000_000_000_000));
        for text in ["0", "-1", "", "two", "1.5", ALL_DIGITS] {
            assert!(connection_count(text).unwrap_err().contains("1 to 20000"));
            assert!(in_flight(text).unwrap_err().contains("1 to 65536"));
            assert!(
                message_count(text)
                    .unwrap_err()
                    .contains("1 to 1000000000000")
            );
        }
        assert!(connection_count("20001").is_err() && in_flight("65537").is_err());
    }

    #[test]
    fn a_rate_is_a_decimal_number() {
        assert_eq!(rate("20000"), Ok(20_000.0));
        assert_eq!(rate("0.5"), Ok(0.5));
        assert_eq!(rate("0.0000116"), Ok(0.0000116));
        assert!(rate("0.00001").unwrap_err().contains("from 0.0000116 "));
        for text in [
            "0",
            "-1",
            "",
            "1e3",
            "inf",
            "NaN",
            "1,5",
            "1000000001",
            "0.00001",
            ".",
        ] {
            assert!(rate(text).unwrap_err().contains("such as 20000"), "{text}");
        }
    }
}
