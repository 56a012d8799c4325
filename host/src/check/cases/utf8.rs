//! RFC 6455 section 8.1: text that is UTF-8, or not.

mod broken_text;
mod cut_text;
mod fail_fast;
mod invalid_sequences;
mod rules;
mod sequences;
mod unchanged_text;
mod valid_sequences;

use crate::check::case::Case;

pub(super) use broken_text::{KINDS, Kind};

pub(super) fn cases() -> Vec<Case> {
    [
        cut_text::cases(),
        broken_text::cases(),
        fail_fast::cases(),
        sequences::cases(),
        unchanged_text::cases(),
    ]
    .concat()
}
