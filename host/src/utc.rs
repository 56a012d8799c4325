//! A moment as text, in UTC: `2026-11-29T15:12:48.123456Z` (RFC 3339 section 5.6).

use std::fmt::{self, Display, Formatter};
use std::time::{Duration, SystemTime};

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
/// The days of 400 years: after them the calendar repeats itself.
const DAYS_PER_ERA: u64 = 146_097;
/// From 1 March of the year 0, with which eras begin, to 1 January 1970.
const DAYS_BEFORE_1970: u64 = 719_468;
/// The digits of a second's fraction: as many as the precision that is asked for, up to 9.
const DIGITS_DEFAULT: usize = 6;
const DIGITS_MAX: usize = 9;

/// A moment, shown to the microsecond, or as exactly as the precision says: `{:.3}`. A moment
/// before 1970 is shown as its beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Utc(pub(crate) SystemTime);

impl Display for Utc {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let since_1970 = self.0.duration_since(SystemTime::UNIX_EPOCH);
        let since_1970 = since_1970.unwrap_or(Duration::ZERO);
        let seconds = since_1970.as_secs();
        let (year, month, day) = date(seconds / SECONDS_PER_DAY);
        let second = seconds % SECONDS_PER_DAY;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        let digits = formatter.precision().unwrap_or(DIGITS_DEFAULT);
        let digits = digits.min(DIGITS_MAX);
        if digits > 0 {
            let nanoseconds = format!("{:09}", since_1970.subsec_nanos());
            write!(
                formatter,
                ".{}",
                nanoseconds.get(..digits).unwrap_or_default()
            )?;
        }
        formatter.write_str("Z")
    }
}

/// The year, month and day that are this many days after 1 January 1970. Years begin in March
/// here, so that the leap day is the last one of a year.
fn date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + DAYS_BEFORE_1970;
    let era = days / DAYS_PER_ERA;
    let day = days % DAYS_PER_ERA;
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    // Months of 31 and 30 days in turn, as five months have 153.
    let from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * from_march + 2) / 5 + 1;
    let (month, years) = match from_march {
        ..10 => (from_march + 3, 0),
        _ => (from_march - 9, 1),
    };
    (400 * era + year + years, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(seconds: u64, nanoseconds: u32) -> String {
        Utc(SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds)).to_string()
    }

    #[test]
    fn a_moment_is_shown_to_the_microsecond_or_as_asked_for() {
        assert_eq!(shown(0, 0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(
            shown(1_795_965_168, 123_456_999),
            "2026-11-29T15:12:48.123456Z"
        );
        let moment = Utc(SystemTime::UNIX_EPOCH + Duration::new(1_795_965_168, 120_456_999));
        assert_eq!(format!("{moment:.3}"), "2026-11-29T15:12:48.120Z");
        assert_eq!(format!("{moment:.0}"), "2026-11-29T15:12:48Z");
        assert_eq!(format!("{moment:.12}"), "2026-11-29T15:12:48.120456999Z");
        let before = Utc(SystemTime::UNIX_EPOCH - Duration::from_secs(1));
        assert_eq!(before.to_string(), "1970-01-01T00:00:00.000000Z");
    }

    #[test]
    fn each_day_of_eight_hundred_years_follows_the_one_before() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..2 * DAYS_PER_ERA {
            assert_eq!(date(days), (year, month, day));
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let len = match month {
                2 if is_leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > len {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }
}
