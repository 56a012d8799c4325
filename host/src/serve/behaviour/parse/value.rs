//! Reads what the values of several parameters are made of: durations, numbers, sizes and texts.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::parameter::{Bounds, Wrong};
use crate::unit;

/// The longest duration.
const DURATION_MAX: Duration = Duration::from_secs(60 * 60);
/// How often something happens at most: the precision of the timers.
const INTERVAL_MIN: Duration = Duration::from_millis(1);
/// The most messages that can be counted.
const COUNT_MAX: u64 = 1_000_000_000_000;
/// The most bytes of a piece of a response and of a TCP segment.
const PIECE_LEN_MAX: u64 = 65_535;
/// The largest size.
const SIZE_MAX: u64 = 1 << 30;

/// How each is described to people.
pub(super) const DURATION: &str = "a duration of at most 1h";
pub(super) const INTERVAL: &str = "a duration from 1ms to 1h";
pub(super) const SIZE: &str = "a size from 1 to 1GiB";
pub(super) const PIECE: &str = "a number of bytes from 1 to 65535";
pub(super) const TEXT: &str = "a text";
pub(super) const TOKEN: &str = "letters, digits and !#$%&'*+-.^_`|~ only";

/// A duration, up to an hour; may be zero.
pub(super) fn duration(text: &str) -> Result<Duration, Wrong> {
    let milliseconds = unit::milliseconds(text).ok_or(Wrong::Form)?;
    Some(Duration::from_millis(milliseconds))
        .filter(|duration| *duration <= DURATION_MAX)
        .ok_or(Wrong::Form)
}

/// How often something happens: every millisecond to every hour.
pub(super) fn interval(text: &str) -> Result<Duration, Wrong> {
    let interval = duration(text)?;
    Some(interval)
        .filter(|interval| *interval >= INTERVAL_MIN)
        .ok_or(Wrong::Form)
}

/// A whole number in a range, without a sign.
pub(super) fn number(text: &str, range: RangeInclusive<u64>) -> Result<u64, Wrong> {
    // The standard library's parser also accepts `+`.
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Wrong::Form);
    }
    let number = text.parse().map_err(|_| Wrong::Form)?;
    Some(number)
        .filter(|number| range.contains(number))
        .ok_or(Wrong::Form)
}

/// A number of messages, at least `min`.
pub(super) fn count(text: &str, min: u64) -> Result<u64, Wrong> {
    number(text, min..=COUNT_MAX)
}

/// A number from 1 to that of `--max-push`.
pub(super) fn up_to_max_push(text: &str, bounds: &Bounds) -> Result<u64, Wrong> {
    let max = bounds.max_push;
    number(text, 1..=max)
        .map_err(|_| Wrong::Advice(format!("write a number from 1 to {max} (--max-push)")))
}

/// A number of bytes, from 1 to 1 GiB.
pub(super) fn size(text: &str) -> Result<u64, Wrong> {
    unit::bytes(text)
        .filter(|size| (1..=SIZE_MAX).contains(size))
        .ok_or(Wrong::Form)
}

/// A number of bytes in memory, from 1 to 1 GiB.
pub(super) fn len(text: &str) -> Result<usize, Wrong> {
    usize::try_from(size(text)?).map_err(|_| Wrong::Form)
}

/// A number of bytes in memory, from 1 to 65,535.
pub(super) fn piece_len(text: &str) -> Result<usize, Wrong> {
    let len = unit::bytes(text).filter(|len| (1..=PIECE_LEN_MAX).contains(len));
    len.and_then(|len| usize::try_from(len).ok())
        .ok_or(Wrong::Form)
}

/// What follows a word and a colon: `10` of `after:10`.
pub(super) fn after_word<'a>(text: &'a str, word: &str) -> Result<&'a str, Wrong> {
    text.strip_prefix(word)
        .and_then(|rest| rest.strip_prefix(':'))
        .ok_or(Wrong::Form)
}

/// The meaning of a word, of those that are known.
pub(super) fn word<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, Wrong> {
    let found = known.iter().find(|(word, _)| *word == text);
    found.map(|(_, meaning)| *meaning).ok_or(Wrong::Form)
}
