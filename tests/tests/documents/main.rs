//! What the program writes about itself: its completions, in real shells, and its man pages, as
//! mandoc and `--help` have them.

#![cfg(unix)]

mod completions;
mod man;
mod shell;

use std::fs;
use std::path::Path;

use ws_echo_tests::server::{command, run};

/// What the program prints to stdout.
fn printed(arguments: &[&str]) -> String {
    let (status, stdout, stderr) = run(&mut command(arguments)).unwrap();
    assert!(status.success(), "{stderr}");
    stdout
}

/// The exit status and stderr of the program with this stdout.
fn with_stdout(arguments: &[&str], stdout: fs::File) -> (Option<i32>, String) {
    let output = command(arguments).stdout(stdout).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), stderr)
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    for arguments in [&["man"][..], &["completions", "bash"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let writer = fs::File::from(std::os::fd::OwnedFd::from(writer));
        assert_eq!(with_stdout(arguments, writer), (Some(0), String::new()));
    }
}

#[test]
fn a_full_disk_is_a_failure() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return; // Linux has it.
    }
    let full = fs::OpenOptions::new().write(true).open(full).unwrap();
    let (status, stderr) = with_stdout(&["man"], full);
    assert_eq!(status, Some(1));
    assert!(
        stderr.starts_with("ws-echo: cannot write to stdout: "),
        "{stderr}"
    );
}

#[test]
fn a_wrong_command_line_says_what_there_is() {
    for (arguments, advice) in [
        (&["completions", "tcsh"][..], "bash, zsh, fish, powershell"),
        (&["completions"], "<SHELL>"),
        (
            &["man", "hello"],
            "serve, bench, chat, check, healthcheck, replay",
        ),
        (&["man", "chat", "--dir", "."], "'--dir <DIR>'"),
    ] {
        let (status, stdout, stderr) = run(&mut command(arguments)).unwrap();
        assert_eq!((status.code(), &*stdout), (Some(2), ""), "{arguments:?}");
        assert!(stderr.contains(advice), "{stderr}");
    }
}
