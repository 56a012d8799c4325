//! The recipes of `host/docs/testing-clients.md`: each command is run, and what is seen must be
//! what the guide says, but for times and ports.
//!
//! In a recipe, a block ```` ```sh ```` that begins with `ws-echo` starts the server (without one:
//! `ws-echo`); a block after a line that ends with a name, as in "Save this as `watch.py`:", is a
//! file; and a block ```` ```text ```` with lines that begin with `$ ` is commands and what they
//! print, to both streams.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use regex_lite::Regex;
use ws_echo_tests::programs::{CHROMIUM, CURL, NGINX, PYTHON, QMLSCENE_6, is_there};
use ws_echo_tests::server::{Server, binary, free_address, run};

const GUIDE: &str = include_str!("../../host/docs/testing-clients.md");

/// The address of the server in the guide, and that of a proxy before it.
const SERVER: &str = "127.0.0.1:3000";
const PROXY: &str = "127.0.0.1:8080";
/// What is printed between the outputs of two commands.
const MARK: &str = "\u{1e}";

/// A recipe of the guide.
#[derive(Default)]
struct Recipe {
    /// The arguments of the server.
    server: Vec<String>,
    /// Files by their names.
    files: BTreeMap<String, String>,
    /// Commands, each with what it prints.
    commands: Vec<(String, String)>,
}

/// The section, up to the next one.
fn section() -> &'static str {
    let (_, rest) = GUIDE.split_once("\n## Recipes\n").expect("the section");
    rest.split("\n## ").next().unwrap_or_default()
}

/// The titles, each with its text. The first one is empty: what all recipes share.
fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = section().split("\n### ").enumerate();
    all.map(|(number, text)| match number {
        0 => ("", text),
        _ => text.split_once('\n').unwrap_or((text, "")),
    })
}

impl Recipe {
    fn of(text: &str) -> Self {
        let mut recipe = Self::default();
        let mut before = "";
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some(kind) = line.strip_prefix("```") else {
                before = if line.is_empty() { before } else { line };
                continue;
            };
            let block: Vec<_> = lines.by_ref().take_while(|it| *it != "```").collect();
            let file = before.strip_suffix("`:").and_then(|it| it.rsplit_once('`'));
            match (kind, file) {
                (_, Some((_, name))) => {
                    recipe.files.insert(name.into(), block.join("\n") + "\n");
                }
                ("sh", None) => {
                    let words = block.join(" ");
                    let mut words = words.split_whitespace().map(str::to_owned);
                    assert_eq!(words.next().as_deref(), Some("ws-echo"), "{block:?}");
                    recipe.server = words.collect();
                }
                ("text", None) => recipe.add_commands(&block),
                _ => panic!("a block of {kind}: {block:?}"),
            }
            before = "";
        }
        recipe
    }

    fn add_commands(&mut self, block: &[&str]) {
        let mut is_continued = false;
        for line in block {
            if let Some(command) = line.strip_prefix("$ ") {
                self.commands.push((command.into(), String::new()));
            } else {
                let (command, output) = self.commands.last_mut().expect("a command is first");
                let to = if is_continued { command } else { output };
                let _ = write!(to, "{}{line}", if is_continued { "\n" } else { "" });
                if !is_continued {
                    to.push('\n');
                }
            }
            let is_command = is_continued || line.starts_with("$ ");
            is_continued = is_command && line.ends_with('\\');
        }
    }

    /// Whether the programs that its commands need are installed.
    fn is_possible(&self) -> bool {
        let uses = |name: &str| {
            self.commands
                .iter()
                .any(|(command, _)| command.contains(name))
        };
        let remedy = "pip install websockets, or WS_ECHO_PYTHON=PATH";
        let mut python = PYTHON.command();
        python.args(["-c", "import websockets.asyncio.client"]);
        // It has no option that ends it.
        let mut qml = Command::new("test");
        qml.arg("-x").arg(QMLSCENE_6.path());
        (!uses("python3") || is_there("Python's websockets", remedy, &mut python))
            && (!uses("curl") || CURL.is_there(&["--version"]))
            && (!uses("nginx") || NGINX.is_there(&["-v"]))
            && (!uses("chromium") || CHROMIUM.is_there(&["--version"]))
            && (!uses("qmlscene") || is_there("Qt 6", "apt install qmlscene-qt6", &mut qml))
    }
}

/// A folder of its own, which is removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(title: &str) -> Self {
        let name: String = title.chars().filter(char::is_ascii_alphanumeric).collect();
        let folder = env::temp_dir().join(format!("ws-echo-recipe-{}-{name}", std::process::id()));
        fs::create_dir_all(folder.join("bin")).expect("a folder");
        Self(folder)
    }

    /// Makes a program callable by this name.
    fn add_program(&self, name: &str, program: &Path, arguments: &str) {
        let file = self.0.join("bin").join(name);
        let script = format!(
            "#!/bin/sh\nexec '{}' {arguments}\"$@\"\n",
            program.display()
        );
        fs::write(&file, script).expect("a script");
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("it can");
    }

    fn add_programs(&self) {
        self.add_program("ws-echo", binary(), "");
        self.add_program("python3", &PYTHON.path(), "");
        self.add_program("curl", &CURL.path(), "");
        self.add_program("nginx", &NGINX.path(), "");
        self.add_program("qmlscene", &QMLSCENE_6.path(), "");
        // A superuser has no sandbox, and each run a profile of its own.
        let profile = self.0.join("profile");
        let flags = format!("--no-sandbox --user-data-dir='{}' ", profile.display());
        self.add_program("chromium", &CHROMIUM.path(), &flags);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Without times and ports.
fn normal(output: &str) -> String {
    let replaced = |text: &str, pattern: &str, with: &str| {
        let pattern = Regex::new(pattern).expect("a pattern");
        pattern.replace_all(text, with).into_owned()
    };
    let output = output.replace('\r', "");
    let output = replaced(&output, r"127\.0\.0\.1:[0-9]+", "127.0.0.1:PORT");
    let output = replaced(&output, r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "TIME");
    let output = replaced(&output, r"[0-9.]+ ?(ns|\u{b5}s|ms|s|min)\b", "TIME");
    output.trim_end().to_owned()
}

/// Runs all commands in one shell. Returns what each prints.
fn outputs(recipe: &Recipe, folder: &Folder, adapt: impl Fn(&str) -> String) -> Vec<String> {
    let mut script = format!("exec 2>&1\nmark() {{ s=$?; printf '{MARK}'; return $s; }}\n");
    for (command, _) in &recipe.commands {
        let _ = write!(script, "{}\nmark\n", adapt(command));
    }
    let path = env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &script])
        .current_dir(&folder.0)
        .env("PATH", format!("{}:{path}", folder.0.join("bin").display()))
        .env("QT_QPA_PLATFORM", "offscreen")
        .env("QT_QUICK_BACKEND", "software")
        .env("QT_FORCE_STDERR_LOGGING", "1")
        .env("PYTHONWARNINGS", "ignore");
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("WS_ECHO_") {
            shell.env_remove(name);
        }
    }
    let (_, output, _) = run(&mut shell).expect("bash can be started");
    output.split(MARK).map(str::to_owned).collect()
}

/// Runs a recipe.
///
/// # Panics
///
/// If something is seen that the guide does not say.
fn expect(title: &str) {
    let of = |title| texts().find(|it| it.0 == title).expect(title).1;
    let shared = Recipe::of(of(""));
    let recipe = Recipe::of(of(title));
    assert!(!recipe.commands.is_empty(), "{title} has commands");
    if !recipe.is_possible() {
        return;
    }
    let folder = Folder::new(title);
    folder.add_programs();
    let arguments: Vec<&str> = recipe.server.iter().map(String::as_str).collect();
    let mut command = ws_echo_tests::server::command(["--listen", "127.0.0.1:0"]);
    command.args(arguments).current_dir(&folder.0);
    let server = Server::spawn(command.stderr(std::process::Stdio::piped()));
    let proxy = free_address().to_string();
    let adapt = |text: &str| {
        let text = text.replace(SERVER, &server.address.to_string());
        text.replace(PROXY, &proxy)
    };
    for (name, content) in shared.files.iter().chain(&recipe.files) {
        fs::write(folder.0.join(name), adapt(content)).expect("a file");
    }
    let seen = outputs(&recipe, &folder, adapt);
    for (number, (command, expected)) in recipe.commands.iter().enumerate() {
        let seen = seen.get(number).map_or("", String::as_str);
        assert!(
            normal(seen) == normal(expected),
            "{title}: $ {command}\nthe guide says:\n{expected}\nseen:\n{seen}\n{}",
            server.log()
        );
    }
}

/// All recipes of the guide, in order: each has a test below.
const TITLES: [&str; 12] = [
    "Reconnect logic",
    "Back-off at 503",
    "A slow consumer",
    "A proxy that strips headers",
    "Fragments in a browser",
    "Close codes in QML",
    "A half-open connection",
    "A server that forgets Pongs",
    "Compressed messages",
    "Big messages",
    "A redirect",
    "A recording turned into a regression test",
];

#[test]
fn each_recipe_of_the_guide_has_a_test() {
    let titles: Vec<_> = texts().skip(1).map(|(title, _)| title).collect();
    assert_eq!(titles, TITLES);
}

#[test]
fn reconnect_logic() {
    expect(TITLES[0]);
}

#[test]
fn back_off_at_503() {
    expect(TITLES[1]);
}

#[test]
fn a_slow_consumer() {
    expect(TITLES[2]);
}

#[test]
fn a_proxy_that_strips_headers() {
    expect(TITLES[3]);
}

#[test]
fn fragments_in_a_browser() {
    expect(TITLES[4]);
}

#[test]
fn close_codes_in_qml() {
    expect(TITLES[5]);
}

#[test]
fn a_half_open_connection() {
    expect(TITLES[6]);
}

#[test]
fn a_server_that_forgets_pongs() {
    expect(TITLES[7]);
}

#[test]
fn compressed_messages() {
    expect(TITLES[8]);
}

#[test]
fn big_messages() {
    expect(TITLES[9]);
}

#[test]
fn a_redirect() {
    expect(TITLES[10]);
}

#[test]
fn a_recording_turned_into_a_regression_test() {
    expect(TITLES[11]);
}
