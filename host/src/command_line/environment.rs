//! Options from the environment: `--close-timeout` of the server is `WS_ECHO_CLOSE_TIMEOUT`,
//! `--timeout` of `chat` is `WS_ECHO_CHAT_TIMEOUT`, and so on.
//!
//! Variables become arguments, for those options that the command line leaves open. So one parser
//! with one set of rules reads both. An empty variable counts as unset. clap's own `env` is not
//! used: it reads only the process's environment, which a test cannot set safely, lets a variable
//! conflict with a flag, and does not name a wrong variable.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command, Error, parser::ValueSource};

use super::secret::without_secret;
use crate::escape::Excerpt;
use crate::memory_limit::memory_limit;

/// How the names of all variables begin.
pub(super) const PREFIX: &str = "WS_ECHO_";

/// The variables that are set to something, and what else of the process's surroundings decides.
#[derive(Default)]
pub(super) struct Environment {
    pub(super) variables: Vec<(OsString, OsString)>,
    /// The memory that the process may use together with others, in bytes; `None` for no limit.
    pub(super) memory_limit: Option<u64>,
}

impl Environment {
    pub(super) fn of_process() -> Self {
        Self {
            memory_limit: memory_limit(),
            ..std::env::vars_os().collect()
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        let is_it = |other: &OsStr| match cfg!(windows) {
            true => other.eq_ignore_ascii_case(name),
            false => other == name,
        };
        let variable = self.variables.iter().find(|(other, _)| is_it(other));
        variable.map(|(_, value)| &**value)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.variables.iter();
        names.filter_map(|(name, _)| name.to_str())
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter();
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let is_set = |(name, value): &(OsString, OsString)| {
            !value.is_empty() && !is_of_a_service(&name.to_string_lossy(), &value.to_string_lossy())
        };
        Self {
            variables: variables.filter(is_set).collect(),
            memory_limit: None,
        }
    }
}

/// Returns whether Kubernetes has set this variable, for a service whose name may be `ws-echo` too:
/// `WS_ECHO_PORT=tcp://10.0.0.1:3000`, `WS_ECHO_SERVICE_HOST`, `WS_ECHO_SERVICE_PORT_HTTP`,
/// `WS_ECHO_PORT_3000_TCP_ADDR` and so on. None of our names has these parts.
fn is_of_a_service(name: &str, value: &str) -> bool {
    let has_port_number = name
        .split("_PORT_")
        .skip(1)
        .any(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    let is_url = name.ends_with("_PORT") && value.contains("://");
    let is_service = name.contains("_SERVICE_HOST") || name.contains("_SERVICE_PORT");
    is_service || has_port_number || is_url
}

/// Returns the arguments that the environment adds to those `given` to `command`, checked.
///
/// # Errors
///
/// A variable that is wrong, or two that exclude each other; the error names them.
pub(super) fn arguments(
    command: &Command,
    given: &ArgMatches,
    environment: &Environment,
) -> Result<Vec<OsString>, Error> {
    let mut arguments = Vec::new();
    for option in command.get_arguments() {
        let Some(variable) = variable(command, option) else {
            continue;
        };
        if is_decided(command, given, option) {
            continue;
        }
        let Some(value) = environment.get(&variable) else {
            continue;
        };
        let added = read(option, value).map_err(|advice| {
            let value = without_secret(&variable, &value.to_string_lossy());
            let value = Excerpt::new(&value);
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

/// Returns the variable of a command's option; `None` if the option is not a setting, such as
/// `--help`, or the command has no variables. The server's are without the command's name, because
/// that may be left out.
pub(super) fn variable(command: &Command, option: &Arg) -> Option<String> {
    if matches!(option.get_action(), ArgAction::Help | ArgAction::Version) {
        return None;
    }
    let client = match command.get_name() {
        client @ ("bench" | "chat" | "check" | "healthcheck" | "replay") => format!("{client}_"),
        "completions" | "man" => return None,
        _ => String::new(),
    };
    let name = format!("{client}{}", option.get_long()?).replace('-', "_");
    Some(format!("{PREFIX}{}", name.to_uppercase()))
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
        if let Some(variable) = option.and_then(|option| variable(command, option)) {
            error.insert(kind, ContextValue::String(variable));
        }
    }
    error
}
