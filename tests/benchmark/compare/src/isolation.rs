//! The environment of all programs: as many files as a process may have open, and, as root, a
//! network of its own.

use std::env;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

/// Set for the program after it has been started again.
const ENTERED: &str = "WS_ECHO_COMPARE_ENTERED";
const CONGESTION_CONTROL: &str = "/proc/sys/net/ipv4/tcp_congestion_control";
/// With these, loopback is not paced.
const UNPACED: [&str; 2] = ["reno", "cubic"];

const RAISE_FILE_LIMIT: &str = "ulimit -n $(ulimit -Hn)";
/// The system gives clients every second port as long as possible, and then searches for long. Here
/// it has enough ports for tens of thousands, above those of the servers.
const PREPARE_NETWORK: &str = "ip link set lo up && cd /proc/sys/net/ipv4 \
     && echo reno >tcp_congestion_control && echo 10000 65535 >ip_local_port_range";

/// Starts this program again with many files, and with a network without pacing if possible.
///
/// # Errors
///
/// If it cannot be started.
pub(crate) fn enter() -> anyhow::Result<()> {
    if env::var_os(ENTERED).is_some() {
        return Ok(());
    }
    let is_unpaced = UNPACED.contains(&congestion_control().as_str());
    let mut command = if !is_unpaced && may_have_network() {
        let mut command = Command::new("unshare");
        let script = format!("({PREPARE_NETWORK}) && {RAISE_FILE_LIMIT} && exec \"$0\" \"$@\"");
        command.args(["--net", "sh", "-c", &script]);
        command
    } else {
        let mut command = Command::new("sh");
        let script = format!("{RAISE_FILE_LIMIT} && exec \"$0\" \"$@\"");
        command.args(["-c", &script]);
        command
    };
    let error = command
        .arg(env::current_exe()?)
        .args(env::args_os().skip(1))
        .env(ENTERED, "1")
        .exec();
    Err(error).context("cannot start this program again")
}

/// The congestion control of this network.
pub(crate) fn congestion_control() -> String {
    let name = fs::read_to_string(Path::new(CONGESTION_CONTROL)).unwrap_or_default();
    name.trim().to_owned()
}

fn may_have_network() -> bool {
    let script = format!("({PREPARE_NETWORK}) 2>/dev/null");
    let status = Command::new("unshare")
        .args(["--net", "sh", "-c", &script])
        .stderr(std::process::Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}
