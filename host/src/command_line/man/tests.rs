use super::after_help::{Item, Part, parts};
use crate::command_line::environment::Environment;
use crate::command_line::{Command, parse_from};
use crate::options::document::{Document, Documents};

fn documents(arguments: &[&str]) -> Documents {
    match parse_from(arguments, &Environment::default()) {
        Ok(Command::Write(documents)) => documents,
        other => panic!("{other:?}"),
    }
}

fn page(arguments: &[&str]) -> Document {
    match documents(arguments) {
        Documents::Stdout(page) => page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_text_behind_the_options_is_read_as_it_is_written() {
    let text = "\
Some text: it has
two lines.

Log targets:
  ws_echo::server                      start, stop
  ws_echo::a_target_with_a_long_name_of_its_own
                                       the log, and
                                       what it drops

Examples:
  ws-echo                              serve
  ws-echo chat ws://a/ \\
      --once ping                      talk

Exit status: 0 or
1.";
    let item = |name: &str, meaning: &str| Item {
        name: name.into(),
        meaning: meaning.into(),
    };
    let expected = [
        Part::Paragraph("Some text: it has\ntwo lines."),
        Part::List(
            "Log targets",
            vec![
                item("ws_echo::server", "start, stop"),
                item(
                    "ws_echo::a_target_with_a_long_name_of_its_own",
                    "the log, and what it drops",
                ),
            ],
        ),
        Part::List(
            "Examples",
            vec![
                item("ws-echo", "serve"),
                item("ws-echo chat ws://a/ \\\n--once ping", "talk"),
            ],
        ),
        Part::ExitStatus("0 or\n1."),
    ];
    assert_eq!(parts(text).collect::<Vec<_>>(), expected);
}

#[test]
fn every_example_of_every_command_says_what_it_does() {
    let Documents::Folder(_, pages) = documents(&["man", "--dir", "x"]) else {
        panic!("a folder");
    };
    for page in pages {
        assert!(page.text.contains("\n.SH EXAMPLES\n"), "{}", page.name);
        // An example without a meaning.
        assert!(!page.text.contains("\n:\n"), "{}", page.name);
    }
}

#[test]
fn a_page_is_named_as_man_looks_for_it() {
    assert_eq!(page(&["man"]).name, "ws-echo.1");
    assert_eq!(page(&["man", "chat"]).name, "ws-echo-chat.1");
    let Documents::Folder(folder, pages) = documents(&["man", "--dir", "x/y"]) else {
        panic!("a folder");
    };
    assert_eq!(folder, std::path::Path::new("x/y"));
    assert_eq!(pages.len(), 9);
    assert!(pages.contains(&page(&["man"])) && pages.contains(&page(&["man", "man"])));
}

#[test]
fn the_title_has_all_its_parts_and_the_page_no_date() {
    let text = page(&["man", "chat"]).text;
    let version = env!("CARGO_PKG_VERSION");
    let title = format!("\n.TH WS-ECHO-CHAT 1 \"\" \"ws-echo {version}\" \"User Commands\"\n");
    assert!(text.contains(&title), "{text}");
}
