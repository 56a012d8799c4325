//! Which HTTP headers hold secrets. In the log, in recordings and in reports, only the lengths of
//! their values are shown.

/// The names of headers that hold secrets, in lower case.
const NAMES: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];
/// Parts of the names of others, such as `X-Api-Key`.
const PARTS: [&str; 5] = ["api-key", "apikey", "token", "secret", "password"];

/// Whether a header with this name holds a secret. The case of the name does not matter.
pub(crate) fn is_secret(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let has = |part: &&str| name.windows(part.len()).any(|it| it == part.as_bytes());
    NAMES.iter().any(|it| name == it.as_bytes()) || PARTS.iter().any(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_the_name_of_its_header_or_by_a_part_of_it() {
        for name in [
            "Cookie",
            "SET-COOKIE",
            "proxy-authorization",
            "X-Api-Key",
            "X-CSRF-Token",
        ] {
            assert!(is_secret(name.as_bytes()), "{name}");
        }
        for name in [
            "",
            "Cookies",
            "Host",
            "Sec-WebSocket-Key",
            "X-Authorization-Time",
        ] {
            assert!(!is_secret(name.as_bytes()), "{name}");
        }
    }
}
