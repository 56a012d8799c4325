//! RFC 6455 sections 5.1 to 5.3: headers of frames, lengths and masking.

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
