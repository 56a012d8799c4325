//! An independent client: embedded-websocket, as far as it works. See `tests/README.md` for its
//! limits.

use embedded_websocket::{
    WebSocketClient, WebSocketCloseStatusCode, WebSocketOptions,
    WebSocketReceiveMessageType as Receive, WebSocketSendMessageType as Send,
};
use ws_echo_tests::masking_keys::Keys;
use ws_echo_tests::scripted_client::WELCOME;

use crate::network::{Network, Number, Setup};
use crate::server::Change::{Gone, Opened};

const OPTIONS: WebSocketOptions<'_> = WebSocketOptions {
    path: "/",
    host: "192.168.69.1:3000",
    origin: "http://192.168.69.1:3000",
    sub_protocols: None,
    additional_headers: None,
};

/// Asserts that the next frame has this payload, as embedded-websocket reads it.
fn assert_receives(
    network: &mut Network,
    number: Number,
    client: &mut WebSocketClient<Keys>,
    kind: Receive,
    payload: &[u8],
) {
    let frame = network.raw_frame(number);
    let mut to = [0; 256];
    let read = client.read(&frame, &mut to).expect("a frame");
    assert_eq!(read.message_type, kind);
    assert_eq!(&to[..read.len_to], payload);
}

#[test]
fn embedded_websocket_is_greeted_and_gets_its_echoes() {
    let mut network = Network::new(Setup::default());
    let number = network.connect();
    let mut client = WebSocketClient::new_client(Keys(1));
    let mut bytes = [0; 256];
    let (len, key) = client.client_connect(&OPTIONS, &mut bytes).unwrap();
    network.send(number, &bytes[..len]);
    let head = network.head(number);
    client.client_accept(&key, head.as_bytes()).unwrap();
    let welcome = WELCOME.as_bytes();
    assert_receives(&mut network, number, &mut client, Receive::Text, welcome);
    for (send, receive, payload) in [
        (Send::Text, Receive::Text, "h\u{e9}llo, w\u{f6}rld"),
        (Send::Binary, Receive::Binary, "bytes"),
        (Send::Ping, Receive::Pong, "ping"),
    ] {
        let payload = payload.as_bytes();
        let len = client.write(send, true, payload, &mut bytes).unwrap();
        network.send(number, &bytes[..len]);
        assert_receives(&mut network, number, &mut client, receive, payload);
    }
    let normal = WebSocketCloseStatusCode::NormalClosure;
    let len = client.close(normal, None, &mut bytes).unwrap();
    network.send(number, &bytes[..len]);
    let code = 1000_u16.to_be_bytes();
    assert_receives(
        &mut network,
        number,
        &mut client,
        Receive::CloseCompleted,
        &code,
    );
    network.assert_ended(number);
    network.assert_told(&[(0, Opened), (0, Gone)]);
}
