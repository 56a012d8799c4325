//! Chromium, without a display, on a page of the folder `peers` that talks to a server.

use std::env;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::peers;
use crate::programs::CHROMIUM;
use crate::server::PATIENCE;

const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
];

/// Runs the sessions of Chromium with the server at a URL, if Chromium is installed. `extensions`
/// is what the server answers to Chromium's offer of compression.
///
/// # Panics
///
/// If an answer is wrong.
pub fn sessions(url: &str, extensions: &str) {
    let query = format!("ws={url}&extensions={extensions}");
    if let Some(result) = result_of("browser.html", &query) {
        assert_eq!(result, "ok");
    }
}

/// What a page of the folder `peers` posts to `/result`, if Chromium is installed. The page's own
/// origin is none of the servers that it connects to.
///
/// # Panics
///
/// If it cannot be started.
pub fn result_of(page: &str, query: &str) -> Option<String> {
    if !CHROMIUM.is_there(&["--version"]) {
        return None;
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let profile = format!("ws-echo-chromium-{}-{}", std::process::id(), address.port());
    let profile = env::temp_dir().join(profile);
    let mut browser = CHROMIUM
        .command()
        .args(FLAGS)
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("http://{address}/{page}?{query}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it can be started");
    let result = serve(&listener, &mut || matches!(browser.try_wait(), Ok(None)));
    let _ = browser.kill();
    let _ = browser.wait();
    let _ = std::fs::remove_dir_all(profile);
    Some(result)
}

/// Serves the page until it reports its result, for as long as the browser runs.
fn serve(listener: &TcpListener, is_running: &mut dyn FnMut() -> bool) -> String {
    listener.set_nonblocking(true).expect("it can");
    let start = Instant::now();
    while is_running() && start.elapsed() < 3 * PATIENCE {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        // A browser opens connections that it does not use.
        stream.set_nonblocking(false).expect("it can");
        let second = Some(Duration::from_secs(1));
        stream.set_read_timeout(second).expect("it can");
        if let Some(result) = answer(&stream) {
            return result;
        }
    }
    "no result came from the page".into()
}

/// Answers one request. Returns its body, if that is the page's result.
fn answer(mut stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.strip_prefix('/')?;
    let name = path.split('?').next()?;
    let mut len = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            len = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; len];
    reader.read_exact(&mut body).ok()?;
    let content = std::fs::read_to_string(peers::file(name)).unwrap_or_default();
    let kind = match name.rsplit_once('.') {
        Some((_, "mjs")) => "text/javascript",
        _ => "text/html; charset=utf-8",
    };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{content}",
        content.len()
    )
    .ok()?;
    (name == "result").then(|| String::from_utf8_lossy(&body).into_owned())
}
