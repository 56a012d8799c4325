//! Shows times for people: three digits and a suitable unit. `command_line` parses the times that
//! people write.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::quantity::ThreeDigits;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) const NANOSECONDS_PER_SECOND: f64 = 1e9;

/// A time in nanoseconds, shown with a suitable unit and three digits.
pub(crate) struct Time(pub(crate) f64);

impl From<Duration> for Time {
    fn from(duration: Duration) -> Self {
        Self(duration.as_secs_f64() * NANOSECONDS_PER_SECOND)
    }
}

impl Display for Time {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let (value, unit) = match self.0 {
            0.0 => (0.0, "s"),
            ..1e3 => (self.0, "ns"),
            ..1e6 => (self.0 / 1e3, "µs"),
            ..1e9 => (self.0 / 1e6, "ms"),
            _ => (self.0 / 1e9, "s"),
        };
        write!(formatter, "{} {unit}", ThreeDigits(value))
    }
}

/// How long something has lasted, in milliseconds at least. From a minute on it is shown to the
/// second, as options are written: `1m23s`.
pub(crate) struct Span(pub(crate) Duration);

impl Display for Span {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (minutes, hours) = (seconds / 60, seconds / (60 * 60));
        if seconds == 0 {
            return write!(formatter, "{} ms", self.0.as_millis());
        }
        if minutes == 0 {
            return Time::from(self.0).fmt(formatter);
        }
        if hours > 0 {
            write!(formatter, "{hours}h")?;
        }
        write!(formatter, "{}m{}s", minutes % 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_three_digits_and_a_unit() {
        for (nanoseconds, expected) in [
            (0.0, "0 s"),
            (999.0, "999 ns"),
            (1_000.0, "1 µs"),
            (12_345.0, "12.3 µs"),
            (123_456.0, "123 µs"),
            (1_234_567.0, "1.23 ms"),
            (2e9, "2 s"),
        ] {
            assert_eq!(Time(nanoseconds).to_string(), expected);
        }
        assert_eq!(Time::from(Duration::from_millis(300)).to_string(), "300 ms");
    }

    #[test]
    fn a_span_of_a_minute_or_more_is_shown_to_the_second() {
        for (milliseconds, expected) in [
            (0, "0 ms"),
            (7, "7 ms"),
            (12_345, "12.3 s"),
            (59_900, "59.9 s"),
            (60_000, "1m0s"),
            (83_999, "1m23s"),
            (3_600_000, "1h0m0s"),
            (90_061_000, "25h1m1s"),
        ] {
            let span = Span(Duration::from_millis(milliseconds));
            assert_eq!(span.to_string(), expected);
        }
    }
}
