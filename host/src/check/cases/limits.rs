//! RFC 6455 section 10.4: long messages, and many.

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
