//! RFC 6455 section 5.6: messages of all lengths come back.

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
