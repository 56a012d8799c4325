//! The smoltcp examples, as programs.

use std::process::Command;

use ws_echo_tests::core_examples::{TAP, TAP_URL, example, serve_on_tap};
use ws_echo_tests::server::{binary, run};
use ws_echo_tests::{network, peers};

#[test]
fn the_client_is_greeted_and_gets_its_echoes_over_loopback() {
    let (status, stdout, stderr) = run(&mut Command::new(example("smoltcp"))).unwrap();
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

/// Runs a client of the server.
fn talk_to_the_server(client: &Command) {
    peers::expect_ok(&mut serve_on_tap(&example("smoltcp"), client));
}

#[test]
fn python_websockets_is_greeted_and_gets_its_echoes_on_a_tap_interface() {
    if !network::is_there() {
        return;
    }
    if let Some(client) = peers::python_websockets_command(TAP_URL) {
        talk_to_the_server(&client);
    }
}

#[test]
fn python_websockets_gets_back_what_it_has_compressed_on_a_tap_interface() {
    if !network::is_there() {
        return;
    }
    if let Some(client) = peers::python_websockets_with(TAP_URL, "kept") {
        talk_to_the_server(&client);
    }
}

/// `"$@"` is the server.
const TALK_ON_TAP: &str = r#"
    exec {log}< <(exec "$@")
    trap "kill $!" EXIT
    read -r line <&$log
    test "$line" = "listening on ws://192.168.69.100:3000"
    "$example" tap0 192.168.69.100:3000 hello "" "$LONG"
"#;

/// Longer than all buffers of the client, with characters that a terminal must not obey.
fn long() -> String {
    "h\u{e9}llo \u{6c34} \u{1b}[2J".repeat(2000)
}

/// The client's exit status and the lines that it printed. Returns `None` if there cannot be a TAP
/// interface.
fn talk(server: &Command) -> Option<(Option<i32>, String)> {
    if !network::is_there() {
        return None;
    }
    let script = [TAP, TALK_ON_TAP].concat();
    let mut command = network::command(&script, &example("smoltcp-client"), server);
    let (status, stdout, stderr) = run(command.env("LONG", long())).unwrap();
    println!("{stderr}");
    Some((status.code(), stdout))
}

/// The lines that are shown when everything comes back.
fn echoes() -> String {
    let escaped = long().replace('\u{1b}', "\\u{1b}");
    let texts = ["hello", "", &escaped];
    texts.map(|text| format!("> {text}\n< {text}\n")).concat()
}

fn ws_echo() -> Command {
    let mut server = Command::new(binary());
    server.args(["--listen", "192.168.69.100:3000"]);
    server
}

#[test]
fn the_client_gets_greeting_and_echoes_from_ws_echo_on_a_tap_interface() {
    let Some(outcome) = talk(&ws_echo()) else {
        return;
    };
    let greeting = "# socket open\n< Welcome to Awesome Chat\n";
    let expected = [greeting, &echoes(), "# socket closed\n"].concat();
    assert_eq!(outcome, (Some(0), expected));
}

#[test]
fn the_client_gets_its_echoes_from_python_websockets_on_a_tap_interface() {
    let arguments = ["192.168.69.100", "3000"];
    let Some(server) = peers::python_command("websockets_server.py", &arguments) else {
        return;
    };
    let Some(outcome) = talk(&server) else {
        return;
    };
    let expected = ["# socket open\n", &echoes(), "# socket closed\n"].concat();
    assert_eq!(outcome, (Some(0), expected));
}

#[test]
fn the_client_reports_a_refusal_and_fails() {
    let Some(outcome) = talk(ws_echo().args(["--path", "/elsewhere"])) else {
        return;
    };
    let expected = "# refused: status is 404\n# socket closed\n";
    assert_eq!(outcome, (Some(1), expected.into()));
}

/// `"$@"` is the server, which is stopped while much is left to be sent.
const STOP_ON_TAP: &str = r#"
    exec {log}< <(exec "$@")
    server=$!
    read -r line <&$log
    exec {shown}< <(exec "$example" tap0 192.168.69.100:3000 $(seq 10000))
    read -r line <&$shown
    kill -TERM $server
    grep closed <&$shown
"#;

#[test]
fn a_close_without_a_reason_is_shown_as_its_code_alone() {
    if !network::is_there() {
        return;
    }
    let script = [TAP, STOP_ON_TAP].concat();
    let mut command = network::command(&script, &example("smoltcp-client"), &ws_echo());
    let (_, stdout, stderr) = run(&mut command).unwrap();
    assert_eq!(stdout, "# closed with 1001\n# socket closed\n", "{stderr}");
}

const CLIENT_S_ARGUMENTS: [&str; 2] = ["tap0", "192.168.69.100:3000"];

#[test]
fn an_interface_that_is_down_is_an_error_that_says_what_to_do() {
    if !network::is_there() {
        return;
    }
    let down = TAP.replace("ip link set tap0 up", "");
    for (name, arguments) in [
        ("smoltcp", &CLIENT_S_ARGUMENTS[..1]),
        ("smoltcp-client", &CLIENT_S_ARGUMENTS),
    ] {
        let script = format!("{down}\n\"$example\" {}", arguments.join(" "));
        let mut command = network::command(&script, &example(name), &Command::new("none"));
        let (status, _, stderr) = run(&mut command).unwrap();
        assert_eq!(status.code(), Some(1), "{stderr}");
        assert!(
            stderr.contains("tap0 is down: ip link set tap0 up"),
            "{stderr}"
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_missing_interface_is_an_error_that_says_what_to_do() {
    let mut client = Command::new(example("smoltcp-client"));
    let (status, _, stderr) = run(client.args(["nowhere0", CLIENT_S_ARGUMENTS[1]])).unwrap();
    let expected = "nowhere0 is not there: ip tuntap add name nowhere0 mode tap user $USER\n";
    assert_eq!((status.code(), stderr.as_str()), (Some(1), expected));
}

#[test]
#[cfg(unix)]
fn missing_arguments_and_arguments_that_are_not_text_are_rejected() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    for arguments in [
        &[][..],
        &["tap0".as_ref()],
        &[
            "tap0".as_ref(),
            "192.168.69.100:3000".as_ref(),
            OsStr::from_bytes(b"\xff"),
        ],
    ] {
        let mut client = Command::new(example("smoltcp-client"));
        let (status, _, stderr) = run(client.args(arguments)).unwrap();
        assert_eq!(status.code(), Some(2), "{stderr}");
        assert!(stderr.starts_with("usage: smoltcp-client "), "{stderr}");
    }
}
