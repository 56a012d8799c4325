//! Where the bytes of a buffer are, and how they are moved there. It does not know what they are.

use core::ops::Range;

/// Where the bytes of a [`Buffer`](crate::Buffer) are: `[u8; N]`, `&mut [u8]`, `Box<[u8]>`.
pub trait Storage: AsRef<[u8]> + AsMut<[u8]> {}

impl<T: AsRef<[u8]> + AsMut<[u8]>> Storage for T {}

/// Moves the bytes at `from`, which stand in `storage`, so that they begin at `to`.
pub(crate) fn move_left(storage: &mut [u8], from: Range<usize>, to: usize) {
    let both = storage.get_mut(to..from.end).unwrap_or_default();
    let distance = both.len().saturating_sub(from.len());
    both.copy_within(distance.., 0);
}

/// Moves the bytes at `from`, which stand in `storage`, by `distance`. For `copy_within` the
/// compiler could not see that it does not panic.
pub(crate) fn move_right(storage: &mut [u8], from: Range<usize>, distance: usize) {
    for place in from.rev() {
        if let Some(&byte) = storage.get(place)
            && let Some(target) = storage.get_mut(place + distance)
        {
            *target = byte;
        }
    }
}
