//! Which cases are played: patterns of ids, sections, and `--hostile`.

use super::case::Case;
use super::cases;
use super::frame::Role;
use crate::options::check::{CheckOptions, Selection};

/// The cases that the user asks for, of one role or of both.
///
/// # Errors
///
/// When there are none: what may have been meant.
pub(crate) fn chosen(options: &CheckOptions, role: Option<Role>) -> Result<Vec<Case>, String> {
    let cases = match &options.output.trace {
        Some(id) => select_one(cases::all(), id, role),
        None => select(cases::all(), &options.selection, role),
    };
    match cases.is_empty() {
        true => Err("no case is selected".into()),
        false => Ok(cases),
    }
}

fn select_one(cases: Vec<Case>, id: &str, role: Option<Role>) -> Vec<Case> {
    let selection = Selection {
        patterns: vec![id.to_owned()],
        sections: Vec::new(),
        hostile: true,
    };
    select(cases, &selection, role)
}

/// The cases that are selected for a role, in order.
pub(crate) fn select(cases: Vec<Case>, selection: &Selection, role: Option<Role>) -> Vec<Case> {
    let is_selected = |case: &Case| {
        let fits_role = role.is_none() || case.role.is_none() || case.role == role;
        fits_role && (selection.hostile || !case.needs.hostile) && is_named(case, selection)
    };
    cases.into_iter().filter(is_selected).collect()
}

fn is_named(case: &Case, selection: &Selection) -> bool {
    if selection.patterns.is_empty() && selection.sections.is_empty() {
        return true;
    }
    let by_pattern = selection.patterns.iter().any(|it| is_called(case, it));
    let by_section = selection
        .sections
        .iter()
        .any(|section| is_within(case.section(), section));
    by_pattern || by_section
}

/// Whether the case's id, or its number in Autobahn's suite, matches a pattern.
pub(crate) fn is_called(case: &Case, pattern: &str) -> bool {
    let number = case.autobahn.as_deref();
    matches(pattern, &case.id) || number.is_some_and(|number| matches(pattern, number))
}

/// Whether a section is the other one, or below it.
fn is_within(section: &str, whole: &str) -> bool {
    section
        .strip_prefix(whole)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

/// Whether a text matches a pattern with `*` for any characters and `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return fits(pattern, text) && pattern.chars().count() == text.chars().count();
    };
    let count = before.chars().count();
    let Some((index, _)) = text.char_indices().chain([(text.len(), ' ')]).nth(count) else {
        return false;
    };
    let (start, rest) = text.split_at(index);
    let mut rests = rest
        .char_indices()
        .map(|(index, _)| index)
        .chain([rest.len()]);
    fits(before, start) && rests.any(|index| matches(after, &rest[index..]))
}

/// Whether the characters are the same, where the pattern has no `?`.
fn fits(pattern: &str, text: &str) -> bool {
    let mut pairs = pattern.chars().zip(text.chars());
    pairs.all(|(pattern, text)| pattern == '?' || pattern == text)
}
