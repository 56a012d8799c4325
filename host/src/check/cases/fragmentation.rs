//! RFC 6455 section 5.4: messages in fragments.

mod invalid;
mod many;
mod valid;

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    [valid::cases(), many::cases(), invalid::cases()].concat()
}
