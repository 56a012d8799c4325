//! Shows times for people: three digits and a suitable unit. `command_line` parses the times that
//! people write.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

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
        // A whole number needs no decimals.
        let decimals = match value {
            _ if value.fract() == 0.0 => 0,
            ..10.0 => 2,
            ..100.0 => 1,
            _ => 0,
        };
        write!(formatter, "{value:.decimals$} {unit}")
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
}
