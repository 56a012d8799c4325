//! The values that are logged: one of each type, and each field that a type can have.

use ws_echo_core::{
    Agreed, Buffer, ClientRequestError, CloseCode, Connection, Deflate, Event, Fin, GatherError,
    HttpResponseError, Kind, MessageTooLong, Messages, Progress, ProtocolError, Refusal,
    ResponseError, SendError, Server, SyntaxError, Window,
};

/// Logs each value by the macro `log`, which the program has.
pub fn log_each() {
    log!(ProtocolError::Unmasked);
    log!(ProtocolError::ReservedBits(0x40));
    log!(ProtocolError::LengthNotMinimal(125));
    log!(CloseCode::GOING_AWAY);
    log!(Fin::More);
    log!(Refusal::MissingKey);
    log!(Refusal::Syntax(SyntaxError::BareLineFeed));
    log!(ResponseError::Status(404));
    log!(HttpResponseError::TooLarge);
    log!(ClientRequestError::Host);
    log!(Progress::Wait);
    log!(Progress::Open(Agreed::NOTHING));
    log!(Progress::Open(agreed()));
    log!(SendError::BufferTooShort);
    log!(MessageTooLong);
    log!(GatherError::TooLong(MessageTooLong));
    log!(GatherError::Invalid(ProtocolError::InvalidText));
    log!(Kind::Binary);
    log!(Messages {
        count: 3,
        payload_len: 70_000
    });
    each_event(|event| log!(event));
}

fn agreed() -> Agreed {
    let mut agreed = Agreed::NOTHING;
    agreed.deflate = Window::new(9).map(|client| Deflate {
        server: Window::MAX,
        client,
    });
    agreed
}

/// Hands over each event that a client causes.
fn each_event(mut log: impl FnMut(Event)) {
    let mut connection = Connection::<Server>::server(Agreed::NOTHING);
    let mut buffer = Buffer::new([0; 256]);
    // Text, a Ping, a Pong and a Close with 1000, masked with zeros.
    let received = b"\x81\x82\0\0\0\0hi\x89\x80\0\0\0\0\x8A\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xE8";
    for (to, from) in buffer.spare_mut().iter_mut().zip(received) {
        *to = *from;
    }
    buffer.commit(received.len());
    let mut exchange = connection.exchange(&mut buffer);
    while let Ok(Some(event)) = exchange.next_event() {
        log(event);
    }
}
