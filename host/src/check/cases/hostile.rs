//! Robustness against peers that mean harm, with `--hostile` only.

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
