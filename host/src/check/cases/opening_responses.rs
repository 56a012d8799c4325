//! RFC 6455 section 4.1: responses that a client must accept or refuse.

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
