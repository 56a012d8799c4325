//! The options of `ws-echo man`: of which command the page is, and where it goes. The pages are
//! made of the definitions and the help of all commands.

mod after_help;
mod page;

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Command};

use crate::options::document::Documents;

pub(super) const AFTER_HELP: &str = "\
Examples:
  ws-echo man | man -l -               read the page of the program
  ws-echo man chat | man -l -          read the page of a command
  ws-echo man --dir ~/.local/share/man/man1
                                       install the pages of all commands";

/// The argument for which the commands are the possible values.
const COMMAND: &str = "command";

#[derive(Args)]
pub(super) struct ManArguments {
    /// The command whose page is printed [default: the program's own page]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,

    /// Write the pages of all commands into this folder, a file for each
    #[arg(long, value_name = "DIR", conflicts_with = COMMAND)]
    dir: Option<PathBuf>,
}

/// Adds the names of all commands to the definition of this one.
pub(super) fn with_names_of_commands(program: Command) -> Command {
    let names = program.get_subcommands().map(|it| it.get_name().to_owned());
    let names = PossibleValuesParser::new(names.collect::<Vec<_>>());
    program.mut_subcommand("man", |man| {
        man.mut_arg(COMMAND, |command| command.value_parser(names))
    })
}

impl ManArguments {
    /// The pages that are asked for, of the commands of `program`.
    pub(super) fn into_documents(self, program: &Command) -> Documents {
        // `ws-echo help` has no page.
        let mut program = program.clone().disable_help_subcommand(true);
        program.build();
        if let Some(folder) = self.dir {
            let commands = program.get_subcommands().chain([&program]);
            let pages = commands.map(|command| page::page(command, &program));
            return Documents::Folder(folder, pages.collect());
        }
        let command = self.command.and_then(|name| program.find_subcommand(name));
        Documents::Stdout(page::page(command.unwrap_or(&program), &program))
    }
}

#[cfg(test)]
mod tests;
