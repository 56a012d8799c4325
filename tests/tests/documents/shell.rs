//! An interactive shell in a pseudo-terminal.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use ws_echo_tests::log::Log;

/// Ends the line that was typed.
const ENTER: &str = "\r";

pub(crate) struct Shell {
    child: Child,
    keyboard: File,
    output: Log,
}

impl Shell {
    /// Starts a shell in this folder, and runs these commands in it.
    pub(crate) fn start(command: &mut Command, folder: &Path, commands: &[&str]) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = rustix::fs::open(name, flags, Mode::empty()).unwrap();
        let stdio = || Stdio::from(terminal.try_clone().unwrap());
        command.stdin(stdio()).stdout(stdio()).stderr(stdio());
        command.env("TERM", "dumb").env("HOME", folder);
        let child = command.current_dir(folder).spawn().unwrap();
        let keyboard = File::from(keyboard);
        let output = Log::default();
        output.read(keyboard.try_clone().unwrap());
        let mut shell = Self {
            child,
            keyboard,
            output,
        };
        for command in commands {
            shell.keys(command);
            shell.keys(ENTER);
        }
        // The command itself is echoed too, with its quotation marks.
        shell.keys("echo re'a'dy");
        shell.keys(ENTER);
        shell.output.wait_for("ready");
        shell
    }

    fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Types the beginning of a line, then the key for completions, runs what is there, and waits
    /// until this is printed.
    pub(crate) fn completes(&mut self, typed: &str, printed: &str) {
        self.keys(typed);
        self.keys("\t");
        self.keys(ENTER);
        self.output.wait_for(printed);
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
