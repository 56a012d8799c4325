//! Bytes as hexadecimal digits.

use std::fmt::Write as _;

/// The hexadecimal digits of `bytes`, two for each byte.
pub(crate) fn digits(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
