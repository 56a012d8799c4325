//! Unpredictable bytes from the system, by ring. It gets them in a static program too, where there
//! is no /dev/urandom.

use std::{io, process};

use ring::rand::{SecureRandom, SystemRandom};

use crate::stderr;

/// Checks that the system has random bytes. Without, all that needs some would panic, the standard
/// library's tables too.
///
/// # Errors
///
/// When it has none, as an old Linux without /dev/urandom.
pub(crate) fn check() -> io::Result<()> {
    fill(&mut [0])
}

/// `N` random bytes. If the system has none, although [`check`] has found some, the process ends
/// with status 1 and a message: nothing may be sent without them.
///
/// > The masking key needs to be unpredictable; thus, the masking key MUST be derived from a strong
/// > source of entropy (RFC 6455 section 5.3)
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Err(error) = fill(&mut bytes) {
        stderr::print(&error.to_string());
        process::exit(1);
    }
    bytes
}

fn fill(bytes: &mut [u8]) -> io::Result<()> {
    let filled = SystemRandom::new().fill(bytes);
    filled.map_err(|_| io::Error::other("the system has no random bytes"))
}

/// A function that returns a new masking key at each call. It fetches many from the system at a
/// time.
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
    fn each_key_is_returned_once() {
        let mut next_key = keys();
        let keys: HashSet<_> = (0..1000).map(|_| next_key()).collect();
        // Among 1,000 random keys, two are the same in about one of 10,000 runs.
        assert!(keys.len() >= 999);
    }
}
