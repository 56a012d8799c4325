//! The echo server.

use std::io::Write as _;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use super::conversation::{Conversation, Role};
use super::fault::{Fault, Faults};
use super::head::{Head, HeadError};
use super::input::Input;
use super::request;

/// How long a client may stay silent.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// How long a refused client may still send.
const PATIENCE: Duration = Duration::from_secs(1);

/// Starts a server on a port of its own, with at most one fault. It lasts as long as the process.
///
/// # Panics
///
/// If no port is free.
pub fn start(fault: Option<Fault>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream, fault));
        }
    });
    address
}

/// Serves one connection to its end, with at most one fault.
pub fn serve(stream: TcpStream, fault: Option<Fault>) {
    // The client may be gone at any time.
    let _ = converse(stream, Faults(fault));
}

fn converse(mut stream: TcpStream, faults: Faults) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    stream.set_read_timeout(Some(SILENCE_MAX)).ok()?;
    let mut input = Input::new(stream.try_clone().ok()?);
    let judged = match Head::read(&mut input, Role::Server, faults) {
        Ok(head) => request::judge(&head, faults),
        Err(HeadError::Ended) => return None,
        Err(HeadError::Malformed) => Err(request::refusal("400 Bad Request", "")),
        Err(HeadError::LongTarget) => Err(request::refusal("414 URI Too Long", "")),
        Err(HeadError::TooLong) => {
            let status = "431 Request Header Fields Too Large";
            Err(request::refusal(status, ""))
        }
    };
    let accepted = match judged {
        Ok(accepted) => accepted,
        Err(refusal) => {
            stream.write_all(refusal.as_bytes()).ok()?;
            stream.shutdown(Shutdown::Write).ok()?;
            stream.set_read_timeout(Some(PATIENCE)).ok()?;
            input.drain();
            return None;
        }
    };
    stream.write_all(accepted.response.as_bytes()).ok()?;
    if faults.has(Fault::LosesGluedFrames) {
        input.forget();
    }
    Conversation::new(input, stream, Role::Server, accepted.agreed, faults).run();
    Some(())
}
