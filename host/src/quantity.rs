//! Shows counts, rates and sizes for people. `unit` reads those that people write, `time` shows
//! times.

use std::fmt::{self, Display, Formatter};

/// The units of a size, the largest first.
const UNITS: [(&str, u64); 4] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
];

/// A number of things, shown with their name in the singular or the plural: `1 byte`, `2 bytes`.
pub(crate) struct Count(pub(crate) u64, pub(crate) &'static str);

impl Display for Count {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self(count, name) = self;
        let plural = if *count == 1 { "" } else { "s" };
        write!(formatter, "{count} {name}{plural}")
    }
}

/// A number of bytes, shown with a suitable unit and three digits: `1.21 MiB`.
pub(crate) struct Size(pub(crate) u64);

impl Display for Size {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Some((name, unit)) = UNITS.iter().find(|(_, unit)| self.0 >= *unit) else {
            return Count(self.0, "byte").fmt(formatter);
        };
        let value = ThreeDigits(self.0 as f64 / *unit as f64);
        write!(formatter, "{value} {name}")
    }
}

/// A number that a suitable unit has made small, from 1 on, shown with three digits. A whole number
/// needs no decimals.
pub(crate) struct ThreeDigits(pub(crate) f64);

impl Display for ThreeDigits {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let value = self.0;
        let decimals = match value {
            _ if value.fract() == 0.0 => 0,
            ..10.0 => 2,
            ..100.0 => 1,
            _ => 0,
        };
        write!(formatter, "{value:.decimals$}")
    }
}

/// A number with three digits, however small it is, and with commas between thousands: `0.00123`,
/// `12.3`, `12,345`.
pub(crate) struct Figure(pub(crate) f64);

impl Display for Figure {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let value = self.0;
        // A whole number needs no decimals.
        if value >= 100.0 || value.fract() == 0.0 {
            return Grouped(value.round() as u64).fmt(formatter);
        }
        let decimals = 2.0 - value.log10().floor();
        write!(formatter, "{value:.*}", decimals as usize)
    }
}

/// A number with commas between thousands.
pub(crate) struct Grouped(pub(crate) u64);

impl Display for Grouped {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.char_indices() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                formatter.write_str(",")?;
            }
            write!(formatter, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_three_digits_at_least() {
        for (value, expected) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.5, "0.500"),
            (0.001234, "0.00123"),
            (0.0000116, "0.0000116"),
            (1.25, "1.25"),
            (12.345, "12.3"),
            (99.97, "100.0"),
            (100.4, "100"),
            (1_234_567.8, "1,234,568"),
        ] {
            assert_eq!(Figure(value).to_string(), expected);
        }
    }

    #[test]
    fn thousands_are_grouped() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(Grouped(number).to_string(), expected);
        }
    }

    #[test]
    fn one_thing_is_singular_and_any_other_number_is_plural() {
        for (count, expected) in [(0, "0 bytes"), (1, "1 byte"), (2, "2 bytes")] {
            assert_eq!(Count(count, "byte").to_string(), expected);
        }
    }

    #[test]
    fn a_size_has_three_digits_and_a_unit() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (1025, "1.00 KiB"),
            (12_595, "12.3 KiB"),
            (126_000, "123 KiB"),
            (16 << 20, "16 MiB"),
            ((1 << 30) + (1 << 28), "1.25 GiB"),
            (5 << 40, "5 TiB"),
            (u64::MAX, "16777216 TiB"),
        ] {
            assert_eq!(Size(bytes).to_string(), expected, "{bytes}");
        }
    }
}
