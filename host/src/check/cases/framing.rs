//! RFC 6455 sections 5.1 to 5.3: headers of frames, lengths and masking.

mod lengths;
mod masking;
mod reserved_bits;
mod reserved_opcodes;
mod sent;

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    [
        masking::cases(),
        reserved_bits::cases(),
        reserved_opcodes::cases(),
        lengths::cases(),
        sent::cases(),
    ]
    .concat()
}
