//! The storage of a buffer, and how bytes move inside it.

use core::ops::Range;

/// The storage of a [`Buffer`](crate::Buffer): `[u8; N]`, `&mut [u8]`, `Box<[u8]>`. Each type that
/// is both `AsRef<[u8]>` and `AsMut<[u8]>` is one.
pub trait Storage: AsRef<[u8]> + AsMut<[u8]> {}

impl<T: AsRef<[u8]> + AsMut<[u8]>> Storage for T {}

/// Moves the bytes at `from` in `storage` to the left, so that they begin at `to`.
pub(crate) fn move_left(storage: &mut [u8], from: Range<usize>, to: usize) {
    let both = storage.get_mut(to..from.end).unwrap_or_default();
    let distance = both.len().saturating_sub(from.len());
    both.copy_within(distance.., 0);
}

/// Moves the bytes at `from` in `storage` to the right, by `distance`. (With `copy_within` the
/// compiler could not prove that this never panics.)
pub(crate) fn move_right(storage: &mut [u8], from: Range<usize>, distance: usize) {
    for place in from.rev() {
        if let Some(&byte) = storage.get(place)
            && let Some(target) = storage.get_mut(place + distance)
        {
            *target = byte;
        }
    }
}
