//! Command lines and environments in, options or messages out.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use ws_echo_core::{CloseCode, Window};

use super::*;
use crate::logging::target::{
    ADMIN, CLIENT, FRAME, LIMITS, LOG, MESSAGE, RECORD, SERVER, TLS, WIRE,
};
use crate::logging::{Filter, Format};
use crate::options::admin::AdminOptions;
use crate::options::drain::DrainOptions;
use crate::options::listen::{ListenOptions, ListenSocket};
use crate::options::log::LogOptions;
use crate::options::proxies::{ProxyOptions, TrustedProxy};
use crate::options::serve::{DeflateMode, Origins, RecordOptions, Secrets, Welcome};

fn parse(arguments: &[&str], variables: &[(&str, &str)]) -> Result<ServeOptions, String> {
    match parse_from(arguments, &variables.iter().copied().collect()) {
        Ok(Command::Serve(options)) => Ok(*options),
        Ok(other) => Err(format!("another command: {other:?}")),
        Err(error) => Err(format!("{} {}", error.exit_code(), error.render())),
    }
}

/// Returns the options of a valid command line, here and for other tests.
pub(crate) fn options(arguments: &[&str], variables: &[(&str, &str)]) -> ServeOptions {
    parse(arguments, variables).unwrap_or_else(|message| panic!("{message}"))
}

/// Returns the message of a wrong command line, which always ends the process with status 2.
fn refusal(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let message = parse(arguments, variables).expect_err("a wrong command line");
    let message = message.strip_prefix("2 error: ").expect(&message);
    message.lines().next().unwrap_or_default().into()
}

/// Asserts that a text that was asked for ends the process with status 0.
fn assert_information(line: &str, expected: &str) {
    let arguments: Vec<_> = line.split_whitespace().collect();
    let wrong = [("WS_ECHO_THREADS", "many")];
    let text = parse(&arguments, &wrong).expect_err("a text to print");
    assert!(text.starts_with("0 ") && text.contains(expected), "{text}");
}

fn socket_addresses(texts: &[&str]) -> Vec<SocketAddr> {
    texts.iter().map(|text| text.parse().expect(text)).collect()
}

fn listen(texts: &[&str]) -> ListenOptions {
    let addresses = socket_addresses(texts).into_iter();
    ListenOptions {
        sockets: addresses.map(ListenSocket::Address).collect(),
        reuse_port: false,
    }
}

/// How a server stops by default.
const DRAIN: DrainOptions = DrainOptions {
    delay: Duration::ZERO,
    spread: Duration::ZERO,
    timeout: Duration::from_secs(10),
    code: CloseCode::GOING_AWAY,
    max_lifetime: None,
};

#[test]
fn headers_of_proxies_need_proxies_that_are_trusted() {
    let expected = "--proxy-protocol needs --trust-proxy: name the addresses of your proxies too, \
                    such as --trust-proxy 10.0.0.0/8";
    assert_eq!(refusal(&["--proxy-protocol"], &[]), expected);
    let variables = [("WS_ECHO_PROXY_PROTOCOL", "true")];
    assert_eq!(refusal(&[], &variables), expected);
    let both = options(&["--trust-proxy", "unix"], &variables);
    assert_eq!(both.proxies.trusted, [TrustedProxy::Unix]);
    let message = refusal(&["--trust-proxy", "10.0.0.1/8"], &[]);
    assert!(
        message.contains("--trust-proxy") && message.contains("10.0.0.0/8"),
        "{message}"
    );
}

fn trusted(networks: &[&str]) -> Vec<TrustedProxy> {
    let networks = networks.iter().map(|it| it.parse().expect(it));
    networks.map(TrustedProxy::Network).collect()
}

#[test]
fn the_definitions_are_sound() {
    program().debug_assert();
}

#[test]
fn an_empty_command_line_gives_the_defaults() {
    let options = options(&[], &[]);
    let expected = ServeOptions {
        listen: listen(&["127.0.0.1:3000", "[::1]:3000"]),
        tls: None,
        welcome: Welcome::Text("Welcome to Awesome Chat".into()),
        secrets: Secrets::Hidden,
        paths: vec![],
        has_page: true,
        test_path: Some("/test".into()),
        max_push: 10_000,
        max_test_time: Duration::from_secs(3600),
        origins: Origins::These(Vec::new()),
        max_connections: None,
        max_connections_per_ip: None,
        proxies: ProxyOptions {
            trusted: vec![],
            proxy_protocol: false,
            ipv6_prefix: 64,
        },
        subprotocols: vec![],
        threads: std::thread::available_parallelism().expect("a number of cores"),
        buffer_len: 65_536,
        handshake_timeout: Duration::from_secs(10),
        close_timeout: Duration::from_secs(5),
        ping_interval: Some(Duration::from_secs(25)),
        ping_timeout: Duration::from_secs(20),
        stall_timeout: Some(Duration::from_secs(60)),
        deflate: DeflateMode::Fresh,
        deflate_window: Window::MAX.fresh(),
        max_message_len: u64::MAX,
        max_memory: 512 << 20,
        container_memory: None,
        max_backlog: 16 << 20,
        service_manager: None,
        drain: DrainOptions {
            spread: Duration::ZERO,
            timeout: Duration::from_secs(10),
            ..DRAIN
        },
        admin: AdminOptions {
            listen: None,
            watchdog: Duration::from_secs(5),
            health_path: None,
        },
        log: LogOptions {
            filter: "info".parse().expect("a level"),
            format: Format::Text,
            file: None,
            messages: false,
        },
        record: None,
    };
    assert_eq!(options, expected);
}

#[test]
fn every_option_is_read_with_and_without_the_command_serve() {
    let line = "--listen 127.0.0.1:0 --listen [::1]:1 --welcome hi --show-secrets --path /a --path /b,c \
                --no-page \
                --no-test --max-push 3 --max-test-time 2m \
                --origin http://a --origin null --max-connections 7 --max-connections-per-ip 2 \
                --trust-proxy 10.0.0.0/8 --trust-proxy ::1 --proxy-protocol --ipv6-prefix 56 \
                --subprotocol chat --subprotocol v2.chat --threads 3 --buffer 16MiB \
                --handshake-timeout 500ms --close-timeout 2m --ping-interval off --ping-timeout 1s \
                --stall-timeout off --deflate window --deflate-window 9 --max-message-size 1GiB \
                --max-memory 64MiB --max-backlog off \
                --drain-timeout 3s --drain-spread 2s --drain-delay 4s --drain-code 1012 \
                --max-lifetime 2h --log-level mio=off --log-messages \
                --admin-listen 127.0.0.1:9090 --watchdog 3s --health-path /healthz \
                --log-format json --log-file l \
                --record d --record-max-size 1MiB --record-max-files 5";
    let arguments: Vec<_> = line.split_whitespace().collect();
    let expected = ServeOptions {
        listen: listen(&["127.0.0.1:0", "[::1]:1"]),
        tls: None,
        welcome: Welcome::Text("hi".into()),
        secrets: Secrets::Shown,
        paths: vec!["/a".into(), "/b,c".into()],
        has_page: false,
        test_path: None,
        max_push: 3,
        max_test_time: Duration::from_secs(120),
        origins: Origins::These(vec!["http://a".into(), "null".into()]),
        max_connections: NonZeroUsize::new(7),
        max_connections_per_ip: NonZeroUsize::new(2),
        proxies: ProxyOptions {
            trusted: trusted(&["10.0.0.0/8", "::1/128"]),
            proxy_protocol: true,
            ipv6_prefix: 56,
        },
        subprotocols: vec!["chat".into(), "v2.chat".into()],
        threads: NonZeroUsize::MIN.saturating_add(2),
        buffer_len: 16 << 20,
        handshake_timeout: Duration::from_millis(500),
        close_timeout: Duration::from_secs(120),
        ping_interval: None,
        ping_timeout: Duration::from_secs(1),
        stall_timeout: None,
        deflate: DeflateMode::Window,
        deflate_window: Window::new(9).expect("a window"),
        max_message_len: 1 << 30,
        max_memory: 64 << 20,
        container_memory: None,
        max_backlog: 0,
        service_manager: None,
        drain: DrainOptions {
            delay: Duration::from_secs(4),
            spread: Duration::from_secs(2),
            timeout: Duration::from_secs(3),
            code: CloseCode::new(1012).expect("a code"),
            max_lifetime: Some(Duration::from_secs(7200)),
        },
        admin: AdminOptions {
            listen: Some(([127, 0, 0, 1], 9090).into()),
            watchdog: Duration::from_secs(3),
            health_path: Some("/healthz".into()),
        },
        log: LogOptions {
            filter: "mio=off".parse().expect("a filter"),
            format: Format::Json,
            file: Some("l".into()),
            messages: true,
        },
        record: Some(RecordOptions {
            folder: "d".into(),
            max_len: 1 << 20,
            max_files: NonZeroUsize::MIN.saturating_add(4),
        }),
    };
    assert_eq!(options(&arguments, &[]), expected);
    let with_word: Vec<_> = ["serve"].into_iter().chain(arguments).collect();
    assert_eq!(options(&with_word, &[]), expected);
}

#[test]
fn every_option_is_read_from_the_environment() {
    let variables = [
        ("WS_ECHO_LISTEN", "127.0.0.1:0, [::1]:1,"),
        ("WS_ECHO_ADMIN_LISTEN", "127.0.0.1:9090"),
        ("WS_ECHO_WATCHDOG", "3s"),
        ("WS_ECHO_HEALTH_PATH", "/healthz"),
        ("WS_ECHO_WELCOME", "hi, you"),
        ("WS_ECHO_SHOW_SECRETS", "true"),
        ("WS_ECHO_PATH", "/a,/b"),
        ("WS_ECHO_NO_PAGE", "true"),
        ("WS_ECHO_NO_TEST", "true"),
        ("WS_ECHO_MAX_PUSH", "3"),
        ("WS_ECHO_MAX_TEST_TIME", "2m"),
        ("WS_ECHO_ORIGIN", "http://a,*"),
        ("WS_ECHO_MAX_CONNECTIONS", "9"),
        ("WS_ECHO_MAX_CONNECTIONS_PER_IP", "3"),
        ("WS_ECHO_TRUST_PROXY", "127.0.0.1"),
        ("WS_ECHO_PROXY_PROTOCOL", "true"),
        ("WS_ECHO_IPV6_PREFIX", "128"),
        ("WS_ECHO_SUBPROTOCOL", "chat"),
        ("WS_ECHO_THREADS", "3"),
        ("WS_ECHO_BUFFER", "4096"),
        ("WS_ECHO_HANDSHAKE_TIMEOUT", "1"),
        ("WS_ECHO_CLOSE_TIMEOUT", "1h"),
        ("WS_ECHO_PING_INTERVAL", "1m"),
        ("WS_ECHO_PING_TIMEOUT", "5"),
        ("WS_ECHO_STALL_TIMEOUT", "90"),
        ("WS_ECHO_DEFLATE", "unverified"),
        ("WS_ECHO_DEFLATE_WINDOW", "14"),
        ("WS_ECHO_MAX_MESSAGE_SIZE", "1"),
        ("WS_ECHO_MAX_MEMORY", "1MiB"),
        ("WS_ECHO_MAX_BACKLOG", "64KiB"),
        ("WS_ECHO_DRAIN_TIMEOUT", "1m"),
        ("WS_ECHO_DRAIN_SPREAD", "0"),
        ("WS_ECHO_LOG_LEVEL", "warn,mio=off"),
        ("WS_ECHO_LOG_MESSAGES", "yes"),
        ("WS_ECHO_LOG_FORMAT", "json"),
        ("WS_ECHO_LOG_FILE", "l,m"),
        ("WS_ECHO_RECORD", "/r"),
        ("WS_ECHO_RECORD_MAX_SIZE", "256KiB"),
        ("WS_ECHO_RECORD_MAX_FILES", "1"),
        ("WS_ECHO_SHOW_SECRETS", "true"),
    ];
    let expected = ServeOptions {
        listen: listen(&["127.0.0.1:0", "[::1]:1"]),
        tls: None,
        welcome: Welcome::Text("hi, you".into()),
        secrets: Secrets::Shown,
        paths: vec!["/a".into(), "/b".into()],
        has_page: false,
        test_path: None,
        max_push: 3,
        max_test_time: Duration::from_secs(120),
        origins: Origins::Any,
        max_connections: NonZeroUsize::new(9),
        max_connections_per_ip: NonZeroUsize::new(3),
        proxies: ProxyOptions {
            trusted: trusted(&["127.0.0.1/32"]),
            proxy_protocol: true,
            ipv6_prefix: 128,
        },
        subprotocols: vec!["chat".into()],
        threads: NonZeroUsize::MIN.saturating_add(2),
        buffer_len: 4_096,
        handshake_timeout: Duration::from_secs(1),
        close_timeout: Duration::from_secs(3_600),
        ping_interval: Some(Duration::from_secs(60)),
        ping_timeout: Duration::from_secs(5),
        stall_timeout: Some(Duration::from_secs(90)),
        deflate: DeflateMode::Unverified,
        deflate_window: Window::new(14).expect("a window"),
        max_message_len: 1,
        max_memory: 1 << 20,
        container_memory: None,
        max_backlog: 64 << 10,
        service_manager: None,
        drain: DrainOptions {
            spread: Duration::ZERO,
            timeout: Duration::from_secs(60),
            ..DRAIN
        },
        admin: AdminOptions {
            listen: Some(([127, 0, 0, 1], 9090).into()),
            watchdog: Duration::from_secs(3),
            health_path: Some("/healthz".into()),
        },
        log: LogOptions {
            filter: "warn,mio=off".parse().expect("a filter"),
            format: Format::Json,
            file: Some("l,m".into()),
            messages: true,
        },
        record: Some(RecordOptions {
            folder: "/r".into(),
            max_len: 256 << 10,
            max_files: NonZeroUsize::MIN,
        }),
    };
    assert_eq!(options(&[], &variables), expected);
    assert_eq!(options(&["serve"], &variables), expected);
}

#[test]
fn the_command_line_overrides_the_environment_even_a_wrong_variable() {
    let variables = [
        ("WS_ECHO_THREADS", "many"),
        ("WS_ECHO_LISTEN", "127.0.0.1:1"),
    ];
    for word in [&[][..], &["serve"]] {
        let arguments = [word, &["--threads", "5", "--listen", "127.0.0.1:2"]].concat();
        let options = options(&arguments, &variables);
        assert_eq!(options.threads.get(), 5);
        assert_eq!(options.listen, listen(&["127.0.0.1:2"]));
    }
}

#[test]
fn a_port_alone_is_listened_on_by_this_machine_only() {
    let listen = |arguments: &[&str], variables: &[_]| {
        options(arguments, variables)
            .listen
            .addresses()
            .collect::<Vec<_>>()
    };
    let expected = socket_addresses(&["127.0.0.1:8080", "[::1]:8080"]);
    for arguments in [
        &["--port", "8080"][..],
        &["-p", "8080"],
        &["serve", "-p8080"],
    ] {
        assert_eq!(listen(arguments, &[]), expected, "{arguments:?}");
    }
    for variable in ["WS_ECHO_PORT", "PORT"] {
        assert_eq!(listen(&[], &[(variable, "8080")]), expected, "{variable}");
        assert_eq!(listen(&["serve"], &[(variable, "8080")]), expected);
    }
    let everywhere = socket_addresses(&["0.0.0.0:8080"]);
    assert_eq!(listen(&["-l", "0.0.0.0:8080"], &[]), everywhere);
}

#[test]
fn what_says_more_precisely_where_to_listen_wins() {
    let listen = |arguments: &[&str], variables: &[_]| {
        options(arguments, variables)
            .listen
            .addresses()
            .collect::<Vec<_>>()
    };
    let (port, address) = (["--port=1"], ["--listen=127.0.0.1:2"]);
    let (at_1, at_2) = (
        socket_addresses(&["127.0.0.1:1", "[::1]:1"]),
        socket_addresses(&["127.0.0.1:2"]),
    );
    for wrong_or_valid in ["", "3", "http"] {
        let platform = ("PORT", wrong_or_valid);
        let (own_port, own_listen) = (("WS_ECHO_PORT", "1"), ("WS_ECHO_LISTEN", "127.0.0.1:2"));
        assert_eq!(listen(&port, &[platform, own_listen]), at_1);
        assert_eq!(listen(&address, &[platform, own_port]), at_2);
        assert_eq!(listen(&[], &[platform, own_port]), at_1);
        assert_eq!(listen(&[], &[platform, own_listen]), at_2);
    }
}

#[test]
fn a_port_and_an_address_exclude_each_other() {
    let message = refusal(&["--port=1", "--listen=127.0.0.1:2"], &[]);
    let expected = "the argument '--port <PORT>' cannot be used with '--listen <ADDRESS>'";
    assert_eq!(message, expected);
    let both = [("WS_ECHO_PORT", "1"), ("WS_ECHO_LISTEN", "127.0.0.1:2")];
    let expected = "the argument 'WS_ECHO_PORT' cannot be used with 'WS_ECHO_LISTEN'";
    assert_eq!(refusal(&[], &both), expected);
}

#[test]
fn a_wrong_port_is_an_error_that_names_the_option_or_the_variable() {
    for port in ["http", "65536", "-1", "+1", " 1", "0.0.0.0:3000"] {
        let message = refusal(&["--port", port], &[]);
        let expected =
            "write a port from 0 to 65535; an address is written as --listen 0.0.0.0:3000";
        let option = format!("invalid value '{port}' for '--port <PORT>': {expected}");
        assert_eq!(message, option);
        let message = refusal(&[], &[("WS_ECHO_PORT", port)]);
        assert!(
            message.contains("for 'WS_ECHO_PORT': write a port"),
            "{message}"
        );
        let message = refusal(&[], &[("PORT", port)]);
        let expected = format!(
            "invalid value '{port}' for 'PORT': write a port from 0 to 65535, or choose one with \
             --port"
        );
        assert_eq!(message, expected);
    }
}

#[test]
fn the_variables_of_a_service_of_kubernetes_are_not_ours() {
    let variables = [
        ("WS_ECHO_PORT", "tcp://10.0.0.1:3000"),
        ("WS_ECHO_PORT_3000_TCP", "tcp://10.0.0.1:3000"),
        ("WS_ECHO_PORT_3000_TCP_ADDR", "10.0.0.1"),
        ("WS_ECHO_SERVICE_HOST", "10.0.0.1"),
        ("WS_ECHO_SERVICE_PORT", "3000"),
        ("WS_ECHO_SERVICE_PORT_HTTP", "3000"),
        ("WS_ECHO_CHAT_PORT", "udp://10.0.0.1:3000"),
    ];
    assert_eq!(options(&[], &variables), options(&[], &[]));
    let environment = variables.into_iter().collect();
    assert_eq!(
        unknown_variables::warnings(&program(), &environment),
        [""; 0]
    );
}

#[test]
fn verbose_is_the_level_debug() {
    let debug: Filter = "debug".parse().expect("a level");
    let variables = [("WS_ECHO_LOG_LEVEL", "error"), ("RUST_LOG", "warn")];
    for arguments in [["-v"], ["--verbose"]] {
        assert_eq!(options(&arguments, &variables).log.filter, debug);
    }
    let log = options(&[], &[("WS_ECHO_VERBOSE", "1")]).log;
    assert_eq!(log.filter, debug);
    let message = refusal(&["-v", "--log-level=info"], &[]);
    assert!(message.contains("cannot be used with"), "{message}");
}

#[test]
fn a_number_with_a_sign_is_a_wrong_value() {
    for (option, advice) in [
        ("--threads", "write a whole number from 1 to 1024"),
        ("--close-timeout", "write a whole number and a unit"),
        ("--buffer", "write a whole number of bytes"),
        ("--port", "write a port from 0 to 65535"),
    ] {
        for value in ["-1", "-1s", "-p"] {
            let message = refusal(&[option, value], &[]);
            assert!(message.contains(&format!("invalid value '{value}' for '{option}")));
            assert!(message.contains(advice), "{message}");
        }
    }
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let names = "LISTEN WELCOME NO_WELCOME PATH SUBPROTOCOL THREADS BUFFER HANDSHAKE_TIMEOUT \
                 CLOSE_TIMEOUT PING_INTERVAL PING_TIMEOUT LOG_LEVEL LOG_MESSAGES";
    for name in names.split_whitespace() {
        let variable = format!("WS_ECHO_{name}");
        assert_eq!(
            options(&[], &[(&variable, "")]),
            options(&[], &[]),
            "{name}"
        );
    }
}

#[test]
fn a_wrong_variable_is_named_with_what_to_write() {
    assert_eq!(
        refusal(&["serve"], &[("WS_ECHO_THREADS", "0")]),
        "invalid value '0' for 'WS_ECHO_THREADS': write a whole number from 1 to 1024"
    );
    assert_eq!(
        refusal(&[], &[("WS_ECHO_LISTEN", "127.0.0.1:1,[::1]")]),
        "invalid value '[::1]' for 'WS_ECHO_LISTEN': write an IPv6 address in brackets and a \
         port, such as [::1]:3000"
    );
    assert_eq!(
        refusal(&[], &[("WS_ECHO_LOG_MESSAGES", "maybe")]),
        "invalid value 'maybe' for 'WS_ECHO_LOG_MESSAGES': write true or false"
    );
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_named() {
    use std::os::unix::ffi::OsStringExt;
    let value = OsString::from_vec(b"gr\xfc\xdfe".to_vec());
    let environment = [("WS_ECHO_WELCOME", value)].into_iter().collect();
    let error = parse_from([""; 0], &environment).expect_err("no UTF-8");
    assert_eq!(error.exit_code(), 2);
    let message = error.render().to_string();
    assert!(
        message.contains("for 'WS_ECHO_WELCOME': write valid UTF-8"),
        "{message}"
    );
}

#[test]
fn a_welcome_a_request_and_none_exclude_each_other() {
    let message = refusal(&["--welcome", "hi", "--no-welcome"], &[]);
    let expected = "the argument '--welcome <TEXT>' cannot be used with '--no-welcome'";
    assert_eq!(message, expected);
    for other in [&["--welcome", "hi"][..], &["--no-welcome"]] {
        let message = refusal(&[other, &["--welcome-request"]].concat(), &[]);
        let expected = "cannot be used with '--welcome-request'";
        assert!(message.ends_with(expected), "{message}");
    }
    let both = [("WS_ECHO_WELCOME", "hi"), ("WS_ECHO_NO_WELCOME", "true")];
    let message = refusal(&[], &both);
    let expected = "the argument 'WS_ECHO_WELCOME' cannot be used with 'WS_ECHO_NO_WELCOME'";
    assert_eq!(message, expected);
}

#[test]
fn a_flag_about_the_welcome_overrides_a_variable_about_it() {
    let said = options(&["--welcome", "hi"], &[("WS_ECHO_NO_WELCOME", "true")]);
    assert_eq!(said.welcome, Welcome::Text("hi".into()));
    let silent = options(&["--no-welcome"], &[("WS_ECHO_WELCOME", "hi")]);
    assert_eq!(silent.welcome, Welcome::None);
    let reporting = options(&["--welcome-request"], &[("WS_ECHO_WELCOME", "hi")]);
    assert_eq!(reporting.welcome, Welcome::Request);
    let said = options(&["--welcome", "hi"], &[("WS_ECHO_WELCOME_REQUEST", "true")]);
    assert_eq!(said.welcome, Welcome::Text("hi".into()));
    let said = options(&[], &[("WS_ECHO_NO_WELCOME", "false")]);
    assert_eq!(said, options(&[], &[]));
}

#[test]
fn a_welcome_has_at_most_1000_bytes_and_may_be_empty() {
    let longest = "ä".repeat(500);
    assert_eq!(
        options(&["--welcome", &longest], &[]).welcome,
        Welcome::Text(longest.clone())
    );
    assert_eq!(
        options(&["--welcome", ""], &[]).welcome,
        Welcome::Text(String::new())
    );
    let message = refusal(&["--welcome", &(longest + "a")], &[]);
    assert!(
        message.ends_with("the text has 1001 bytes; write at most 1000"),
        "{message}"
    );
}

#[test]
fn memory_must_suffice_for_a_buffer_in_each_thread() {
    let plain = ["--threads=4", "--deflate=off"];
    let message = |memory| refusal(&[&plain[..], &["--max-memory", memory]].concat(), &[]);
    let expected = "--max-memory is too small for --threads 4 and a --buffer of 65536 bytes: write \
                    at least 305KiB, or use fewer threads or a smaller buffer";
    assert_eq!(message("0"), expected);
    assert_eq!(message("304KiB"), expected);
    options(&[&plain[..], &["--max-memory=305KiB"]].concat(), &[]);
    options(&["--threads=1", "--deflate=off", "--max-memory=77KiB"], &[]);
    for mode in ["fresh", "window"] {
        let message = refusal(&["--max-memory=1", "--deflate", mode], &[]);
        let advice = "or use fewer threads, a smaller buffer or --deflate off";
        assert!(message.ends_with(advice), "{message}");
        options(
            &["--threads=1", "--max-memory=190KiB", "--deflate", mode],
            &[],
        );
    }
    let message = |memory| refusal(&["--max-memory", memory], &[]);
    assert!(message("1GB").ends_with("(not KB or MB), such as 512MiB"));
}

/// Returns the memory for buffers, and that of the container.
fn memory_in_container(limit: u64, arguments: &[&str]) -> (usize, Option<u64>) {
    let environment = Environment {
        memory_limit: Some(limit),
        ..Environment::default()
    };
    match parse_from(arguments, &environment) {
        Ok(Command::Serve(options)) => (options.max_memory, options.container_memory),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_default_of_memory_is_a_quarter_of_a_container_if_that_is_less() {
    let memory = |limit| memory_in_container(limit, &["--threads=2"]);
    assert_eq!(memory(64 << 20), (16 << 20, Some(64 << 20)));
    assert_eq!(
        memory((2 << 30) - 4),
        ((512 << 20) - 1, Some((2 << 30) - 4))
    );
    for much in [2 << 30, 1 << 40, u64::MAX] {
        assert_eq!(memory(much), (512 << 20, None), "{much}");
    }
    let chosen = ["--threads=2", "--max-memory=1GiB"];
    let expected = (1 << 30, Some(64 << 20));
    assert_eq!(memory_in_container(64 << 20, &chosen), expected);
}

#[test]
fn the_default_of_memory_in_a_small_container_lets_the_server_start() {
    let memory = |limit, threads| {
        let threads = format!("--threads={threads}");
        memory_in_container(limit, &[&threads, "--deflate=off"]).0
    };
    let one = memory(0, 1);
    assert!((70 << 10..80 << 10).contains(&one), "{one}");
    assert_eq!(memory(1 << 20, 1), 256 << 10);
    assert_eq!(memory(1 << 20, 64), 64 * one);
}

#[test]
fn the_limit_of_messages_is_not_zero() {
    let message = refusal(&["--max-message-size", "0"], &[]);
    assert!(message.ends_with("write at least 1"), "{message}");
}

#[test]
fn a_path_is_absolute_and_has_no_query() {
    let advice = |path| refusal(&["--path", path], &[]);
    assert!(advice("echo").ends_with("write a leading '/': /echo"));
    assert!(advice("").ends_with("write a leading '/': /"));
    assert!(advice("a ü?b").ends_with("write a leading '/': /a%20%C3%BC"));
    assert!(advice("/echo?a=b").ends_with("write only the path: /echo"));
    assert!(advice("/echo#top").ends_with("write only the path: /echo"));
    assert!(advice("/a b").ends_with("visible ASCII: /a%20b"));
    assert!(advice("/ä").ends_with("visible ASCII: /%C3%A4"));
}

#[test]
fn a_subprotocol_is_an_http_token() {
    for name in ["", "a b", "a,b", "chät", "\"chat\"", "a/b"] {
        let message = refusal(&["--subprotocol", name], &[]);
        assert!(message.contains("such as chat.v1"), "{message}");
    }
}

#[test]
fn the_flag_overrides_its_variable_and_that_overrides_rust_log() {
    let rust_log = ("RUST_LOG", "error");
    let variable = ("WS_ECHO_LOG_LEVEL", "warn");
    let log = |arguments: &[&str], variables: &[_]| options(arguments, variables).log.filter;
    let filter = |text: &str| text.parse::<Filter>().expect(text);
    assert_eq!(
        log(&["--log-level", "debug"], &[variable, rust_log]),
        filter("debug")
    );
    assert_eq!(log(&[], &[variable, rust_log]), filter("warn"));
    assert_eq!(log(&[], &[rust_log]), filter("error"));
    assert_eq!(log(&[], &[("RUST_LOG", "")]), filter("info"));
}

#[test]
fn a_wrong_rust_log_does_not_keep_the_server_from_starting() {
    let log = options(&[], &[("RUST_LOG", "loud,debug")]).log;
    assert_eq!(log.filter, Filter::parse_lenient("loud,debug"));
    let message = refusal(&["--log-level", "loud"], &[]);
    assert!(
        message.contains("for '--log-level <FILTER>': 'loud' is not a level"),
        "{message}"
    );
}

#[test]
fn a_limit_of_recordings_needs_recordings() {
    let recorded = options(&["--record", "d"], &[]).record.expect("recordings");
    assert_eq!(
        (recorded.max_len, recorded.max_files.get()),
        (16 << 20, 1000)
    );
    assert_eq!(
        refusal(&["--record-max-size", "1MiB"], &[]),
        "--record-max-size needs --record: name the folder too"
    );
    assert_eq!(
        refusal(&[], &[("WS_ECHO_RECORD_MAX_FILES", "5")]),
        "--record-max-files needs --record: name the folder too"
    );
    for (option, value, advice) in [
        ("--record-max-size", "255KiB", "write at least 256KiB"),
        ("--record-max-size", "1MB", "such as 16MiB"),
        ("--record-max-files", "0", "write"),
    ] {
        let message = refusal(&["--record", "d", option, value], &[]);
        assert!(
            message.contains(option) && message.contains(advice),
            "{message}"
        );
    }
}

#[test]
fn help_and_version_are_not_errors_even_in_a_wrong_environment() {
    assert_information("--help", "Usage: ws-echo [serve] [OPTIONS]");
    assert_information("serve --help", "Usage: ws-echo serve [OPTIONS]");
    for help in ["--help", "serve --help", "-h"] {
        assert_information(help, "--listen <ADDRESS>");
        assert_information(help, "Examples:");
        assert_information(help, "WS_ECHO_LISTEN");
        for target in [
            SERVER, CLIENT, FRAME, WIRE, MESSAGE, RECORD, LIMITS, TLS, ADMIN, LOG,
        ] {
            assert_information(help, &format!("\n  {target} "));
        }
    }
    assert_information("--version", env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_command_help_shows_the_help_of_a_command() {
    assert_information("help", "Usage: ws-echo [serve] [OPTIONS]");
    assert_information("help serve", "Usage: ws-echo serve [OPTIONS]");
    assert_information("help chat", "Usage: ws-echo chat [OPTIONS] <URL>");
    assert_information("help bench", "Usage: ws-echo bench [OPTIONS] <URL>");
    assert_information(
        "help replay",
        "Usage: ws-echo replay [OPTIONS] <FILE> <URL>",
    );
    assert!(refusal(&["help", "chatt"], &[]).contains("'chatt'"));
}

#[test]
fn unknown_options_and_words_are_rejected() {
    assert!(refusal(&["listen"], &[]).contains("'listen'"));
    assert!(refusal(&["--lisen", "x"], &[]).contains("'--lisen'"));
    assert!(refusal(&["serve", "now"], &[]).contains("'now'"));
    assert!(refusal(&["--threads", "1", "--threads", "2"], &[]).contains("multiple times"));
}
