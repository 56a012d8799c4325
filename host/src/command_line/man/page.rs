//! A man page of a command.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::after_help::{Item, Part, parts};
use crate::command_line::environment::variable;
use crate::options::document::Document;

const SOURCE: &str = concat!("ws-echo ", env!("CARGO_PKG_VERSION"));

/// An empty argument; a page without a date does not change with the day on which it is made. (An
/// empty text would not become an argument.)
const NO_DATE: &str = "\"\"";

/// How the paragraph on variables begins.
const ABOUT_VARIABLES: &str = "Every option can also be set by";

/// Returns the page of a command of the program. Both are built.
pub(super) fn page(command: &Command, program: &Command) -> Document {
    let man = Man::new(shown(command)).title(name(command).to_uppercase());
    let man = man.date(NO_DATE).source(SOURCE).manual("User Commands");
    let help = command.get_after_help().map(ToString::to_string);
    let help: Vec<_> = parts(help.as_deref().unwrap_or_default()).collect();
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = man.render_title(&mut text);
    let _ = man.render_name_section(&mut text);
    let _ = man.render_synopsis_section(&mut text);
    text.extend(description(command, &help).render().into_bytes());
    let _ = man.render_options_section(&mut text);
    if command.has_subcommands() {
        let _ = man.render_subcommands_section(&mut text);
    }
    text.extend(
        further_sections(command, program, &help)
            .render()
            .into_bytes(),
    );
    let text = String::from_utf8_lossy(&text);
    // Each part begins with the same definitions.
    let definitions = Roff::new().render();
    Document {
        name: man.get_filename(),
        text: definitions.clone() + &text.replace(&definitions, ""),
    }
}

/// The name of a command's page.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or(command.get_name())
}

/// The command with its usage and with the values of its options as its help has them.
fn shown(command: &Command) -> Command {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    let command = command.clone().override_usage(usage);
    let command = command.subcommand_help_heading("COMMANDS");
    command.mut_args(|option| {
        let values = option.get_possible_values();
        let values = values.iter().map(|value| value.get_name());
        let values = values.collect::<Vec<_>>().join(", ");
        let help = option.get_help().map(ToString::to_string);
        let help = help.unwrap_or_default();
        match values.is_empty() || !option.get_action().takes_values() {
            true => option,
            false => option
                .help(format!("{help} [possible values: {values}]"))
                .hide_possible_values(true),
        }
    })
}

fn description(command: &Command, help: &[Part]) -> Roff {
    let mut page = Roff::new();
    page.control("SH", ["DESCRIPTION"]);
    let about = command.get_about().map(ToString::to_string);
    let about = about.unwrap_or_default();
    page.text([roman(format!("{}.", about.trim_end_matches('.')))]);
    for part in help {
        if let Part::Paragraph(text) = part
            && !text.starts_with(ABOUT_VARIABLES)
        {
            page.control("PP", []).text([roman(*text)]);
        }
    }
    page
}

fn further_sections(command: &Command, program: &Command, help: &[Part]) -> Roff {
    let mut page = Roff::new();
    for part in help {
        if let Part::ExitStatus(text) = part {
            page.control("SH", ["EXIT STATUS"]).text([roman(*text)]);
        }
    }
    for part in help {
        match part {
            Part::Paragraph(text) if text.starts_with(ABOUT_VARIABLES) => {
                page.control("SH", ["ENVIRONMENT"]).text([roman(*text)]);
                verbatim(&mut page, &variables(command));
            }
            Part::List(title, items) => {
                page.control("SH", [&*title.to_uppercase()]);
                for (index, item) in items.iter().enumerate() {
                    match *title {
                        "Examples" => example(&mut page, item, index == 0),
                        _ => word(&mut page, item),
                    }
                }
            }
            _ => {}
        }
    }
    let others = [program].into_iter().chain(program.get_subcommands());
    let others = others.map(name).filter(|other| *other != name(command));
    let others: Vec<_> = others.map(|name| format!("{name}(1)")).collect();
    page.control("SH", ["SEE ALSO"])
        .text([roman(others.join(", "))]);
    page
}

/// The variables of a command's options, as lines.
fn variables(command: &Command) -> String {
    let options = command
        .get_arguments()
        .filter(|option| !option.is_hide_set());
    let lines = options.filter_map(|option| {
        let (variable, long) = (variable(command, option)?, option.get_long()?);
        Some(format!("{variable:<32} --{long}"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A command that is shown as it is typed, below what it does.
fn example(page: &mut Roff, item: &Item, is_first: bool) {
    if !is_first {
        page.control("PP", []);
    }
    let (first, rest) = item.meaning.split_at(item.meaning.len().min(1));
    page.text([roman(format!("{}{rest}:", first.to_uppercase()))]);
    // A line that goes on is indented.
    verbatim(page, &item.name.replace('\n', "\n    "));
}

/// Lines that are not joined.
fn verbatim(page: &mut Roff, lines: &str) {
    page.control("PP", [])
        .control("RS", ["4"])
        .control("nf", []);
    for line in lines.lines() {
        page.text([roman(line)]);
    }
    page.control("fi", []).control("RE", []);
}

/// A word with its meaning.
fn word(page: &mut Roff, item: &Item) {
    page.control("TP", []);
    page.text([bold(&*item.name)]);
    page.text([roman(&*item.meaning)]);
}
