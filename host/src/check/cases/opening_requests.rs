//! RFC 6455 section 4.2 and RFC 9112: requests that a server must accept or refuse.

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
