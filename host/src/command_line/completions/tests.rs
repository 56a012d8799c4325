use crate::command_line::environment::Environment;
use crate::command_line::{Command, parse_from};
use crate::options::document::{Document, Documents};

fn script(shell: &str) -> Document {
    match parse_from(["completions", shell], &Environment::default()) {
        Ok(Command::Write(Documents::Stdout(script))) => script,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_script_has_the_name_by_which_its_shell_finds_it() {
    for (shell, name) in [
        ("bash", "ws-echo.bash"),
        ("zsh", "_ws-echo"),
        ("fish", "ws-echo.fish"),
        ("powershell", "_ws-echo.ps1"),
    ] {
        assert_eq!(script(shell).name, name);
    }
}

#[test]
fn the_script_for_bash_has_one_name_for_each_command() {
    let text = script("bash").text;
    assert_eq!(text.matches("        ws__echo__subcmd__chat)\n").count(), 1);
    assert!(!text.contains("ws__subcmd__echo"), "{text}");
}

#[test]
fn the_script_for_fish_finds_the_command_behind_an_option_without_its_value() {
    let text = script("fish").text;
    assert!(text.contains(" -- $cmd value 2>/dev/null\n"), "{text}");
}

#[test]
fn a_file_is_offered_only_where_an_option_takes_one() {
    let text = script("fish").text;
    let line = |option: &str| {
        let option = format!(" -l {option} ");
        text.lines()
            .find(|line| line.contains(&option))
            .expect(&option)
    };
    assert!(line("tls-cert").ends_with(" -r -F"));
    assert!(line("record").contains("__fish_complete_directories"));
    assert!(line("port").ends_with(" -r -f"));
    assert!(!line("json").contains(" -r"));
}

#[test]
fn variables_have_no_part_in_it() {
    let wrong = Environment::from_iter([("WS_ECHO_THREADS", "many"), ("WS_ECHO_DIR", "x")]);
    assert!(parse_from(["completions", "zsh"], &wrong).is_ok());
    let written = parse_from(["man"], &wrong).expect("a page");
    assert!(matches!(written, Command::Write(Documents::Stdout(_))));
}
