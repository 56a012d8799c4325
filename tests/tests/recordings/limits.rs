//! How many recordings there are, how long they become, and what happens where none can be made.

use std::fs;

use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{command, run};
use ws_echo_tests::wire::{BINARY, TEXT, masked, masked_close};

use super::{ended, files, folder, in_short, lines, recording_server};

/// A client that is served.
fn echo(client: &mut Client) {
    client.send(masked(TEXT, "hello"));
    assert_eq!(client.receive_frame().expect("an echo").payload, b"hello");
}

#[test]
fn a_thousand_connections_make_ten_recordings_if_ten_are_allowed() {
    let folder = folder("files");
    let limits = ["--record-max-files=10", "--no-welcome"];
    let mut server = recording_server(&folder, &limits);
    for _ in 0..10 {
        let mut clients: Vec<_> = (0..100).map(|_| Client::open(server.address)).collect();
        clients.iter_mut().for_each(echo);
        for client in &mut clients {
            client.send(masked_close(1000, ""));
            while client.receive_frame().is_some() {}
        }
    }
    let recordings = ended(&folder, 10);
    assert_eq!(recordings.len(), 10);
    let said = "no more connections are recorded: 10 recordings made (--record-max-files)";
    server.logged(said);
    server.ask_to_stop();
    assert!(server.wait().success());
    server.logged("] stopped");
    assert_eq!(server.log().matches("--record-max-files)").count(), 2);
}

#[test]
fn a_recording_ends_at_its_size_and_the_connection_goes_on() {
    let folder = folder("size");
    let server = recording_server(&folder, &["--record-max-size=256KiB", "--no-welcome"]);
    let mut client = Client::open(server.address);
    for _ in 0..10 {
        client.send(masked(BINARY, [b'x'; 40_000]));
        assert_eq!(
            client.receive_frame().expect("an echo").payload.len(),
            40_000
        );
    }
    let recordings = ended(&folder, 1);
    let short = in_short(&recordings[0]);
    assert_eq!(
        short.last().expect("a line"),
        "end recorder --record-max-size 262144"
    );
    echo(&mut client);
    let len = fs::metadata(&files(&folder)[0]).expect("a file").len();
    assert!((150 << 10..=256 << 10).contains(&len), "{len}");
}

#[test]
fn what_was_recorded_is_written_when_the_server_stops() {
    let folder = folder("stop");
    let mut server = recording_server(&folder, &["--no-welcome"]);
    let mut client = Client::open(server.address);
    for _ in 0..500 {
        echo(&mut client);
    }
    server.ask_to_stop();
    client.receive_frame();
    client.send(masked_close(1001, ""));
    assert!(server.wait().success());
    let short = in_short(&lines(&files(&folder)[0]));
    let of = |what: &str| short.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!(
        [of("message client"), of("message server"), of("end")],
        [500, 500, 1]
    );
}

#[test]
fn a_server_whose_folder_is_gone_serves_on() {
    let folder = folder("gone");
    let server = recording_server(&folder, &["--no-welcome"]);
    echo(&mut Client::open(server.address));
    fs::rename(&folder, super::folder("moved")).expect("a folder");
    let mut client = Client::open(server.address);
    server.logged("WARN  [ws_echo::record] cannot write recordings in ");
    echo(&mut client);
}

#[test]
fn a_server_that_cannot_record_does_not_start_and_says_what_to_do() {
    let folder = folder("wrong-folder");
    fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("file");
    fs::write(&file, "").expect("a file");
    for path in [file.clone(), file.join("below")] {
        let path = path.to_str().expect("UTF-8");
        let (status, stdout, stderr) =
            run(&mut command(["--record", path])).expect("the binary can be started");
        assert_eq!(status.code(), Some(2));
        let expected = format!("--record {path}: it is not a folder; write a folder");
        assert!(stderr.contains(&expected) && stdout.is_empty(), "{stderr}");
    }
}

#[test]
fn secrets_are_not_recorded_unless_that_is_asked_for() {
    for (option, is_shown) in [("--no-page", false), ("--show-secrets", true)] {
        let folder = folder(option);
        let server = recording_server(&folder, &[option, "--log-level=trace"]);
        let secrets = "\r\nCookie: session=hunter2\r\nAuthorization: Basic hunter2\r\n\r\n";
        let mut client = Client::connect(server.address);
        client.send(request("/").replace("\r\n\r\n", secrets));
        client.receive_head();
        client.reset();
        ended(&folder, 1);
        let text = fs::read_to_string(&files(&folder)[0]).expect("a recording");
        assert_eq!(text.contains("hunter2"), is_shown);
        assert_eq!(text.contains(r#"["Cookie",{"hidden":15}]"#), !is_shown);
        server.logged("client disconnected");
        let log = server.log();
        // In hex too.
        assert_eq!(log.contains("hunter2"), is_shown, "{log}");
        assert_eq!(log.contains("68756e74657232"), is_shown, "{log}");
        assert_eq!(log.contains("Cookie: 15 bytes, hidden"), !is_shown);
    }
}
