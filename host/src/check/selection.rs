//! Which cases are played: patterns of ids, sections, and `--hostile`.

use super::case::Case;
use super::cases;
use super::frame::Role;
use crate::escape::{Excerpt, OneLine};
use crate::options::check::{CheckOptions, Selection};
use crate::similar::similar;

/// How many names are offered instead of a wrong one.
const OFFERED_MAX: usize = 3;

/// The cases that the user asks for, of one role or of both.
///
/// # Errors
///
/// When a pattern, a section or an id selects nothing: what may have been meant.
pub(crate) fn chosen(options: &CheckOptions, role: Option<Role>) -> Result<Vec<Case>, String> {
    let cases = cases::all();
    if let Some(id) = &options.output.trace {
        let case = find(&cases, id).map_err(|why| format!("--trace: {why}"))?;
        return match fits_role(case, role) {
            true => Ok(vec![case.clone()]),
            false => Err(format!("--trace: {}", of_other_role(case))),
        };
    }
    let selection = &options.selection;
    for pattern in &selection.patterns {
        look_for_one(&cases, selection, role, |case| is_called(case, pattern))
            .map_err(|why| format!("--case {}: {why}", OneLine(pattern)))?
            .ok_or_else(|| format!("--case: {}", no_such_case(&cases, pattern)))?;
    }
    for section in &selection.sections {
        look_for_one(&cases, selection, role, |case| {
            is_within(case.section(), section)
        })
        .map_err(|why| format!("--section {}: {why}", OneLine(section)))?
        .ok_or_else(|| format!("--section: {}", no_such_section(&cases, section)))?;
    }
    match select(cases, selection, role) {
        cases if cases.is_empty() => Err("there is no case for this role".into()),
        cases => Ok(cases),
    }
}

/// Whether one of the cases that are named can be played: `None` if nothing is named.
fn look_for_one(
    cases: &[Case],
    selection: &Selection,
    role: Option<Role>,
    is_named: impl Fn(&Case) -> bool,
) -> Result<Option<()>, String> {
    let mut named = cases.iter().filter(|case| is_named(case)).peekable();
    let Some(&first) = named.peek() else {
        return Ok(None);
    };
    let of_role: Vec<_> = named.filter(|case| fits_role(case, role)).collect();
    match &of_role[..] {
        [] => Err(of_other_role(first)),
        some if some.iter().all(|case| case.needs.hostile) && !selection.hostile => {
            Err(format!("{} loads the peer: add --hostile", some[0].id))
        }
        _ => Ok(Some(())),
    }
}

fn fits_role(case: &Case, role: Option<Role>) -> bool {
    role.is_none() || case.role.is_none() || case.role == role
}

fn of_other_role(case: &Case) -> String {
    let advice = match case.role {
        Some(Role::Client) => "clients only; test them with --listen",
        _ => "servers only; test one with its URL",
    };
    format!("{} is for {advice}", case.id)
}

/// The case with this id, or number in Autobahn's suite.
///
/// # Errors
///
/// When there is none: what may have been meant.
pub(crate) fn find<'a>(cases: &'a [Case], id: &str) -> Result<&'a Case, String> {
    let is_it = |case: &&Case| case.id == id || case.autobahn.as_deref() == Some(id);
    let found = cases.iter().find(is_it);
    found.ok_or_else(|| no_such_case(cases, id))
}

fn no_such_case(cases: &[Case], pattern: &str) -> String {
    let part = pattern.trim_matches('*');
    let ids = || cases.iter().map(|case| &*case.id);
    let containing = || ids().filter(|id| !part.is_empty() && id.contains(part));
    let near = match containing().count() {
        0 => similar(part, ids(), OFFERED_MAX),
        1..=OFFERED_MAX => containing().collect(),
        count => {
            let (pattern, part) = (Excerpt::new(pattern), Excerpt::new(part));
            return format!("there is no case {pattern}; --case '*{part}*' selects {count}");
        }
    };
    let pattern = Excerpt::new(pattern);
    match &near[..] {
        [] => format!("there is no case {pattern}; --list names all"),
        near => format!(
            "there is no case {pattern}; did you mean {}?",
            near.join(" or ")
        ),
    }
}

fn no_such_section(cases: &[Case], section: &str) -> String {
    let mut sections: Vec<&str> = cases.iter().map(Case::section).collect();
    sections.sort_unstable_by(|a, b| super::report::sections::order(a, b));
    sections.dedup();
    let chapter = section.split(['.', ' ']).next().unwrap_or_default();
    let mut near = sections.clone();
    near.retain(|known| is_within(known, chapter));
    let known = if near.is_empty() { sections } else { near };
    let section = Excerpt::new(section);
    format!(
        "there is no case of section {section}; the sections are {}",
        known.join(", ")
    )
}

/// The cases that are selected for a role, in order.
pub(crate) fn select(cases: Vec<Case>, selection: &Selection, role: Option<Role>) -> Vec<Case> {
    let is_selected = |case: &Case| {
        fits_role(case, role)
            && (selection.hostile || !case.needs.hostile)
            && is_named(case, selection)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::check::{Output, Task};

    fn options(patterns: &[&str], sections: &[&str]) -> CheckOptions {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        CheckOptions {
            task: Task::List,
            selection: Selection {
                patterns: owned(patterns),
                sections: owned(sections),
                hostile: false,
            },
            output: Output::default(),
        }
    }

    fn ids(patterns: &[&str], sections: &[&str]) -> Vec<String> {
        let cases = chosen(&options(patterns, sections), None).expect("cases");
        cases.iter().map(|case| case.id.to_string()).collect()
    }

    fn refusal(patterns: &[&str], sections: &[&str]) -> String {
        chosen(&options(patterns, sections), None).expect_err("nothing is selected")
    }

    #[test]
    fn a_pattern_has_stars_and_question_marks() {
        assert!(matches("5.5.2-*", "5.5.2-ping"));
        assert!(matches("*ping*", "5.5-a-ping-b"));
        assert!(matches("5.?.2*", "5.5.2"));
        assert!(!matches("5.5", "5.5.2-ping"));
        assert!(!matches("?", ""));
        assert!(matches("*ä?", "aäb"));
    }

    #[test]
    fn a_section_has_those_below_it_and_no_others() {
        assert!(is_within("5.5.2", "5.5"));
        assert!(is_within("rfc7692-7.1", "rfc7692"));
        assert!(!is_within("5.10", "5.1"));
    }

    #[test]
    fn cases_are_selected_by_id_by_number_and_by_section() {
        let one = "5.5.2-ping-without-payload";
        assert_eq!(ids(&[one], &[]), [one]);
        assert_eq!(ids(&["2.1"], &[]), [one]);
        let all = ids(&[], &["5.5.2"]);
        assert!(all.iter().any(|id| id == one));
        assert!(all.iter().all(|id| id.starts_with("5.5.2-")), "{all:?}");
    }

    #[test]
    fn what_selects_nothing_is_answered_by_what_does() {
        let typo = refusal(&["5.5.2-ping-withuot-payload"], &[]);
        assert!(
            typo.contains("did you mean 5.5.2-ping-without-payload"),
            "{typo}"
        );
        let one = refusal(&["ping-without-payload"], &[]);
        assert!(
            one.contains("did you mean 5.5.2-ping-without-payload?"),
            "{one}"
        );
        let many = refusal(&["-"], &[]);
        assert!(many.contains("--case '*-*' selects "), "{many}");
        let section = refusal(&[], &["5.99"]);
        assert!(
            section.starts_with("--section: there is no case of section 5.99; "),
            "{section}"
        );
        assert!(
            section.contains("5.5.2") && !section.contains("rfc"),
            "{section}"
        );
        let hostile = refusal(&["\x1b[2J"], &[]);
        assert!(hostile.contains(r"\u{1b}[2J"), "{hostile}");
    }

    #[test]
    fn a_typo_beside_a_right_pattern_is_told() {
        assert!(refusal(&["2.1", "5.5.2-pong-without-payloat"], &[]).contains("there is no case"));
    }
}
