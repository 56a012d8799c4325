//! The options of `ws-echo completions`: for which shell. The script is made of the definitions of
//! all commands.

use clap::builder::ValueHint;
use clap::{Arg, Args, Command, ValueEnum};
use clap_complete::shells::{Bash, Fish, PowerShell, Zsh};
use clap_complete::{Generator, generate};

use crate::options::document::Document;

const PROGRAM: &str = "ws-echo";

pub(super) const AFTER_HELP: &str = "\
The script goes to stdout; it completes commands, options, files and values.
Each shell looks in a place of its own, whose folder may have to be made first.
Zsh needs fpath+=~/.zfunc in ~/.zshrc, before compinit; bash needs the package
bash-completion.

Examples:
  ws-echo completions bash > ~/.local/share/bash-completion/completions/ws-echo
                                       for bash
  ws-echo completions zsh > ~/.zfunc/_ws-echo
                                       for zsh
  ws-echo completions fish > ~/.config/fish/completions/ws-echo.fish
                                       for fish
  ws-echo completions powershell | Out-String | Invoke-Expression
                                       for PowerShell, a line of $PROFILE
  source <(ws-echo completions bash)   for this bash only";

#[derive(Args)]
pub(super) struct CompletionsArguments {
    /// The shell that the script is for
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

impl CompletionsArguments {
    /// The script that completes the commands of `program`.
    pub(super) fn into_document(self, program: &Command) -> Document {
        let program = &mut completed(program);
        match self.shell {
            Shell::Bash => {
                let mut script = script(Bash, program);
                script.text = with_one_name_of_each_command(&script.text);
                script
            }
            Shell::Zsh => script(Zsh, program),
            Shell::Fish => {
                let mut script = script(Fish, program);
                script.text = script.text.replace(FISH_WITHOUT_VALUE, FISH_WITH_VALUE);
                script.text.push_str(&words_for_fish(program));
                script
            }
            Shell::Powershell => script(PowerShell, program),
        }
    }
}

fn script(shell: impl Generator, program: &mut Command) -> Document {
    let name = shell.file_name(PROGRAM);
    let mut text = Vec::new();
    generate(shell, program, PROGRAM, &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    Document { name, text }
}

/// The generator writes `ws__echo__subcmd__chat` where it looks at a word, and
/// `ws__subcmd__echo__subcmd__chat` where it completes the next one: it means the hyphen of the
/// program's name to be one between commands. So no command would be completed.
fn with_one_name_of_each_command(script: &str) -> String {
    script.replace("ws__subcmd__echo", "ws__echo")
}

/// How the script for fish finds the command in the words before the cursor: not at all, if the
/// last one is an option without its value, as in `ws-echo --deflate f`.
const FISH_WITHOUT_VALUE: &str = "\
    argparse -s (__fish_ws_echo_global_optspecs) -- $cmd 2>/dev/null
    or return
";
/// The same with any value behind it.
const FISH_WITH_VALUE: &str = "\
    argparse -s (__fish_ws_echo_global_optspecs) -- $cmd 2>/dev/null
    or argparse -s (__fish_ws_echo_global_optspecs) -- $cmd value 2>/dev/null
    or return
";

/// The generator for fish leaves out arguments that are no options, and the commands that `help`
/// explains.
fn words_for_fish(program: &Command) -> String {
    let mut lines = String::new();
    for command in program.get_subcommands() {
        let values = command.get_positionals().flat_map(Arg::get_possible_values);
        let values = values.map(|value| value.get_name().to_owned());
        let commands = command.get_subcommands().map(|it| it.get_name().to_owned());
        let words: Vec<_> = values.chain(commands).collect();
        if !words.is_empty() {
            lines.push_str(&format!(
                "complete -c {PROGRAM} -n \"__fish_ws_echo_using_subcommand {}\" -f -a \"{}\"\n",
                command.get_name(),
                words.join(" ")
            ));
        }
    }
    lines
}

/// What is completed of a command and its subcommands: all but hidden options, which the generators
/// would show, and which cannot be taken away from a command.
fn completed(command: &Command) -> Command {
    let options = command
        .get_arguments()
        .filter(|option| !option.is_hide_set());
    let mut completed = Command::new(command.get_name().to_owned())
        .no_binary_name(true)
        .args(options.cloned().map(with_hint))
        .subcommands(command.get_subcommands().map(self::completed));
    if let Some(about) = command.get_about() {
        completed = completed.about(about.clone());
    }
    match command.get_version() {
        Some(_) => completed.version(env!("CARGO_PKG_VERSION")),
        None => completed,
    }
}

/// Says what an option's values are, so that files are offered only where files are meant.
fn with_hint(option: Arg) -> Arg {
    let names = option.get_value_names().unwrap_or_default();
    let hint = match names.first().map(|name| name.as_str()) {
        Some("FILE") => ValueHint::FilePath,
        Some("DIR") => ValueHint::DirPath,
        Some("URL") => ValueHint::Url,
        _ => ValueHint::Other,
    };
    match option.get_action().takes_values() {
        true => option.value_hint(hint),
        false => option,
    }
}

#[cfg(test)]
mod tests;
