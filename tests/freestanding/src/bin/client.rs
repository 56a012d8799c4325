//! What a device needs from the core to talk to a server, and nothing else: `.ci/figures` measures
//! its flash. Like `main.rs`, it links only if no panic can be reached.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use ws_echo_core::{
    Buffer, Client, ClientHandshake, ClientRequest, CloseCode, Connection, Event, Message, Progress,
};

unsafe extern "C" {
    fn a_panic_is_reachable() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    unsafe { a_panic_is_reachable() }
}

/// A connection of this device.
pub enum Line<'a> {
    /// The server has not answered the request.
    Handshake(ClientHandshake<'a>),
    /// It is open.
    Open(Connection<Client<fn() -> [u8; 4]>>),
}

/// The request of a line that was not used.
#[unsafe(no_mangle)]
fn connect<'a>(host: &'a str, nonce: [u8; 16]) -> Option<Line<'a>> {
    let request = ClientRequest::new(host, "/");
    ClientHandshake::new(request, nonce)
        .ok()
        .map(Line::Handshake)
}

/// Exchanges messages with the server through a lent buffer that holds `received` bytes; sends
/// `report`, and passes received messages to `show`. Returns whether the connection is over.
#[unsafe(no_mangle)]
fn _start(
    line: &mut Line<'_>,
    next_key: fn() -> [u8; 4],
    storage: &mut [u8],
    received: usize,
    report: Option<&str>,
    show: fn(&str),
) -> bool {
    let mut buffer = Buffer::for_pieces(storage);
    black_box(buffer.spare_mut());
    buffer.commit(received);
    if let Line::Handshake(handshake) = line {
        match handshake.advance(&mut buffer) {
            Ok(Progress::Open(agreed)) => *line = Line::Open(Connection::client(agreed, next_key)),
            Ok(_) => {}
            Err(_) => return true,
        }
    }
    if let Line::Open(connection) = line {
        talk(connection, &mut buffer, report, show);
    }
    black_box((buffer.ready(), buffer.received()));
    matches!(line, Line::Open(connection) if connection.is_done())
}

fn talk(
    connection: &mut Connection<Client<fn() -> [u8; 4]>>,
    buffer: &mut Buffer<&mut [u8]>,
    report: Option<&str>,
    show: fn(&str),
) {
    let mut exchange = connection.exchange(buffer);
    loop {
        match exchange.next_event() {
            Ok(Some(Event::Data(chunk))) => show(exchange.text(&chunk).unwrap_or_default()),
            Ok(None) => break,
            _ => {}
        }
    }
    let _ = match report {
        Some(text) => exchange.send(Message::Text(text)),
        None => exchange.close(CloseCode::NORMAL, ""),
    };
}
