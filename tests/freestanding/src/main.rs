//! The core without std, and the proof that no panic can be reached in it: the panic handler calls
//! a function that does not exist, so this program links only if the handler is dead code.
//!
//! It is linked, never run. `.ci/no-std` builds it at several levels of optimisation, for this
//! machine and for microcontrollers.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use ws_echo_core::{
    Acceptance, Agreed, Buffer, Client, ClientHandshake, ClientRequest, CloseCode, Connection,
    Deflate, DeflateOffer, Event, Exchange, Fin, HttpResponse, Inflate, Kind, Message,
    MessageBuffer, Progress, ProtocolError, Refusal, Role, ServerHandshake, Storage, Window,
};

/// Where masking keys come from.
type NextKey = fn() -> [u8; 4];

/// The size of an open connection. (On a 64-bit machine it is larger.)
#[used]
static STATE_OF_AN_OPEN_CONNECTION: Connection = Connection::server(Agreed::NOTHING);
const MAX_LEN: usize = if size_of::<usize>() == 4 { 192 } else { 256 };
const _: () = assert!(size_of::<Connection>() <= MAX_LEN);
const _: () = assert!(size_of::<Connection<Client<NextKey>>>() <= MAX_LEN);

/// The size of an inflater with the smallest window that all clients have.
#[used]
static INFLATER_OF_MESSAGES: Inflate<512> = Inflate::new();
const _: () = assert!(size_of::<Inflate<512>>() <= 512 + 1100);

unsafe extern "C" {
    fn a_panic_is_reachable() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    unsafe { a_panic_is_reachable() }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut handshake = ServerHandshake::<1024>::new();
    let mut older_handshake = ServerHandshake::<1024, true>::with_http_1_0();
    let mut connection = Connection::server(Agreed::NOTHING);
    let request = ClientRequest {
        origin: black_box(None),
        subprotocols: black_box(&["chat"]),
        deflate: Some(DeflateOffer::new(black_box(Deflate {
            server: Window::MAX,
            client: Window::MAX,
        }))),
        headers: black_box(&[("a", "b")]),
        ..ClientRequest::new(black_box("localhost"), black_box("/"))
    };
    let Ok(mut client_handshake) = ClientHandshake::<1024>::new(request, black_box([0; 16])) else {
        loop {}
    };
    let mut client = Connection::client(
        black_box(Agreed::NOTHING),
        (|| black_box([0; 4])) as NextKey,
    );
    let mut storage = [0; 1024];
    let mut buffer = Buffer::new([0; 1024]);
    let mut smallest = Inflate::<256>::new();
    let mut largest = Inflate::<{ 32 << 10 }>::new();
    loop {
        inflate(&mut smallest);
        inflate(&mut largest);
        let lent = storage.get_mut(..black_box(0)).unwrap_or_default();
        let mut lent = Buffer::for_pieces(lent);
        serve(&mut handshake, &mut connection, &mut buffer);
        serve(&mut handshake, &mut connection, &mut lent);
        serve(&mut older_handshake, &mut connection, &mut buffer);
        serve(&mut older_handshake, &mut connection, &mut lent);
        connect(&mut client_handshake, &mut client, &mut buffer);
        connect(&mut client_handshake, &mut client, &mut lent);
    }
}

/// Everything that a server's driver can do, in an order unknown to the compiler.
fn serve<S: Storage, const HTTP_1_0: bool>(
    handshake: &mut ServerHandshake<1024, HTTP_1_0>,
    connection: &mut Connection,
    buffer: &mut Buffer<S>,
) {
    black_box(buffer.spare_mut());
    buffer.commit(black_box(0));
    match handshake.advance(buffer) {
        Ok(Progress::Request) if black_box(true) => {
            handshake.refuse(Refusal::NotFound, black_box(""));
        }
        Ok(Progress::Request) if black_box(true) => {
            let response = HttpResponse {
                headers: black_box(&[("a", "b")]),
                content_type: black_box(None),
                content_len: black_box(0),
                ..HttpResponse::new(black_box("403 Forbidden"))
            };
            black_box(handshake.respond(&response).is_ok());
        }
        Ok(Progress::Request) => {
            let request = handshake.request();
            black_box((request.path(), request.query()));
            black_box(request.subprotocols().next());
            black_box((request.is_for_websocket(), handshake.check().is_ok()));
            let deflate = request.deflate(black_box(Window::MAX));
            let accepted = handshake.accept(Acceptance {
                subprotocol: Some(black_box("chat")),
                deflate: deflate.as_ref(),
                greeting: Some(Message::Text("hello")),
            });
            black_box(accepted.is_ok());
        }
        progress => drop(black_box(progress)),
    }
    handshake.explain(black_box(""));
    connection.reuse(black_box(Agreed::NOTHING));
    if black_box(true) {
        black_box(connection.exchange(buffer).echo_whole_messages());
    }
    exchange(connection.exchange(buffer));
    transmit(connection, buffer);
}

/// Everything that a client's driver can do.
fn connect<S: Storage>(
    handshake: &mut ClientHandshake<'_>,
    connection: &mut Connection<Client<NextKey>>,
    buffer: &mut Buffer<S>,
) {
    black_box(buffer.spare_mut());
    buffer.commit(black_box(0));
    black_box(handshake.advance(buffer).is_ok());
    black_box(handshake.subprotocol());
    let response = handshake.response();
    black_box((response.status(), response.reason()));
    black_box(response.headers(black_box("location")).next());
    exchange(connection.exchange(buffer));
    transmit(connection, buffer);
}

fn exchange<S: Storage, R: Role>(mut exchange: Exchange<'_, S, R>) {
    let mut message = MessageBuffer::new(black_box([0; 64]));
    let mut inflate = Inflate::<256>::new();
    loop {
        match exchange.next_event() {
            Ok(Some(Event::Data(chunk))) => {
                black_box((exchange.bytes(&chunk), exchange.text(&chunk)));
                black_box((chunk.kind(), chunk.is_compressed()));
                black_box(exchange.gather(&chunk, &mut message).is_ok());
                let gathered = exchange.gather_inflated(&chunk, &mut inflate, &mut message);
                black_box(gathered.is_ok());
                exchange.echo(chunk);
            }
            Ok(None) => break,
            event => drop(black_box((event, exchange.control_payload()))),
        }
    }
    black_box(exchange.send(Message::Binary(black_box(&[0; 20]))).is_ok());
    let message = black_box(Message::Text("hello"));
    let rest = exchange.send_up_to(black_box(exchange.room()), message);
    black_box(rest.is_ok());
    let fragment = Message::Text(black_box("hello"));
    black_box(
        exchange
            .send_fragment(fragment, black_box(Fin::More))
            .is_ok(),
    );
    let compressed = exchange.send_compressed(Kind::Text, black_box(&[0]), black_box(Fin::More));
    black_box(compressed.is_ok());
    black_box(exchange.ping(black_box(&[])).is_ok());
    black_box(exchange.pong(black_box(&[])).is_ok());
    let code = CloseCode::new(black_box(1000)).unwrap_or(CloseCode::NORMAL);
    black_box(exchange.close(code, black_box("")).is_ok());
    if black_box(false) {
        exchange.fail(ProtocolError::InvalidCompression);
    }
}

fn inflate<const LEN: usize>(inflate: &mut Inflate<LEN>) {
    let mut bytes = black_box(&[0; 20][..]);
    while let Ok(Some(piece)) = inflate.piece(&mut bytes) {
        black_box(piece);
    }
    black_box(inflate.end_message().is_ok());
    inflate.reset();
}

fn transmit<S: Storage, R: Role>(connection: &Connection<R>, buffer: &mut Buffer<S>) {
    black_box((connection.is_done(), connection.awaits_room()));
    black_box(connection.close_reason());
    let len = black_box(buffer.ready()).len();
    buffer.consume(len);
}
