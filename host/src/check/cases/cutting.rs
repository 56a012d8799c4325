//! RFC 6455 section 5.2: sessions whose bytes arrive cut anywhere.

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
