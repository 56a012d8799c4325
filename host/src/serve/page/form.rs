//! The form of the test page, in HTML: a control for each parameter of the test path, with what it
//! does.

use std::fmt::{self, Write as _};

use super::words::{Word, words_of};
use crate::serve::behaviour::parse::parameter::{Group, Parameter};

/// The groups of parameters, each of which a person can open.
pub(crate) fn of(groups: &[Group]) -> String {
    let mut html = String::new();
    for group in groups {
        // Writing to a string does not fail.
        let _ = write_group(&mut html, group);
    }
    html
}

fn write_group(html: &mut String, group: &Group) -> fmt::Result {
    let title = escaped(&sentence_case(group.name));
    let names: Vec<_> = group.parameters.iter().map(|it| it.name).collect();
    let names = names.join(", ");
    writeln!(
        html,
        "<details>\n<summary>{title} <small data-names=\"{names}\">{names}</small></summary>\n\
         <fieldset>\n<legend class=\"spoken\">{title}</legend>"
    )?;
    for parameter in group.parameters {
        write_parameter(html, parameter)?;
    }
    writeln!(html, "</fieldset>\n</details>")
}

fn write_parameter(html: &mut String, parameter: &Parameter) -> fmt::Result {
    let name = parameter.name;
    writeln!(html, "<label for=\"set-{name}\">{name}</label>")?;
    write_control(html, parameter)?;
    let meaning = escaped(&sentence_case(parameter.meaning));
    write!(html, "<p id=\"about-{name}\">{meaning}.")?;
    if !parameter.example.is_empty() && words_of(name).is_empty() {
        write!(html, " Write {}.", escaped(parameter.form))?;
    }
    if let Some((needed, _)) = parameter.needs {
        write!(html, " Needs {needed}.")?;
    }
    writeln!(html, "</p>")
}

fn write_control(html: &mut String, parameter: &Parameter) -> fmt::Result {
    let Parameter { name, example, .. } = parameter;
    let attributes = format!("id=\"set-{name}\" name=\"{name}\" aria-describedby=\"about-{name}\"");
    let words = words_of(name);
    if !words.is_empty() {
        return write_words(html, &attributes, words);
    }
    if example.is_empty() {
        return writeln!(html, "<input type=\"checkbox\" {attributes}>");
    }
    let example = escaped(&example.replace('+', " "));
    let attributes = format!("{attributes} placeholder=\"{example}\"");
    if parameter.is_repeatable {
        return writeln!(
            html,
            "<textarea {attributes} rows=\"2\" data-lines></textarea>"
        );
    }
    match *name {
        "body" | "greeting" | "prefix" | "reason" => {
            writeln!(html, "<textarea {attributes} rows=\"1\"></textarea>")
        }
        _ => writeln!(html, "<input {attributes}>"),
    }
}

fn write_words(html: &mut String, attributes: &str, words: &[Word]) -> fmt::Result {
    write!(
        html,
        "<select {attributes}>\n<option value=\"\">not set</option>"
    )?;
    for (word, meaning) in words {
        write!(
            html,
            "\n<option value=\"{word}\">{word}: {meaning}</option>"
        )?;
    }
    writeln!(html, "\n</select>")
}

/// A text as it is written in HTML, also in an attribute.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('"', "&quot;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// A text that begins with a capital letter.
fn sentence_case(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::behaviour::Behaviour;
    use crate::serve::behaviour::parse::Bounds;
    use crate::serve::behaviour::parse::table::parameters;

    #[test]
    fn what_html_has_a_meaning_for_is_escaped() {
        assert_eq!(escaped("a<b>&\"c\"'"), "a&lt;b&gt;&amp;&quot;c&quot;'");
    }

    #[test]
    fn the_words_of_a_parameter_are_those_that_its_form_lists() {
        for parameter in parameters() {
            let words: Vec<_> = words_of(parameter.name).iter().map(|it| it.0).collect();
            let Some((last, others)) = words.split_last() else {
                continue;
            };
            let list = match others {
                [] => (*last).to_owned(),
                _ => format!("{} or {last}", others.join(", ")),
            };
            assert_eq!(list, parameter.form, "{}", parameter.name);
            for word in words {
                let needed = parameter.needs.map(|(_, example)| format!("{example}&"));
                let query = needed.unwrap_or_default() + parameter.name + "=" + word;
                let bounds = Bounds { max_push: 1 };
                assert!(Behaviour::parse(&query, &bounds).is_ok(), "{query}");
            }
        }
    }
}
