//! Which parameters mean nothing together, or nothing without another.

use super::mistake::Mistake;
use super::parameter::Parameter;
use crate::serve::behaviour::{After, Behaviour, Greeting};

/// What a request may have beside `status`: it is refused, so nothing follows the response.
const BESIDE_STATUS: [&str; 7] = [
    "status",
    "retry-after",
    "body",
    "location",
    "header",
    "handshake-delay",
    "cut",
];

/// Checks the parameters that were given, and the behaviour that they made.
pub(super) fn check(given: &[&Parameter], behaviour: &Behaviour) -> Result<(), Mistake> {
    let rules = [refused, without_needed, greeted, ended, pushed];
    match rules.iter().find_map(|rule| rule(given, behaviour)) {
        Some(sentence) => Err(Mistake::combination(sentence)),
        None => Ok(()),
    }
}

fn has(given: &[&Parameter], name: &str) -> bool {
    given.iter().any(|parameter| parameter.name == name)
}

fn refused(given: &[&Parameter], _: &Behaviour) -> Option<String> {
    if !has(given, "status") {
        return None;
    }
    let is_beside = |parameter: &&&Parameter| BESIDE_STATUS.contains(&parameter.name);
    let name = given.iter().find(|parameter| !is_beside(parameter))?.name;
    let [_, allowed @ .., last] = BESIDE_STATUS;
    let allowed = allowed.join(", ");
    Some(format!(
        "'{name}' means nothing beside 'status', because the request is refused: \
         write only {allowed} and {last} beside it"
    ))
}

fn without_needed(given: &[&Parameter], _: &Behaviour) -> Option<String> {
    let mut missing = given.iter().filter_map(|parameter| {
        let (needed, example) = parameter.needs?;
        (!has(given, needed)).then_some((parameter, needed, example))
    });
    let (parameter, needed, example) = missing.next()?;
    let name = parameter.name;
    let written = parameter.written();
    Some(format!(
        "'{name}' means nothing without '{needed}': write both, such as {example}&{written}"
    ))
}

fn greeted(given: &[&Parameter], behaviour: &Behaviour) -> Option<String> {
    let has_none = behaviour.greeting.greeting == Greeting::None;
    match (has(given, "glued"), has(given, "separate")) {
        (true, true) => Some("'glued' and 'separate' exclude each other: write one of them".into()),
        (false, false) => None,
        (is_glued, _) if has_none => {
            let name = if is_glued { "glued" } else { "separate" };
            Some(format!(
                "'{name}' means nothing with 'greeting=none': write one of them"
            ))
        }
        _ => None,
    }
}

fn ended(given: &[&Parameter], behaviour: &Behaviour) -> Option<String> {
    if !has(given, "after") {
        return None;
    }
    let end = &behaviour.end;
    let has_end = end.close.is_some() || end.transport.is_some() || behaviour.violation.is_some();
    if !has_end {
        let advice = "write one of them too, such as close=1011&after=3";
        let exception = match behaviour.handshake.has_wrong_accept {
            true => " (a wrong accept value is part of the handshake)",
            false => "",
        };
        return Some(format!(
            "'after' means nothing without 'close', 'end' or 'violate'{exception}: {advice}"
        ));
    }
    let After::Messages(awaited) = behaviour.after else {
        return None;
    };
    let received = behaviour.messages.pause_reading_after?;
    (awaited > received).then(|| {
        format!(
            "'after={awaited}' never comes with 'pause-reading=after:{received}': \
             write after={received} or less, or a time, such as after=10s"
        )
    })
}

fn pushed(_: &[&Parameter], behaviour: &Behaviour) -> Option<String> {
    let unasked = &behaviour.unasked;
    let last_len = unasked.push.to_string().len();
    (unasked.push > 0 && unasked.push_len < last_len).then(|| {
        format!(
            "'size={}' is too short for the number {}: write size={last_len} or more",
            unasked.push_len, unasked.push
        )
    })
}
