//! Options from the environment: `--close-timeout` is `WS_ECHO_CLOSE_TIMEOUT`, and so on.
//!
//! Variables become arguments, for those options that the command line leaves open. So one parser
//! with one set of rules reads both. An empty variable counts as unset. clap's own `env` is not
//! used: it reads only the process's environment, which a test cannot set safely, lets a variable
//! conflict with a flag, and does not name a wrong variable.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command, Error, parser::ValueSource};

const PREFIX: &str = "WS_ECHO_";

/// Returns the arguments that the environment adds to those `given` to `command`, checked.
///
/// # Errors
///
/// A variable that is wrong, or two that exclude each other; the error names them.
pub(super) fn arguments(
    command: &Command,
    given: &ArgMatches,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Vec<OsString>, Error> {
    let mut arguments = Vec::new();
    for option in command.get_arguments() {
        let Some(variable) = variable(option) else {
            continue;
        };
        if is_decided(command, given, option) {
            continue;
        }
        let value = environment(&variable).unwrap_or_default();
        let added = read(option, &value).map_err(|advice| {
            let value = value.display();
            let message = format!("invalid value '{value}' for '{variable}': {advice}");
            command.clone().error(ErrorKind::ValueValidation, message)
        })?;
        arguments.extend(added);
    }
    // Arguments without a variable are checked later, with the command line.
    let optional = command
        .clone()
        .mut_args(|argument| argument.required(false));
    match optional.try_get_matches_from(&arguments) {
        Ok(_) => Ok(arguments),
        Err(error) => Err(with_variables(error, command)),
    }
}

/// Returns the variable of an option; `None` if the option is not a setting, such as `--help`.
fn variable(option: &Arg) -> Option<String> {
    if matches!(option.get_action(), ArgAction::Help | ArgAction::Version) {
        return None;
    }
    let name = option.get_long()?.replace('-', "_").to_uppercase();
    Some(format!("{PREFIX}{name}"))
}

/// Returns whether the command line has this option, or one that excludes it.
fn is_decided(command: &Command, given: &ArgMatches, option: &Arg) -> bool {
    let is_given = |option: &Arg| {
        given.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    let mut excluding = command.get_arg_conflicts_with(option).into_iter();
    is_given(option) || excluding.any(is_given)
}

/// Returns the arguments of a variable's value; the error says what to write instead.
fn read(option: &Arg, value: &OsStr) -> Result<Vec<OsString>, &'static str> {
    let Some(value) = value.to_str() else {
        return Err("write valid UTF-8");
    };
    if value.is_empty() {
        return Ok(Vec::new());
    }
    let flag = format!("--{}", option.get_long().unwrap_or_default());
    let with_value = |value: &str| OsString::from(format!("{flag}={value}"));
    match option.get_action() {
        ArgAction::Append => {
            let items = value.split(',').map(str::trim);
            let items = items.filter(|item| !item.is_empty());
            Ok(items.map(with_value).collect())
        }
        ArgAction::SetTrue => match value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(vec![flag.into()]),
            "false" | "no" | "off" | "0" => Ok(Vec::new()),
            _ => Err("write true or false"),
        },
        _ => Ok(vec![with_value(value)]),
    }
}

/// Replaces the options in an error by the variables that set them.
fn with_variables(mut error: Error, command: &Command) -> Error {
    for kind in [ContextKind::InvalidArg, ContextKind::PriorArg] {
        let Some(ContextValue::String(shown)) = error.get(kind) else {
            continue;
        };
        let mut options = command.get_arguments();
        let option = options.find(|option| option.to_string() == *shown);
        if let Some(variable) = option.and_then(variable) {
            error.insert(kind, ContextValue::String(variable));
        }
    }
    error
}
