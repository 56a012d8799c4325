//! RFC 7692 sections 5 and 7.1: what permessage-deflate is offered and agreed on with.

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
