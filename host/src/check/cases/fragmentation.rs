//! RFC 6455 section 5.4: messages in fragments.

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
