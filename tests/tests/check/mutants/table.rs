//! What a table of faults consists of.

use ws_echo_tests::mutants::Fault;

/// A fault, and what finds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) fault: Fault,
    /// Patterns of the cases that are played: those about the broken rule, and others near them.
    pub(super) played: &'static str,
    /// Patterns, with `|` between them, of the cases that are about the broken rule. At least one
    /// must fail, or be not strict.
    pub(super) found_by: &'static str,
    /// How many other cases of the played ones fail at most, because the fault disturbs them too.
    pub(super) others_max: usize,
}

pub(super) const fn row(
    fault: Fault,
    played: &'static str,
    found_by: &'static str,
    others_max: usize,
) -> Row {
    Row {
        fault,
        played,
        found_by,
        others_max,
    }
}
