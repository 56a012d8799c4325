//! The smoltcp example, as a program.

use std::path::PathBuf;
use std::process::Command;

use ws_echo_tests::server::{built, run};
use ws_echo_tests::{network, peers};

fn example() -> PathBuf {
    let options = ["--package=ws-echo-core", "--example=smoltcp"];
    built(&options, "examples/smoltcp")
}

#[test]
fn embedded_websocket_is_greeted_and_gets_its_echoes_over_loopback() {
    let (status, stdout, stderr) = run(&mut Command::new(example())).unwrap();
    let expected = [
        "client 0: connected",
        "# socket open",
        "< Welcome to Awesome Chat",
        "> hello",
        "< hello",
        "> h\u{e9}llo, w\u{f6}rld",
        "< h\u{e9}llo, w\u{f6}rld",
        "client 0: gone",
        "# socket closed",
    ];
    assert_eq!(stdout.lines().collect::<Vec<_>>(), expected);
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
}

/// The README's commands. `"$@"` is the client.
const ON_TAP: &str = r#"
    set -e
    example=$1; shift
    ip tuntap add name tap0 mode tap
    ip link set tap0 up
    ip addr add 192.168.69.100/24 dev tap0
    exec {log}< <(exec "$example" tap0)
    trap "kill $!" EXIT
    read -r line <&$log
    test "$line" = "listening on ws://192.168.69.1:3000"
    "$@"
"#;

#[test]
fn python_websockets_is_greeted_and_gets_its_echoes_on_a_tap_interface() {
    if !network::is_there("a TAP interface") {
        return;
    }
    let Some(client) = peers::python_websockets_command("ws://192.168.69.1:3000/") else {
        return;
    };
    peers::expect_ok(&mut network::command(ON_TAP, &example(), &client));
}
