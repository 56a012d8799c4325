//! A mistake on the command line, as it is shown: what the user wrote is cut to a length, cannot
//! harm a terminal, and has no secret in it; and advice that would mislead is left out.

use std::borrow::Cow;
use std::error::Error as _;
use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

use super::secret::{HEADER, URL, without_password, without_secret};
use crate::escape::Excerpt;
use crate::similar;

/// How many characters of advice are shown. It may quote a value, of which it has more to say.
const ADVICE_LEN_MAX: usize = 500;

/// The options by which the commands set compression.
const COMPRESSION: [&str; 3] = ["deflate", "compression", "no-compression"];

/// Returns the error as it is shown. It is one of parsing these arguments.
pub(super) fn shown(mut error: Error, arguments: &[OsString], command: &Command) -> Error {
    if error.kind() == ErrorKind::InvalidUtf8 {
        return not_utf_8(arguments, command);
    }
    keep_helpful_tips(&mut error);
    let option = text(&error, ContextKind::InvalidArg).unwrap_or_default();
    let quoted: Vec<_> = error
        .context()
        .filter_map(|(kind, value)| match (kind, value) {
            // This may be no option, but a word too many.
            (ContextKind::InvalidArg, ContextValue::String(text)) => {
                Some((kind, without_secret("", text)))
            }
            (_, ContextValue::String(text)) => Some((kind, without_secret(option, text))),
            _ => None,
        })
        .collect();
    for (kind, text) in quoted {
        error.insert(kind, ContextValue::String(Excerpt::new(&text).to_string()));
    }
    if let Some(tip) = tip(&error, arguments, command) {
        let tip = ContextValue::StyledStrs(vec![StyledStr::from(tip)]);
        error.insert(ContextKind::Suggested, tip);
    }
    // What the parser of a value says may quote it too.
    let advice = error.source().map(ToString::to_string).unwrap_or_default();
    let harmless = without_password(&advice);
    let harmless = Excerpt::of_len(&harmless, ADVICE_LEN_MAX).to_string();
    let value = text(&error, ContextKind::InvalidValue);
    match text(&error, ContextKind::InvalidArg).zip(value) {
        Some((option, value)) if harmless != advice => {
            let message = format!("invalid value '{value}' for '{option}': {harmless}");
            command.clone().error(error.kind(), message)
        }
        _ => error,
    }
}

fn text(error: &Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}

/// Says which argument is not UTF-8. The parser does not; it accepts such names of files only.
fn not_utf_8(arguments: &[OsString], command: &Command) -> Error {
    let arguments: Vec<_> = arguments.iter().map(|it| it.to_string_lossy()).collect();
    // A text that is UTF-8 is borrowed.
    let wrong = arguments.iter().position(|it| matches!(it, Cow::Owned(_)));
    let (before, rest) = arguments.split_at(wrong.unwrap_or_default());
    let wrong = rest.first().map(|it| &**it).unwrap_or_default();
    let mut both = before.last().into_iter().chain(rest.first());
    let is_header = both.any(|it| it.starts_with("--header"));
    let wrong = without_secret(if is_header { HEADER } else { URL }, wrong);
    let wrong = Excerpt::new(&wrong);
    let message = format!("invalid value '{wrong}': write valid UTF-8");
    command.clone().error(ErrorKind::InvalidUtf8, message)
}

/// Removes the parser's tips that do not help: an option whose name is only a little similar, and
/// how to pass an option as a value.
fn keep_helpful_tips(error: &mut Error) {
    error.remove(ContextKind::Suggested);
    let name = |kind| text(error, kind).map(|option| option.trim_start_matches('-'));
    let both = name(ContextKind::InvalidArg).zip(name(ContextKind::SuggestedArg));
    let is_similar = both.is_some_and(|(given, suggested)| similar::is_similar(given, suggested));
    if !is_similar && error.remove(ContextKind::SuggestedArg).is_some() {
        error.remove(ContextKind::Usage); // It shows that option.
    }
}

/// What to write instead, where the parser has no tip that helps.
fn tip(error: &Error, arguments: &[OsString], command: &Command) -> Option<String> {
    if let Some(word) = text(error, ContextKind::InvalidSubcommand) {
        return instead_of_word(word);
    }
    let option = text(error, ContextKind::InvalidArg)?;
    if let Some(prior) = text(error, ContextKind::PriorArg) {
        return instead_of_both(option, prior).map(str::to_owned);
    }
    if text(error, ContextKind::SuggestedArg).is_some() {
        return None;
    }
    let with_equals_sign = || value_without_equals_sign(arguments, command);
    option_of_compression(option, command).or_else(with_equals_sign)
}

/// What to write instead of two options that exclude each other.
fn instead_of_both(one: &str, other: &str) -> Option<&'static str> {
    let is_there = |name: &str| [one, other].iter().any(|option| option.starts_with(name));
    if !is_there("--once") && !is_there("--expect") {
        return None;
    }
    if is_there("--wait") {
        return Some(
            "write --timeout instead of --wait: with --once and --expect it bounds everything",
        );
    }
    Some("leave out --reconnect: --once and --expect are for one connection")
}

/// The command's own option, instead of one by which another command sets compression.
fn option_of_compression(option: &str, command: &Command) -> Option<String> {
    let is_one = |name: &str| COMPRESSION.contains(&name);
    let name = option.strip_prefix("--").filter(|name| is_one(name))?;
    let mut options = command.get_arguments();
    let own = options.find(|own| own.get_long().is_some_and(|own| own != name && is_one(own)))?;
    Some(format!("compression is set by '{own}'"))
}

/// What to write instead of `--compression window`: the value of an option that may have none must
/// follow an equals sign.
fn value_without_equals_sign(arguments: &[OsString], command: &Command) -> Option<String> {
    arguments.windows(2).find_map(|pair| {
        let (name, value) = (pair[0].to_str()?.strip_prefix("--")?, pair[1].to_str()?);
        let mut options = command.get_arguments();
        let option = options.find(|option| option.get_long() == Some(name))?;
        let values = option.get_possible_values();
        let is_value = values.iter().any(|known| known.matches(value, false));
        (option.is_require_equals_set() && is_value)
            .then(|| format!("to set a value, write '--{name}={value}'"))
    })
}

/// What to write instead of a word that is no command.
fn instead_of_word(word: &str) -> Option<String> {
    if word.contains("://") {
        return Some(format!("to talk to a server, write 'chat {word}'"));
    }
    let (host, port) = word.rsplit_once(':').unwrap_or(("", word));
    port.parse::<u16>().ok()?;
    Some(match host {
        "" => format!("to listen on this port, write '--port {port}'"),
        _ => format!("to listen on this address, write '--listen {word}'"),
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    #[cfg(unix)]
    use std::os::unix::ffi::OsStringExt;

    use super::super::{environment::Environment, parse_from};

    fn message(
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        environment: &Environment,
    ) -> String {
        let error = parse_from(arguments, environment).expect_err("a mistake");
        assert_eq!(error.exit_code(), 2);
        error.render().to_string()
    }

    fn shown(arguments: &[&str]) -> String {
        message(arguments, &Environment::default())
    }

    #[test]
    fn a_long_value_is_cut_wherever_it_is_quoted() {
        let long = "x".repeat(100_000);
        for arguments in [
            &["--welcome", &long][..],
            &["--path", &long],
            &["--subprotocol", &long],
            &["--origin", &long],
            &["--listen", &long],
            &["--port", &long],
            &["--threads", &long],
            &["--log-level", &long],
            &[&long],
            &[&format!("--{long}")],
            &[&format!("--no-page={long}")],
            &["serve", &long],
            &["help", &long],
            &["chat", &long],
            &["chat", &format!("http://{long}/")],
            &["chat", &format!("ws://a/{long}#")],
            &["chat", "ws://a/", &long],
            &["chat", "--ca", &long, "wss://a/"],
            &["chat", "--header", &long, "ws://a/"],
            &["chat", "--insecure", &format!("ws://127.0.0.1/{long}")],
            &["bench", &format!("wss://a/{long}")],
            &["bench", &format!("--text={long}"), "ws://a/"],
        ] {
            let message = shown(arguments);
            assert!(message.len() < 1_500, "{message}");
            assert!(message.contains("xxx… (+"), "{message}");
        }
    }

    #[test]
    fn a_control_character_is_escaped_wherever_it_is_quoted() {
        let harmful = "\x1b[31m\r\u{9b}2J\u{202e}x";
        for arguments in [
            &["--path", harmful][..],
            &["--subprotocol", harmful],
            &["--origin", harmful],
            &["--listen", harmful],
            &["--log-level", harmful],
            &["--buffer", harmful],
            &[harmful],
            &[&format!("--{harmful}")],
            &[&format!("--no-page={harmful}")],
            &["chat", harmful],
            &["chat", &format!("ws://{harmful}/")],
            &["chat", "--ca", harmful, "wss://a/"],
            &["chat", "--header", harmful, "ws://a/"],
            &["bench", "--pid", harmful, "ws://a/"],
        ] {
            let message = shown(arguments);
            let is_unsafe = |character: char| character.is_control() && character != '\n';
            assert!(!message.contains(is_unsafe), "{message:?}");
            assert!(!message.contains('\u{202e}'), "{message:?}");
            assert!(message.contains(r"\u{1b}[31m"), "{message:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        for url in [
            "ws://user:secret@h:x/",
            "http://user:secret@h/",
            "https:user:secret@h/",
            "ws:user:secret@h/",
            "user:secret@h/",
            " ws://user:secret@h/",
            "ws://user:secret@ü/",
            "ws://user:secret@h/ü#a:b@c",
            "ws://user:secretsecret/secret@h/",
            "ws://user:secret%@h/",
        ] {
            for arguments in [
                &["chat", url][..],
                &["bench", url],
                &["chat", "--insecure", url],
            ] {
                let message = shown(arguments);
                assert!(!message.contains("secret"), "{message}");
                assert!(message.contains(":***@"), "{message}");
            }
        }
        for arguments in [
            &["ws://user:secret@h/"][..],
            &["serve", "ws://user:secret@h/"],
        ] {
            assert!(!shown(arguments).contains("secret"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_password_that_is_not_utf_8_is_not_shown() {
        let [url, schemeless] = [&b"ws://user:secret\xff@h/"[..], b"user:\xffsecret@h/"]
            .map(|bytes| OsString::from_vec(bytes.to_vec()));
        for arguments in [["chat".into(), url.clone()], ["bench".into(), schemeless]] {
            let message = message(arguments, &Environment::default());
            assert!(!message.contains("secret"), "{message}");
            assert!(message.contains(":***@h/': write valid UTF-8"), "{message}");
        }
    }

    #[test]
    fn the_value_of_a_header_is_not_shown() {
        for (header, shown) in [
            ("Authorization: Bearer\u{7}secret", "Authorization:***"),
            ("Authorization : secret", "Authorization ***"),
            ("Authorization Bearer secret", "Authorization ***"),
            ("Cookie=secret", "Cookie=***"),
            ("Upgrade: secret", "Upgrade:***"),
        ] {
            for (arguments, option) in [
                (vec!["chat", "--header", header], "--header <NAME: VALUE>"),
                (vec!["chat"], "WS_ECHO_CHAT_HEADER"),
            ] {
                let environment = Environment::from_iter([("WS_ECHO_CHAT_HEADER", header)]);
                let message = message([&arguments[..], &["ws://a/"]].concat(), &environment);
                assert!(!message.contains("secret"), "{message}");
                let expected = format!("error: invalid value '{shown}' for '{option}': ");
                assert!(message.starts_with(&expected), "{message}");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_value_of_a_header_that_is_not_utf_8_is_not_shown() {
        let os = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        let header = os(b"Authorization: \xffsecret");
        let variables = Environment::from_iter([("WS_ECHO_CHAT_HEADER", &header)]);
        let none = Environment::default();
        for (arguments, environment) in [
            (vec!["--header".into(), header.clone()], &none),
            (vec![os(b"--header=Authorization: \xffsecret")], &none),
            (vec![], &variables),
        ] {
            let arguments = [vec!["chat".into()], arguments, vec!["ws://a/".into()]].concat();
            let message = message(arguments, environment);
            assert!(!message.contains("secret"), "{message}");
            assert!(message.contains("***'"), "{message}");
        }
    }

    #[test]
    fn only_a_similar_option_is_offered() {
        let tip = "tip: a similar argument exists: ";
        assert!(shown(&["--lisen=x"]).contains(&format!("{tip}'--listen'")));
        assert!(shown(&["--loglevel=x"]).contains(&format!("{tip}'--log-level'")));
        for arguments in [
            &["--debug"][..],
            &["--no-greeting"],
            &["chat", "--port=1", "ws://a/"],
            &["chat", "--user=a", "ws://a/"],
            &["chat", "ws://a/", "--quiet"],
            &["bench", "ws://a/", "-c"],
        ] {
            let message = shown(arguments);
            assert!(!message.contains("tip:"), "{message}");
            assert!(!message.contains("--subprotocol"), "{message}");
        }
    }

    #[test]
    fn a_word_that_is_no_command_gets_a_tip() {
        for (word, tip) in [
            ("3000", "to listen on this port, write '--port 3000'"),
            (":3000", "to listen on this port, write '--port 3000'"),
            (
                "0.0.0.0:80",
                "to listen on this address, write '--listen 0.0.0.0:80'",
            ),
            (
                "[::1]:80",
                "to listen on this address, write '--listen [::1]:80'",
            ),
            ("ws://a:1", "to talk to a server, write 'chat ws://a:1'"),
        ] {
            let message = shown(&[word]);
            assert!(message.contains(&format!("tip: {tip}")), "{message}");
        }
        assert!(!shown(&["listen"]).contains("tip: to"));
    }

    #[test]
    fn an_option_of_compression_of_another_command_gets_a_tip() {
        for (arguments, own) in [
            (&["--compression"][..], "--deflate <MODE>"),
            (&["--no-compression"], "--deflate <MODE>"),
            (&["serve", "--compression=off"], "--deflate <MODE>"),
            (
                &["bench", "--deflate", "ws://a/"],
                "--compression[=<CONTEXT>]",
            ),
            (&["chat", "ws://a/", "--deflate=off"], "--no-compression"),
        ] {
            let message = shown(arguments);
            let tip = format!("tip: compression is set by '{own}'");
            assert!(message.contains(&tip), "{message}");
        }
        let message = shown(&["chat", "--compression", "ws://a/"]);
        assert_eq!(message.matches("tip:").count(), 1, "{message}");
        assert!(!shown(&["--deflat=3"]).contains("is set by"));
    }

    #[test]
    fn a_value_without_its_equals_sign_gets_a_tip() {
        for (arguments, tip) in [
            (
                &["bench", "--compression", "window", "ws://a/"][..],
                "--compression=window",
            ),
            (
                &["bench", "ws://a/", "--compression", "fresh"],
                "--compression=fresh",
            ),
            (&["bench", "--text", "chinese", "ws://a/"], "--text=chinese"),
            (
                &["bench", "--compression", "window"],
                "--compression=window",
            ),
        ] {
            let message = shown(arguments);
            let tip = format!("tip: to set a value, write '{tip}'");
            assert!(message.contains(&tip), "{message}");
        }
        for arguments in [
            &["bench", "--compression", "ws://a/", "ws://b/"][..],
            &["bench", "ws://a/", "--payload", "json", "window"],
        ] {
            assert!(!shown(arguments).contains("tip:"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_argument_that_is_not_utf_8_is_named() {
        let latin_1 = OsString::from_vec(b"gr\xfc\xdfe".to_vec());
        let message = message(["--welcome".into(), latin_1], &Environment::default());
        let expected = "error: invalid value 'gr\u{fffd}\u{fffd}e': write valid UTF-8\n";
        assert!(message.starts_with(expected), "{message}");
    }
}
