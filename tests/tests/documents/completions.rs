use std::fs;
use std::process::{Command, Stdio};

use ws_echo_tests::folder::Folder;
use ws_echo_tests::programs::{FISH, ZSH, is_there};

use super::printed;
use super::shell::Shell;

/// A line of which the last word is completed, and the words that come of it.
const LINES: [(&str, &str); 12] = [
    ("comp", "completions"),
    ("completions po", "completions powershell"),
    ("man repl", "man replay"),
    ("help ben", "help bench"),
    ("--drain-t", "--drain-timeout"),
    ("serve --tls-self", "serve --tls-self-signed"),
    ("chat --no-c", "chat --no-compression"),
    ("--deflate unv", "--deflate unverified"),
    ("--tls-cert certif", "--tls-cert certificate.pem"),
    ("--record recordin", "--record recordings"),
    // A port is no file, and a hidden option is hidden.
    ("--port certif", "--port certif"),
    ("bench --mask", "bench --mask"),
];

/// A command of this name that prints its words.
const PROGRAM: &str = "ws-echo() { echo \"args: ${*%/}.\"; }";

/// A folder with the files that lines name, and with the script of a shell.
fn folder(shell: &str, name: &str) -> Folder {
    let folder = Folder::new(shell);
    fs::write(folder.file("certificate.pem"), "").unwrap();
    fs::create_dir(folder.file("recordings")).unwrap();
    fs::write(folder.file(name), printed(&["completions", shell])).unwrap();
    folder
}

fn check(mut shell: Shell) {
    for (typed, expected) in LINES {
        shell.completes(&format!("ws-echo {typed}"), &format!("args: {expected}."));
    }
}

#[test]
fn bash_completes() {
    if !is_there(
        "bash",
        "apt install bash",
        Command::new("bash").arg("--version"),
    ) {
        return;
    }
    let folder = folder("bash", "script");
    let mut bash = Command::new("bash");
    bash.args(["--norc", "--noprofile", "-i"]);
    check(Shell::start(
        &mut bash,
        folder.path(),
        &[PROGRAM, "source ./script"],
    ));
}

#[test]
fn zsh_completes() {
    if !ZSH.is_there(&["--version"]) {
        return;
    }
    let folder = folder("zsh", "_ws-echo");
    let mut zsh = ZSH.command();
    zsh.args(["-f", "-i"]);
    let completions = "fpath+=$PWD; autoload -U compinit; compinit -u -D";
    check(Shell::start(
        &mut zsh,
        folder.path(),
        &[PROGRAM, completions],
    ));
}

#[test]
fn fish_completes() {
    if !FISH.is_there(&["--version"]) {
        return;
    }
    let folder = folder("fish", "script");
    for (typed, expected) in LINES {
        let mut fish = FISH.command();
        let script = format!("source ./script; complete -C 'ws-echo {typed}'");
        fish.args(["--no-config", "--command", &script]);
        fish.env("HOME", folder.path()).current_dir(folder.path());
        let output = fish.stdin(Stdio::null()).output().unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        // A description follows a tab.
        let found: Vec<_> = found
            .lines()
            .map(|it| it.split('\t').next().unwrap().trim_end_matches('/'))
            .collect();
        let word = |line: &'static str| line.rsplit(' ').next().unwrap();
        let expected = Vec::from_iter((typed != expected).then(|| word(expected)));
        assert_eq!(found, expected, "{typed}");
    }
}

#[test]
fn every_option_of_each_help_is_in_each_script_and_no_hidden_one() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = printed(&["completions", shell]);
        for command in [
            "serve",
            "bench",
            "chat",
            "check",
            "healthcheck",
            "replay",
            "man",
        ] {
            for option in super::man::options_of_help(command) {
                let option = match shell {
                    "fish" => format!(" -l {}", &option[2..]),
                    _ => option,
                };
                assert!(script.contains(&option), "{shell}, {command}: {option}");
            }
        }
        assert!(!script.contains("masked-echo"), "{shell}");
    }
}
