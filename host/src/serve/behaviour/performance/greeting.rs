//! The texts that the server sends of its own accord.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use ws_echo_core::Request;

/// The request as it arrived, in JSON, for `greeting=request`.
///
/// To be replaced by the whole report.
pub(crate) fn request_greeting(request: &Request<'_>) -> String {
    json!({"method": request.method(), "target": request.target()}).to_string()
}

/// A tick, in JSON: its number, and the time in UTC.
pub(super) fn tick(number: u64, time: SystemTime) -> String {
    format!(r#"{{"tick":{number},"time":"{}"}}"#, utc(time))
}

/// A time as RFC 3339 writes it, in milliseconds.
fn utc(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs();
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let milliseconds = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z")
}

/// The year, the month and the day, so many days after 1970 began. Years are counted from March, so
/// that a leap day is the last day of a year.
fn date(days: u64) -> (u64, u64, u64) {
    /// In 400 years.
    const CYCLE: u64 = 146_097;
    /// From 1 March 0 to 1 January 1970.
    const SINCE_MARCH_0: u64 = 719_468;
    let days = days + SINCE_MARCH_0;
    let (cycle, day) = (days / CYCLE, days % CYCLE);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = 400 * cycle + year + month / 10;
    (year, (month + 2) % 12 + 1, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_tick_has_its_number_and_the_time() {
        for (milliseconds, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_795_965_168_123, "2026-11-29T15:12:48.123Z"),
            (4_107_542_400_001, "2100-03-01T00:00:00.001Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_millis(milliseconds);
            let text = tick(7, time);
            assert_eq!(text, format!(r#"{{"tick":7,"time":"{expected}"}}"#));
        }
    }
}
