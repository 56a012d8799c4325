//! Which case finds which fault.

use ws_echo_tests::mutants::Fault;

/// A fault, and what finds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) fault: Fault,
    /// Patterns of the cases that are played: those about the broken rule, and others near them.
    pub(super) played: &'static [&'static str],
    /// Patterns of the cases that are about the broken rule, at least one of which must fail.
    pub(super) found_by: &'static str,
    /// How many other cases of the played ones may fail.
    pub(super) others_max: usize,
}

const fn row(
    fault: Fault,
    played: &'static [&'static str],
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

/// The faults of a server.
pub(super) const SERVER: &[Row] = &[row(
    Fault::TakesLongControl,
    &["5.5"],
    "5.5-ping-of-126-bytes",
    0,
)];

/// The faults of a client.
pub(super) const CLIENT: &[Row] = &[];
