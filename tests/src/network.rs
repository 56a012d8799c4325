//! A network for a test: a Linux namespace with a TAP interface for a program that brings its own
//! TCP.

use std::path::Path;
use std::process::Command;

use crate::programs;

/// What a test misses that cannot have a network of its own.
pub const NAMESPACE: &str = "a network of one's own";

/// How to get it.
pub const NAMESPACE_REMEDY: &str =
    "apt install util-linux iproute2, and permission to make user and network namespaces";

/// Shows the interfaces of the namespace in place of the machine's.
const SHOW_INTERFACES: &str = "mount -t sysfs sysfs /sys";

/// Whether such a network can be made. If not, the test has been skipped.
pub fn is_there() -> bool {
    let mut probe = namespace();
    let script = format!("{SHOW_INTERFACES} && ip tuntap add name tap0 mode tap");
    probe.args(["bash", "-c", &script]);
    programs::is_there(NAMESPACE, NAMESPACE_REMEDY, &mut probe)
}

/// The command that runs a bash script in the network, with the program as `$1` and the command of
/// its peer after it. Nothing in the network outlives the script.
pub fn command(script: &str, program: &Path, peer: &Command) -> Command {
    let mut command = namespace();
    let script = format!("{SHOW_INTERFACES}\n{script}");
    command.args(["bash", "-c", &script, "bash"]).arg(program);
    command.arg(peer.get_program()).args(peer.get_args());
    let variables = peer.get_envs();
    command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    command
}

fn namespace() -> Command {
    let mut command = Command::new("unshare");
    command.args([
        "--net",
        "--mount",
        "--map-root-user",
        "--pid",
        "--fork",
        "--kill-child",
    ]);
    command
}
