//! The cases in a table without lines, for a person and for `grep`.

use super::terminal::severity;
use crate::check::case::Case;
use crate::check::frame::Role;

/// Longer ids move the rest of their line.
const ID_LEN: usize = 50;

/// A line for each case: the id, the severity, who can be tested, the number in Autobahn's suite
/// (`-` without one), and the claim.
pub(crate) fn text(cases: &[Case]) -> String {
    let len = cases.iter().map(|case| case.id.len()).max();
    let len = len.unwrap_or_default().min(ID_LEN);
    let line = |case: &Case| {
        format!(
            "{:len$}  {:10}  {:6}  {:8}  {}\n",
            case.id,
            severity(case.severity),
            role(case.role),
            case.autobahn.as_deref().unwrap_or("-"),
            case.claim
        )
    };
    cases.iter().map(line).collect()
}

/// Who can be tested, in a word.
pub(crate) fn role(role: Option<Role>) -> &'static str {
    match role {
        Some(Role::Server) => "server",
        Some(Role::Client) => "client",
        None => "both",
    }
}
