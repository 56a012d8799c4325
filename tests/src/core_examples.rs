//! The core's examples as programs: how they are built, and how they run on a TAP interface.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::network;
use crate::server::built;

/// The start of a bash script that makes the interface of `core/docs/smoltcp.md` and
/// `core/docs/servers.md`. `$example` is the program, `"$@"` its peer.
pub const TAP: &str = "
    set -e
    example=$1; shift
    ip tuntap add name tap0 mode tap
    ip link set tap0 up
    ip addr add 192.168.69.100/24 dev tap0
";

/// The URL of a server that runs there.
pub const TAP_URL: &str = "ws://192.168.69.1:3000/";

const SERVE_ON_TAP: &str = r#"
    exec {log}< <(exec "$example" tap0)
    trap "kill $!" EXIT
    read -r line <&$log
    test "$line" = "listening on ws://192.168.69.1:3000"
    "$@"
"#;

/// An example of the core's package.
pub fn example(name: &str) -> PathBuf {
    let options = ["--package=ws-echo-core", &format!("--example={name}")];
    built(&options, &format!("examples/{name}"))
}

/// The command that runs a server on the interface, and a client of it to its end.
pub fn serve_on_tap(server: &Path, client: &Command) -> Command {
    network::command(&[TAP, SERVE_ON_TAP].concat(), server, client)
}
