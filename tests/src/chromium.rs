//! Chromium, without a display, on a page of the folder `peers` that talks to a server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use crate::peers;
use crate::programs::CHROMIUM;
use crate::server::PATIENCE;

/// Runs the sessions of Chromium with the server at a URL, if Chromium is installed. `extensions`
/// is what the server answers to Chromium's offer of compression.
///
/// # Panics
///
/// If an answer is wrong.
pub fn sessions(url: &str, extensions: &str) {
    if !CHROMIUM.is_there(&["--version"]) {
        return;
    }
    let page = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = page.local_addr().expect("it has an address");
    let name = format!("ws-echo-chromium-{}-{}", process::id(), address.port());
    let profile = env::temp_dir().join(name);
    let mut browser = CHROMIUM
        .command()
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ])
        .args([
            "--no-first-run",
            "--disable-background-networking",
            "--disable-sync",
        ])
        .arg("--disable-component-update")
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!(
            "http://{address}/?ws={url}&extensions={extensions}"
        ))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let result = serve_page(&page, &mut || {
        browser.try_wait().expect("it can be waited for").is_none()
    });
    let _ = browser.kill();
    let _ = browser.wait();
    let _ = fs::remove_dir_all(profile);
    assert_eq!(result, "ok");
}

/// Serves the page until it reports its result, for as long as the browser runs.
fn serve_page(listener: &TcpListener, is_running: &mut dyn FnMut() -> bool) -> String {
    listener.set_nonblocking(true).expect("it can");
    let start = Instant::now();
    while is_running() && start.elapsed() < 3 * PATIENCE {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        // A browser opens connections that it does not use.
        stream.set_nonblocking(false).expect("it can");
        stream
            .set_read_timeout(Some(Duration::from_secs(1)))
            .expect("it can");
        if let Some(result) = answer_browser(&stream) {
            return result;
        }
    }
    "no result came from the page".into()
}

/// Answers one request. Returns its body, if that is the page's result.
fn answer_browser(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let is_result = line.starts_with("POST /result ");
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
    let page = fs::read_to_string(peers::file("browser.html")).expect("it is there");
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close";
    let mut stream = stream;
    write!(
        stream,
        "{head}\r\nContent-Length: {}\r\n\r\n{page}",
        page.len()
    )
    .ok()?;
    is_result.then(|| String::from_utf8_lossy(&body).into_owned())
}
