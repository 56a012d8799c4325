//! RFC 6455 section 8.1: text that is UTF-8, or not.

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
