//! `ws-echo completions` and `ws-echo man`: the texts that the command line has made are written.

use std::fs;
use std::io::{self, Write};

use crate::options::document::Documents;
use crate::platform;

/// Writes them. The error says what could not be written.
pub(crate) fn run(documents: &Documents) -> Result<(), String> {
    match documents {
        Documents::Stdout(document) => match print(&document.text) {
            // Whoever reads has seen enough.
            Err(error) if platform::is_closed_pipe(&error) => Ok(()),
            printed => printed.map_err(|error| format!("cannot write to stdout: {error}")),
        },
        Documents::Folder(folder, documents) => {
            let fault = |error| format!("--dir {}: {error}", folder.display());
            fs::create_dir_all(folder).map_err(fault)?;
            documents.iter().try_for_each(|document| {
                let path = folder.join(&document.name);
                let fault = |error| format!("{}: {error}", path.display());
                fs::write(&path, &document.text).map_err(fault)
            })
        }
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
