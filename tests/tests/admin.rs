//! The admin listener, health checks where clients connect, and `ws-echo healthcheck`.

use std::io::Read;
use std::net::TcpListener;
use std::thread;

use ws_echo_tests::admin::{server, wait_for};
use ws_echo_tests::http_answer::{Answer, plain};
use ws_echo_tests::scripted_client::{Client, End, request};
use ws_echo_tests::server::{PATIENCE, Server, command, free_address, run};
use ws_echo_tests::tls::certificate::self_signed;
use ws_echo_tests::wire::{Frame, TEXT, masked};

/// Sends a text, and receives its echo.
fn echo(client: &mut Client, text: &str) {
    client.send(masked(TEXT, text));
    assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, text)));
}

mod listener {
    use super::*;

    #[test]
    fn answers_get_and_head_and_says_what_there_is() {
        let (_server, admin) = server(&[]);
        for (path, status, content) in [
            ("/livez", "200", "ok\n"),
            ("/readyz", "200", "ok\n"),
            ("/readyz?verbose", "200", "ok\n"),
            ("http://localhost/livez", "200", "ok\n"),
            ("/", "200", "/livez\n/readyz\n/metrics\n/connections\n"),
            (
                "/livez/",
                "404",
                "there is nothing here: / lists what there is\n",
            ),
            (
                "/LIVEZ",
                "404",
                "there is nothing here: / lists what there is\n",
            ),
        ] {
            let answer = Answer::at(admin, plain("GET", path));
            assert_eq!(
                (answer.status(), &*answer.content),
                (status, content),
                "{path}"
            );
            assert_eq!(answer.header("Connection"), Some("close"));
            assert_eq!(answer.header("Cache-Control"), Some("no-store"));
            let head = Answer::at(admin, plain("HEAD", path));
            assert_eq!((&*head.head, &*head.content), (&*answer.head, ""), "{path}");
            let old = Answer::at(admin, format!("GET {path} HTTP/1.0\r\n\r\n"));
            let expected = answer.head.replace("HTTP/1.1", "HTTP/1.0");
            assert_eq!(
                (old.head, old.content),
                (expected, answer.content),
                "{path}"
            );
        }
        let upgrade = Answer::at(admin, request("/livez"));
        assert_eq!((upgrade.status(), &*upgrade.content), ("200", "ok\n"));
    }

    #[test]
    fn refuses_what_is_no_such_request() {
        let (_server, admin) = server(&[]);
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "get"] {
            let answer = Answer::at(admin, plain(method, "/livez"));
            assert_eq!(answer.status(), "405", "{method}");
            assert_eq!(answer.header("Allow"), Some("GET, HEAD"), "{method}");
        }
        let long = format!(
            "GET /livez HTTP/1.1\r\nHost: a\r\nA: {}\r\n\r\n",
            "x".repeat(9000)
        );
        for (request, status) in [
            ("GET /livez HTTP/1.1\r\n\r\n", "400"),
            (
                "GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
                "400",
            ),
            ("GET /livez\r\n\r\n", "400"),
            ("POST /livez HTTP/1.0\r\n\r\n", "405"),
            (
                "GET /livez HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello",
                "400",
            ),
            ("GET /livez HTTP/2.0\r\n\r\n", "505"),
            ("\x16\x03\x01\x02\x00\n", "400"),
            (&long, "431"),
        ] {
            let answer = Answer::at(admin, request);
            assert_eq!(answer.status(), status, "{}", request.escape_debug());
            let version = if request.contains("HTTP/1.0") {
                "HTTP/1.0"
            } else {
                "HTTP/1.1"
            };
            assert_eq!(answer.version(), version, "{}", request.escape_debug());
        }
    }

    #[test]
    fn takes_a_request_byte_by_byte_and_what_follows_it() {
        let (_server, admin) = server(&[]);
        let mut client = Client::connect(admin);
        for byte in plain("GET", "/livez").bytes() {
            client.send([byte]);
        }
        assert!(client.receive_head().starts_with("HTTP/1.1 200 "));
        assert_eq!(client.receive_rest(), b"ok\n");
        // One request is answered, and what is behind it does not reset the connection.
        let both = plain("GET", "/livez") + &plain("GET", "/readyz").repeat(100);
        let mut client = Client::connect(admin);
        client.send(both);
        assert!(client.receive_head().starts_with("HTTP/1.1 200 "));
        assert_eq!(client.receive_to_the_end(), (b"ok\n".to_vec(), End::Fin));
    }

    #[test]
    fn ends_connections_that_say_nothing_or_do_not_end() {
        let (_server, admin) = server(&[]);
        let mut silent = Client::connect(admin);
        let mut half = Client::connect(admin);
        half.send("GET /livez");
        let mut done = Client::connect(admin);
        done.send(plain("GET", "/livez"));
        // Its answer is complete, but it has not ended its side.
        assert!(done.receive_rest().ends_with(b"ok\n"));
        assert_eq!(silent.receive_rest(), b"");
        assert_eq!(half.receive_rest(), b"");
        while done.try_send("x") {
            thread::yield_now();
        }
    }

    #[test]
    fn is_there_while_others_hold_half_requests_and_no_client_notices() {
        let (server, admin) = server(&[]);
        let mut client = Client::greeted(server.address);
        let request = plain("GET", "/livez");
        let mut halves = Vec::new();
        for index in 0..200 {
            let mut half = Client::connect(admin);
            half.try_send(&request[..index % request.len()]);
            halves.push(half);
            if index % 20 == 0 {
                echo(&mut client, &index.to_string());
                assert_eq!(Answer::at(admin, &request).status(), "200");
            }
        }
        // The first ones had to give way long ago.
        assert_eq!(halves[0].receive_rest(), b"");
        echo(&mut client, "still here");
        assert_eq!(
            Answer::at(server.address, plain("GET", "/")).status(),
            "200"
        );
    }

    #[test]
    fn survives_a_flood_of_whole_requests() {
        let (server, admin) = server(&[]);
        let mut client = Client::greeted(server.address);
        let floods: Vec<_> = (0..4)
            .map(|_| {
                thread::spawn(move || {
                    for _ in 0..500 {
                        let mut flood = Client::connect(admin);
                        flood.try_send(plain("GET", "/readyz").repeat(3));
                    }
                })
            })
            .collect();
        for index in 0..100 {
            echo(&mut client, &index.to_string());
        }
        for flood in floods {
            flood.join().expect("it connects");
        }
        wait_for(admin, "/readyz", "200");
    }

    #[test]
    fn must_have_an_address_that_is_free() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("an address").to_string();
        let mut server = command(["--listen=127.0.0.1:0", "--admin-listen", &address]);
        let (status, _, log) = run(&mut server).expect("it runs");
        assert_eq!(status.code(), Some(1));
        let expected = format!(
            "cannot listen on {address}: address in use; choose another with --admin-listen"
        );
        assert!(log.contains(&expected), "{log}");
    }

    #[test]
    fn warns_if_other_machines_reach_it() {
        let server = Server::start(&["--admin-listen", "0.0.0.0:0"]);
        let warning = server.logged("WARN");
        assert!(
            warning.contains("other machines can ask how this server is"),
            "{warning}"
        );
    }
}

#[cfg(unix)]
mod unix_socket {
    use std::fs;
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
    use std::path::{Path, PathBuf};

    use super::*;

    /// The path of a socket that is not there.
    fn path(name: &str) -> PathBuf {
        let path = ws_echo_tests::server::folder().join(name);
        let _ = fs::remove_file(&path);
        path
    }

    fn flag(path: &Path) -> String {
        format!("--admin-listen=unix:{}", path.display())
    }

    fn get(path: &Path, request: &str) -> String {
        let mut client = Client::connect_unix(path);
        client.send(request);
        client.receive_head() + &String::from_utf8_lossy(&client.receive_rest())
    }

    #[test]
    fn answers_as_an_address_does_and_is_removed_at_the_end() {
        let path = path("admin.sock");
        let mut server = Server::start(&[&flag(&path)]);
        server.logged("health checks and metrics on unix:");
        let file = fs::symlink_metadata(&path).expect("a file");
        assert!(file.file_type().is_socket());
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
        for asked in ["/livez", "/readyz"] {
            let answer = get(&path, &plain("GET", asked));
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
            assert!(answer.ends_with("\r\n\r\nok\n"), "{answer}");
        }
        let mut second = command(["--listen=127.0.0.1:0", &flag(&path)]);
        let (status, _, log) = run(&mut second).expect("it runs");
        assert_eq!(status.code(), Some(1));
        assert!(
            log.contains("address in use; choose another with --admin-listen"),
            "{log}"
        );
        server.ask_to_stop();
        assert!(server.wait().success());
        assert!(!path.exists());
        assert!(!server.log().contains("WARN"), "{}", server.log());
    }

    #[test]
    fn does_not_replace_a_file_that_is_no_socket() {
        let path = path("admin.txt");
        fs::write(&path, "precious").expect("a file");
        let mut server = command(["--listen=127.0.0.1:0", &flag(&path)]);
        let (status, _, log) = run(&mut server).expect("it runs");
        assert_eq!(status.code(), Some(1));
        assert!(log.contains("a file is there that is no socket"), "{log}");
        assert_eq!(fs::read(&path).expect("it is there"), b"precious");
    }
}

mod readiness {
    use super::*;

    #[test]
    fn ends_at_the_limit_of_connections() {
        let (server, admin) = server(&["--max-connections", "2"]);
        let first = Client::greeted(server.address);
        assert_eq!(wait_for(admin, "/readyz", "200").content, "ok\n");
        let second = Client::greeted(server.address);
        let answer = Answer::at(admin, plain("GET", "/readyz"));
        assert_eq!(answer.status(), "503");
        assert_eq!(
            answer.content,
            "full: there are 2 connections (--max-connections)\n"
        );
        assert_eq!(Answer::at(admin, plain("GET", "/livez")).status(), "200");
        drop((first, second));
        wait_for(admin, "/readyz", "200");
    }

    #[test]
    fn ends_when_the_server_is_told_to_stop() {
        let (mut server, admin) = server(&["--drain-timeout", "1m"]);
        let mut client = Client::greeted(server.address);
        // The server waits for the end of this message.
        client.send(masked(TEXT & 0x0F, "unfinished"));
        client.receive_frame();
        server.ask_to_stop();
        let answer = wait_for(admin, "/readyz", "503");
        assert_eq!(answer.content, "draining: the server stops\n");
        assert_eq!(Answer::at(admin, plain("GET", "/livez")).status(), "200");
        drop(client);
        assert!(server.wait().success());
    }
}

mod health_path {
    use super::*;

    #[test]
    fn is_answered_where_clients_connect() {
        let arguments = ["--health-path", "/healthz", "--path", "/echo"];
        let server = Server::start(&arguments);
        for path in [
            "/healthz",
            "/healthz/",
            "/healthz/livez",
            "/healthz/readyz?a",
        ] {
            for request in [
                plain("GET", path),
                plain("OPTIONS", path),
                format!("GET {path} HTTP/1.0\r\n\r\n"),
                format!("OPTIONS {path} HTTP/1.0\r\n\r\n"),
            ] {
                let answer = Answer::to(&server, &request);
                assert_eq!(
                    (answer.status(), &*answer.content),
                    ("200", "ok\n"),
                    "{request}"
                );
            }
            let head = Answer::to(&server, plain("HEAD", path));
            assert_eq!((head.status(), &*head.content), ("200", ""), "{path}");
            assert_eq!(head.header("Content-Length"), Some("3"));
            assert_eq!(Answer::to(&server, plain("POST", path)).status(), "405");
            assert_eq!(Answer::to(&server, request(path)).status(), "404");
        }
        for path in [
            "/livez",
            "/healthz/metrics",
            "/healthzlivez",
            "/healthz/livez/",
        ] {
            assert_eq!(
                Answer::to(&server, plain("GET", path)).status(),
                "404",
                "{path}"
            );
        }
    }

    #[test]
    fn may_be_the_root_which_stays_the_page() {
        let server = Server::start(&["--health-path", "/"]);
        for path in ["/livez", "/readyz"] {
            assert_eq!(Answer::to(&server, plain("GET", path)).content, "ok\n");
        }
        assert!(
            Answer::to(&server, plain("GET", "/"))
                .content
                .contains("<html")
        );
        assert_eq!(Answer::to(&server, request("/readyz")).status(), "101");
    }

    #[test]
    fn is_not_there_unless_asked_for() {
        let server = Server::start(&["--path", "/echo"]);
        for path in ["/livez", "/readyz"] {
            assert_eq!(Answer::to(&server, plain("GET", path)).status(), "404");
        }
    }
}

mod haproxy {
    use std::time::Instant;

    use ws_echo_tests::proxies::haproxy_with;

    use super::*;

    /// How the answer begins that HAProxy gives while it has no server.
    const NO_SERVER: &str = "<html><body><h1>503 Service Unavailable</h1>";

    /// Otherwise HAProxy keeps the connection.
    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    /// Asks through HAProxy until the content begins with this.
    fn wait_for(proxy: &Server, content: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = Answer::to(proxy, REQUEST);
            if answer.content.starts_with(content) {
                return;
            }
            assert!(Instant::now() < deadline, "{answer:?}");
        }
    }

    /// The check must find the server up, and down while it is full.
    fn assert_checks(name: &str, check: &str) {
        let limits = ["--max-connections=3", "--handshake-timeout=1h"];
        let server = Server::start(&[&["--health-path=/healthz"], &limits[..]].concat());
        let words = "check inter 100ms fall 1 rise 1";
        let Some(proxy) = haproxy_with(name, &server, check, words) else {
            return;
        };
        wait_for(&proxy, "<!doctype html>");
        // One of its checks may be among them.
        let clients = [(); 8].map(|()| Client::connect(server.address));
        wait_for(&proxy, NO_SERVER);
        drop(clients);
        wait_for(&proxy, "<!doctype html>");
        if check == "option httpchk" {
            server.logged("methods sent");
        }
    }

    #[test]
    fn finds_the_server_healthy_by_its_default_check() {
        assert_checks("default-check", "option httpchk");
    }

    #[test]
    fn finds_the_server_healthy_by_the_health_path() {
        assert_checks("options-check", "option httpchk OPTIONS /healthz");
        assert_checks("get-check", "option httpchk GET /healthz/readyz");
    }
}

mod healthcheck {
    use super::*;

    /// Runs the command: its exit status, and what it prints.
    fn check(arguments: &[&str]) -> (Option<i32>, String, String) {
        let all = [&["healthcheck"], arguments].concat();
        let (status, output, errors) = run(&mut command(all)).expect("it runs");
        (status.code(), output, errors)
    }

    fn assert_unhealthy(arguments: &[&str], reason: &str) {
        let (status, output, errors) = check(arguments);
        assert_eq!((status, &*output), (Some(1), ""), "{errors}");
        assert!(errors.contains(reason), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }

    #[test]
    fn finds_a_server_healthy_that_echoes() {
        for arguments in [&[][..], &["--no-welcome"], &["--welcome-request"]] {
            let server = Server::start(arguments);
            let url = server.url("/");
            let healthy = (Some(0), format!("{url}: it echoes\n"), String::new());
            assert_eq!(check(&[&url]), healthy);
            assert!(server.logged("client disconnected").contains("with 1000"));
        }
    }

    #[test]
    fn finds_a_server_healthy_that_answers_200() {
        let (server, admin) = server(&["--max-connections", "1"]);
        for path in ["livez", "readyz", ""] {
            let url = format!("http://{admin}/{path}");
            let healthy = (Some(0), format!("{url}: it answers 200\n"), String::new());
            assert_eq!(check(&[&url]), healthy);
        }
        assert_unhealthy(
            &[&format!("http://{admin}/metric")],
            "404 Not Found: there is nothing",
        );
        let _client = Client::greeted(server.address);
        let url = format!("http://{admin}/readyz");
        assert_unhealthy(
            &[&url],
            "503 Service Unavailable: full: there are 1 connection",
        );
    }

    #[test]
    fn speaks_tls() {
        let (server, certificate) = self_signed("healthcheck", &["--health-path=/health"]);
        let certificate = certificate.to_str().expect("UTF-8");
        let port = server.address.port();
        for (url, done) in [
            (format!("wss://localhost:{port}"), "it echoes"),
            (format!("https://localhost:{port}/health"), "it answers 200"),
        ] {
            let healthy = (Some(0), format!("{url}: {done}\n"), String::new());
            assert_eq!(check(&["--ca", certificate, &url]), healthy);
            assert_eq!(check(&["--insecure", &url]), healthy);
            assert_unhealthy(&[&url], "certificate");
        }
        assert_unhealthy(
            &[&format!("http://localhost:{port}/health")],
            "400 Bad Request",
        );
    }

    #[test]
    fn knows_the_server_that_the_same_variables_would_start() {
        let server = Server::start(&["--path", "/echo"]);
        let mut check = command(["healthcheck"]);
        check.env("WS_ECHO_LISTEN", server.address.to_string());
        check.env("WS_ECHO_PATH", "/echo");
        let (status, output, _) = run(&mut check).expect("it runs");
        assert!(status.success(), "{output}");
        assert_eq!(output, format!("{}: it echoes\n", server.url("/echo")));
    }

    #[test]
    fn finds_what_is_wrong_with_a_server() {
        let nobody = free_address();
        for scheme in ["ws", "http"] {
            assert_unhealthy(&[&format!("{scheme}://{nobody}/")], "cannot connect to");
        }
        let server = Server::start(&["--path", "/echo"]);
        assert_unhealthy(&[&server.url("/")], "the server refused: 404 Not Found");
        assert_unhealthy(
            &[&server.url("/test?drop=every:1"), "--timeout=1s"],
            "no echo within 1 s",
        );
        assert_unhealthy(&[&server.url("/test?close=1011")], "closed with 1011");
    }

    #[test]
    fn does_not_wait_for_ever_for_a_server_that_says_nothing() {
        let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = silent.local_addr().expect("an address");
        for (scheme, reason) in [
            ("ws", "no response to the handshake within"),
            ("http", "no response within 300 ms (--timeout)"),
        ] {
            let url = format!("{scheme}://{address}/");
            assert_unhealthy(&["--timeout=300ms", &url], reason);
        }
    }

    #[test]
    fn does_not_print_or_believe_what_is_no_http() {
        let strange = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = strange.local_addr().expect("an address");
        thread::spawn(move || {
            for stream in strange.incoming() {
                let mut client = stream.expect("a client");
                let _ = client.read(&mut [0; 1024]);
                let _ = std::io::Write::write_all(&mut client, b"SSH-2.0 \x1b[31m 200\r\n");
            }
        });
        assert_unhealthy(
            &[&format!("http://{address}/")],
            "no HTTP: SSH-2.0 \\u{1b}[31m 200",
        );
    }

    #[test]
    fn says_what_to_write_instead() {
        for (url, advice) in [
            (
                "127.0.0.1:3000",
                "write the scheme too: ws://127.0.0.1:3000",
            ),
            ("ftp://a", "write another scheme: ws://a"),
            ("http://a/#b", "leave out the fragment: http://a/"),
        ] {
            let (status, _, errors) = check(&[url]);
            assert_eq!(status, Some(2), "{errors}");
            assert!(errors.contains(advice), "{errors}");
        }
    }
}
