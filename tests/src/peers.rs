//! WebSocket clients that are programs of their own. Each runs its sessions with the server at a
//! URL, which greets and echoes.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::programs::{BUN, CHROMIUM, NODE, PYTHON, is_there};
use crate::server::run;

/// A file of the folder `peers`.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("peers")
        .join(name)
}

/// The compression that python `websockets` can offer: kept windows and fresh ones, of 15 and of 9
/// bits.
pub const OFFERS: [&str; 4] = ["kept", "fresh", "9-bits", "9-bits-fresh"];

/// Runs the sessions of python `websockets`, if it is installed.
///
/// # Panics
///
/// If an answer is wrong.
pub fn python_websockets(url: &str) {
    if let Some(mut command) = python_websockets_command(url) {
        expect_ok(&mut command);
    }
}

/// The command that runs the sessions of python `websockets`, if it is installed.
pub fn python_websockets_command(url: &str) -> Option<Command> {
    python_command("websockets_client.py", &[url])
}

/// The same with compression: one of the [`OFFERS`], which the server must accept.
pub fn python_websockets_with(url: &str, offer: &str) -> Option<Command> {
    python_command("websockets_client.py", &[url, offer])
}

/// The command that runs a file of the folder `peers` with a Python that has `websockets`, if it is
/// installed.
pub fn python_command(name: &str, arguments: &[impl AsRef<OsStr>]) -> Option<Command> {
    python_command_with("websockets.asyncio.client", name, arguments)
}

/// The same with a Python that has another module.
pub fn python_command_with(
    module: &str,
    name: &str,
    arguments: &[impl AsRef<OsStr>],
) -> Option<Command> {
    let package = module.split('.').next().unwrap_or(module);
    let remedy = format!("pip install {package}, or WS_ECHO_PYTHON=PATH");
    let mut probe = PYTHON.command();
    probe.args(["-c", &format!("import {module}")]);
    is_there(&format!("Python's {package}"), &remedy, &mut probe).then(|| {
        let mut command = PYTHON.command();
        // A server with small buffers sends a long message in many fragments.
        command.env("WEBSOCKETS_MAX_FRAGMENTS", "1000000");
        command.arg(file(name)).args(arguments);
        command
    })
}

/// The command that starts an echo server by aiohttp, which compresses, if it is installed.
pub fn aiohttp_server() -> Option<Command> {
    python_command_with("aiohttp", "aiohttp_server.py", &["127.0.0.1", "0"])
}

/// Runs the sessions of Node's `ws`, if it is installed.
///
/// # Panics
///
/// If an answer is wrong.
pub fn ws_of_node(url: &str) {
    if let Some(mut command) = node_command("ws_client.cjs") {
        expect_ok(command.arg(url));
    }
}

/// The command that runs a file of the folder `peers` with a Node that has `ws`, if it is
/// installed.
pub fn node_command(name: &str) -> Option<Command> {
    node_command_with("ws", name)
}

/// The same with a Node that has another package.
pub fn node_command_with(package: &str, name: &str) -> Option<Command> {
    has_node_package(package).then(|| {
        let mut command = node();
        command.arg(file(name));
        command
    })
}

/// How Bun's server may compress: its option `perMessageDeflate`, in JSON.
pub const BUN_OPTIONS: [&str; 2] = [
    "true",
    r#"{"compress": "dedicated", "decompress": "dedicated"}"#,
];

/// The command that runs a file of the folder `peers` with Bun, if it is installed.
pub fn bun_command(name: &str) -> Option<Command> {
    BUN.is_there(&["--version"]).then(|| {
        let mut command = BUN.command();
        command.arg(file(name));
        command
    })
}

/// Runs the sessions of a person who opens the page of the server `binary` in Chromium, if Chromium
/// and `playwright-core`, which drives it, are installed. Pictures of the page go into `folder`.
///
/// # Panics
///
/// If the page is wrong.
pub fn page_in_chromium(binary: &Path, folder: &Path) {
    if let Some(mut command) = chromium_command("page.cjs") {
        expect_ok(command.arg(binary).arg(folder));
    }
}

/// Runs the sessions of a person who opens the page of the test path in Chromium, with the same
/// conditions.
///
/// # Panics
///
/// If the page is wrong.
pub fn test_page_in_chromium(binary: &Path, folder: &Path) {
    if let Some(mut command) = chromium_command("test_page.cjs") {
        expect_ok(command.arg(binary).arg(folder));
    }
}

/// The command that runs a file of the folder `peers` with Node, with Chromium as its first
/// argument, if both Chromium and `playwright-core` are installed.
pub fn chromium_command(name: &str) -> Option<Command> {
    let is_there = CHROMIUM.is_there(&["--version"]) && has_node_package("playwright-core");
    is_there.then(|| {
        let mut command = node();
        command.arg(file(name)).arg(CHROMIUM.path());
        command
    })
}

/// Whether Node finds a package. If not, the test has been skipped.
fn has_node_package(name: &str) -> bool {
    let remedy = format!("npm install {name}, and WS_ECHO_NODE_MODULES=PATH/node_modules");
    let mut probe = node();
    probe.args(["-e", &format!("require('{name}')")]);
    is_there(&format!("Node's {name}"), &remedy, &mut probe)
}

fn node() -> Command {
    let mut command = NODE.command();
    if let Some(modules) = env::var_os("WS_ECHO_NODE_MODULES") {
        command.env("NODE_PATH", modules);
    }
    command
}

/// Runs a peer. Its last line is `ok` if everything was right. Returns what it printed.
///
/// # Panics
///
/// If it was not.
pub fn expect_ok(command: &mut Command) -> String {
    let (status, stdout, stderr) = run(command).expect("the peer can be started");
    let is_ok = status.success() && stdout.lines().last() == Some("ok");
    assert!(is_ok, "{command:?}: {status}\n{stdout}\n{stderr}");
    stdout
}
