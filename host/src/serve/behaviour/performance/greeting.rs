//! The texts that the server sends of its own accord.

use std::time::SystemTime;

use crate::utc::Utc;

/// A tick, in JSON: its number, and the time in UTC.
pub(super) fn tick(number: u64, time: SystemTime) -> String {
    format!(r#"{{"tick":{number},"time":"{:.3}"}}"#, Utc(time))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

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
