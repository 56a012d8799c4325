//! Host names for a test: a program that sees an `/etc` of its own, in a Linux namespace.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use crate::foreign::{self, Need};
use crate::programs::{self, PYTHON};

/// What a test misses that cannot have names of its own, and how to get it.
const NAMES: &str = "host names of one's own";
const REMEDY: &str = "apt install util-linux iproute2 python3, and permission to make user, mount \
                      and network namespaces";

/// Shows the folder `$0` as `/etc` to the program.
const IN_FILES: &str = "mount --bind \"$0\" /etc && exec \"$@\"";
/// The same, in a network of its own. Its name server is a socket that the program inherits and
/// does not know.
const BY_SILENT_SERVER: &str = "mount --bind \"$0\" /etc && ip link set lo up && exec \"$PYTHON\" \
    -c 'import os, socket, sys\n\
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
        silent.bind((\"127.0.0.1\", 53))\n\
        silent.set_inheritable(True)\n\
        os.execvp(sys.argv[1], sys.argv[1:])' \"$@\"";

/// Names that some programs know, while it exists.
#[derive(Debug)]
pub struct Names {
    folder: PathBuf,
    options: &'static [&'static str],
    script: &'static str,
}

impl Names {
    /// Names that are in a file, none at first. `None` if that cannot be: then the test has been
    /// skipped.
    pub fn in_file() -> Option<Self> {
        let files = [
            ("hosts", ""),
            ("nsswitch.conf", "hosts: files\n"),
            // All addresses of a name count.
            ("host.conf", "multi on\n"),
        ];
        Self::new(&[], IN_FILES, &files)
    }

    /// Names that only a name server knows, and it does not answer. `None` as above.
    pub fn of_silent_server() -> Option<Self> {
        let files = [
            ("nsswitch.conf", "hosts: dns\n"),
            (
                "resolv.conf",
                "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n",
            ),
        ];
        Self::new(&["--net"], BY_SILENT_SERVER, &files)
    }

    fn new(
        options: &'static [&'static str],
        script: &'static str,
        files: &[(&str, &str)],
    ) -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);

        if !foreign::has(Need::Names) {
            return None;
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = format!("ws-echo-names-{}-{number}", process::id());
        let names = Self {
            folder: env::temp_dir().join(folder),
            options,
            script,
        };
        fs::create_dir_all(&names.folder).expect("a temporary folder");
        for (name, content) in files {
            names.write(name, content);
        }
        let mut probe = names.command(&Command::new("true"));
        programs::is_there(NAMES, REMEDY, &mut probe).then_some(names)
    }

    /// Replaces the names by those of the lines of `/etc/hosts`.
    pub fn set(&self, hosts: &str) {
        self.write("hosts", hosts);
    }

    /// A reader sees the file as it was before or as it is after.
    fn write(&self, name: &str, content: &str) {
        let new = self.folder.join("new");
        fs::write(&new, content).expect("a temporary file");
        fs::rename(&new, self.folder.join(name)).expect("it was written");
    }

    /// The command that runs a program which knows these names. It is the same process.
    pub fn command(&self, program: &Command) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount"]);
        command.args(self.options);
        command.args(["sh", "-c", self.script]).arg(&self.folder);
        command.arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("PYTHON", PYTHON.path());
        command
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
