//! Bytes that nobody can foresee, from the system.

/// `N` such bytes.
///
/// > The masking key needs to be unpredictable; thus, the masking key MUST be derived from a strong
/// > source of entropy (RFC 6455 section 5.3)
///
/// # Panics
///
/// Where the system has none to give: nothing may be sent without.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes
}

/// Masking keys, which are fetched many at a time: one for each call.
pub(crate) fn keys() -> impl FnMut() -> [u8; 4] {
    let mut fetched = [0; 1024];
    let mut used = fetched.len();
    move || {
        if used == fetched.len() {
            fetched = bytes();
            used = 0;
        }
        let (keys, _) = fetched.as_chunks();
        let key = keys[used / 4];
        used += 4;
        key
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_key_is_handed_out_once() {
        let mut next_key = keys();
        let keys: HashSet<_> = (0..1000).map(|_| next_key()).collect();
        // Of so many at random two are the same about once in 10,000 times, and three never.
        assert!(keys.len() >= 999);
    }
}
