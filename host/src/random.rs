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
