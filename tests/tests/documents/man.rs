use std::fs;

use ws_echo_tests::folder::Folder;
use ws_echo_tests::programs::MANDOC;

use super::printed;

const COMMANDS: [&str; 8] = [
    "serve",
    "bench",
    "chat",
    "check",
    "healthcheck",
    "replay",
    "completions",
    "man",
];

/// The long options in the help of a command.
pub(crate) fn options_of_help(command: &str) -> Vec<String> {
    let help = printed(&[command, "--help"]);
    let (_, options) = help.split_once("\nOptions:\n").unwrap();
    let lines = options
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("  "));
    let lines = lines.filter(|line| line.find("--") == Some(6));
    let name = |line: &str| line[6..].split([' ', '[']).next().unwrap().to_owned();
    lines.map(name).collect()
}

/// The page of a command as a reader sees it, without the hyphens' escapes; `None` without mandoc.
fn shown(arguments: &[&str], folder: &Folder) -> Option<String> {
    if !MANDOC.is_there(&["-T", "ascii", "/dev/null"]) {
        return None;
    }
    let file = folder.file("page");
    fs::write(&file, printed(arguments)).unwrap();
    let mut mandoc = MANDOC.command();
    mandoc.args(["-T", "ascii", "-O", "width=500"]).arg(&file);
    let page = String::from_utf8(mandoc.output().unwrap().stdout).unwrap();
    // Bold and underlined characters are printed twice.
    let mut plain = String::new();
    for character in page.chars() {
        match character {
            '\u{8}' => drop(plain.pop()),
            _ => plain.push(character),
        }
    }
    Some(plain)
}

#[test]
fn mandoc_finds_no_fault_in_the_pages_of_all_commands() {
    if !MANDOC.is_there(&["-T", "ascii", "/dev/null"]) {
        return;
    }
    let folder = Folder::new("lint");
    let pages = folder.file("new/man1");
    assert_eq!(printed(&["man", "--dir", pages.to_str().unwrap()]), "");
    let mut names: Vec<_> = fs::read_dir(&pages)
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut expected = COMMANDS
        .map(|command| format!("ws-echo-{command}.1"))
        .to_vec();
    expected.push("ws-echo.1".into());
    expected.sort();
    assert_eq!(names, expected);
    for name in names {
        let lint = MANDOC
            .command()
            .args(["-T", "lint"])
            .arg(pages.join(&name))
            .output();
        let lint = String::from_utf8(lint.unwrap().stdout).unwrap();
        // Long lines are style, and a page has no date so that it is the same on every day.
        let is_fault = |line: &&str| !line.contains(": STYLE: ") && !line.contains("missing date");
        let faults: Vec<_> = lint.lines().filter(is_fault).collect();
        assert_eq!(faults, [""; 0]);
    }
}

#[test]
fn a_page_has_every_option_of_the_help() {
    let folder = Folder::new("options");
    for command in COMMANDS {
        let Some(page) = shown(&["man", command], &folder) else {
            return;
        };
        for option in options_of_help(command) {
            let is_header = |line: &str| {
                let words = line.trim_start().split([' ', ',', '[']);
                line.starts_with("       -") && words.take(3).any(|word| word == option)
            };
            assert!(page.lines().any(is_header), "{option} is not in\n{page}");
        }
        assert!(!page.contains("masked-echo"));
    }
}

#[test]
fn a_page_has_the_sections_that_a_reader_looks_for() {
    let folder = Folder::new("sections");
    let Some(page) = shown(&["man", "chat"], &folder) else {
        return;
    };
    let titles = page
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    let titles: Vec<_> = titles
        .map(|line| line.split("  ").next().unwrap())
        .collect();
    let version = concat!("ws-echo ", env!("CARGO_PKG_VERSION"));
    let expected = [
        "WS-ECHO-CHAT(1)",
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "EXIT STATUS",
        "ENVIRONMENT",
        "EXAMPLES",
        "SEE ALSO",
    ];
    assert_eq!(titles, expected);
    for line in [
        "       ws-echo chat [OPTIONS] <URL>",
        "           WS_ECHO_CHAT_NO_COMPRESSION      --no-compression",
        "           printf 'ping\\n' | ws-echo chat ws://127.0.0.1:3000",
        "           ws-echo chat ws://127.0.0.1:3000/chat --subprotocol chat.v1 \\",
        "               --header 'Authorization: Bearer 1234' --origin http://localhost",
    ] {
        assert!(
            page.lines().any(|it| it == line),
            "{line:?} is not in\n{page}"
        );
    }
    assert!(
        page.trim_end().lines().last().unwrap().starts_with(version),
        "{page}"
    );
}
