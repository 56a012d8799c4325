//! Reads a whole number and a unit, as people write durations and sizes: `10s`, `64KiB`. No unit
//! has two meanings (`KB`). Limits, and what to write instead, are left to the callers; `quantity`
//! shows both.

/// The name of a unit, and its size in the base unit. A bare number has the empty name.
type Unit = (&'static str, u64);

const MILLISECONDS: [Unit; 5] = [
    ("", 1_000),
    ("ms", 1),
    ("s", 1_000),
    ("m", 60 * 1_000),
    ("h", 60 * 60 * 1_000),
];
const BYTES: [Unit; 4] = [
    ("", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Reads a duration in milliseconds; a bare number is one of seconds. A number too large for the
/// type becomes its largest value, which the caller's upper limit rejects.
pub(crate) fn milliseconds(text: &str) -> Option<u64> {
    quantity(text, &MILLISECONDS)
}

/// Reads a size in bytes. A number too large for the type becomes its largest value, which the
/// caller's upper limit rejects.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    quantity(text, &BYTES)
}

fn quantity(text: &str, units: &[Unit]) -> Option<u64> {
    let digits_len = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, unit) = text.split_at(digits_len);
    if digits.is_empty() {
        return None;
    }
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    let number = digits.parse().unwrap_or(u64::MAX);
    Some(number.saturating_mul(*factor))
}
