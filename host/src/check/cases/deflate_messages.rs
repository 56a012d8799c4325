//! RFC 7692 sections 6 and 7.2: compressed messages.

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
