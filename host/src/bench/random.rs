//! Numbers that look random and are the same in every run, so that runs can be compared.

/// Bytes of every value, without a period: with one, an echo could be wrong unnoticed.
pub(super) fn bytes() -> impl Iterator<Item = u8> {
    let mut state = 1_u32;
    std::iter::repeat_with(move || {
        // The constants are Knuth's; the upper bits are the good ones.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
}
