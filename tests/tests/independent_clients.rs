//! Independent clients talk to the binary over real sockets: each is greeted, and gets its messages
//! back.

use std::net::TcpStream;

use embedded_websocket::{
    WebSocketClient, WebSocketCloseStatusCode, WebSocketOptions, WebSocketReceiveMessageType,
    WebSocketSendMessageType,
};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::{Error, Message, WebSocket};
use ws_echo_tests::masking_keys::Keys;
use ws_echo_tests::programs::CURL;
use ws_echo_tests::scripted_client::{Client, WELCOME};
use ws_echo_tests::server::{PATIENCE, Server, run};
use ws_echo_tests::{chromium, peers};

fn tungstenite(server: &Server) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let config = WebSocketConfig::default()
        .max_message_size(None)
        .max_frame_size(None);
    let (mut client, _) =
        tungstenite::client::client_with_config(server.url("/"), stream, Some(config)).unwrap();
    assert_eq!(client.read().unwrap(), Message::text(WELCOME));
    client
}

#[test]
fn tungstenite_gets_back_messages_of_every_length() {
    let server = Server::start(&[]);
    let mut client = tungstenite(&server);
    for len in [0, 1, 125, 126, 65_535, 65_536, 1 << 20, 16 << 20] {
        let bytes: Vec<u8> = (0..len).map(|i: usize| ((i * 31) >> 3) as u8).collect();
        let text: String = "a\u{e9}\u{6c34}\u{1f980}"
            .chars()
            .cycle()
            .take(len / 3)
            .collect();
        for message in [Message::binary(bytes), Message::text(text)] {
            // The echo of a long message begins before its end, so the client reads while it
            // writes.
            let mut writer = WebSocket::from_raw_socket(
                client.get_ref().try_clone().unwrap(),
                tungstenite::protocol::Role::Client,
                None,
            );
            let sent = message.clone();
            let thread = std::thread::spawn(move || writer.send(sent).unwrap());
            assert!(client.read().unwrap() == message, "{len} bytes come back");
            thread.join().unwrap();
        }
    }
}

#[test]
fn tungstenite_gets_fragments_pongs_and_a_burst_in_order() {
    let server = Server::start(&[]);
    let mut client = tungstenite(&server);
    for (payload, opcode, is_final) in [
        ("one ", Data::Text, false),
        ("", Data::Continue, false),
        ("two", Data::Continue, true),
    ] {
        let frame = Frame::message(payload.as_bytes().to_vec(), OpCode::Data(opcode), is_final);
        client.send(Message::Frame(frame)).unwrap();
        client.send(Message::Ping("between".into())).unwrap();
    }
    let pong = Message::Pong("between".into());
    let expected = [pong.clone(), pong.clone(), Message::text("one two"), pong];
    for message in expected {
        assert_eq!(client.read().unwrap(), message);
    }
    let burst: Vec<_> = (0..1000).map(|i| Message::text(i.to_string())).collect();
    for message in &burst {
        client.write(message.clone()).unwrap();
    }
    client.flush().unwrap();
    for message in burst {
        assert_eq!(client.read().unwrap(), message);
    }
}

#[test]
fn tungstenite_gets_its_close_code_back() {
    let server = Server::start(&[]);
    for code in [1000, 1001, 1011, 3000, 4999] {
        let mut client = tungstenite(&server);
        let frame = CloseFrame {
            code: CloseCode::from(code),
            reason: "bye".into(),
        };
        client.close(Some(frame)).unwrap();
        let Message::Close(Some(answer)) = client.read().unwrap() else {
            panic!("the answer is Close with a code");
        };
        assert_eq!(u16::from(answer.code), code);
        assert!(matches!(client.read(), Err(Error::ConnectionClosed)));
        server.logged(&format!("closed by client with {code}: bye"));
    }
}

/// Only short, unfragmented traffic: see `tests/README.md` for what this client cannot do.
#[test]
fn embedded_websocket_is_greeted_and_gets_its_echo() {
    let server = Server::start(&[]);
    let mut client = Client::connect(server.address);
    let mut socket = WebSocketClient::new_client(Keys(1));
    let options = WebSocketOptions {
        path: "/chat",
        host: "localhost",
        origin: "http://localhost",
        sub_protocols: None,
        additional_headers: None,
    };
    let mut bytes = [0; 1024];
    let (len, key) = socket.client_connect(&options, &mut bytes).unwrap();
    client.send(&bytes[..len]);
    let head = client.receive_head();
    socket.client_accept(&key, head.as_bytes()).unwrap();

    type Socket = WebSocketClient<Keys>;
    let expect = |client: &mut Client, socket: &mut Socket, payload: &[u8], kind| {
        let frame = client.receive_raw_frame();
        let mut to = [0; 1024];
        let read = socket.read(&frame, &mut to).unwrap();
        assert!(read.message_type == kind && read.end_of_message);
        assert_eq!(&to[..read.len_to], payload);
    };
    expect(
        &mut client,
        &mut socket,
        WELCOME.as_bytes(),
        WebSocketReceiveMessageType::Text,
    );
    let long = [7; 600];
    for (send, receive, payload) in [
        (
            WebSocketSendMessageType::Text,
            WebSocketReceiveMessageType::Text,
            &b"hello"[..],
        ),
        (
            WebSocketSendMessageType::Binary,
            WebSocketReceiveMessageType::Binary,
            &long,
        ),
        (
            WebSocketSendMessageType::Binary,
            WebSocketReceiveMessageType::Binary,
            b"",
        ),
        (
            WebSocketSendMessageType::Ping,
            WebSocketReceiveMessageType::Pong,
            b"ping",
        ),
    ] {
        let len = socket.write(send, true, payload, &mut bytes).unwrap();
        client.send(&bytes[..len]);
        expect(&mut client, &mut socket, payload, receive);
    }
    let normal = WebSocketCloseStatusCode::NormalClosure;
    let len = socket.close(normal, None, &mut bytes).unwrap();
    client.send(&bytes[..len]);
    let completed = WebSocketReceiveMessageType::CloseCompleted;
    expect(&mut client, &mut socket, &1000_u16.to_be_bytes(), completed);
}

#[test]
fn python_websockets_is_served() {
    let server = Server::start(&[]);
    peers::python_websockets(&server.url("/"));
}

#[test]
fn nodes_ws_is_served() {
    let server = Server::start(&[]);
    peers::ws_of_node(&server.url("/"));
}

#[test]
fn curl_is_refused_with_the_status_that_says_why() {
    if !CURL.is_there(&["--version"]) {
        return;
    }
    let server = Server::start(&["--path", "/chat", "--no-page"]);
    let url = |path: &str| format!("http://{}{path}", server.address);
    for (arguments, path, status, text) in [
        (
            &[][..],
            "/chat",
            "426",
            "only WebSocket connections are served",
        ),
        (&[], "/other", "404", "path is not served"),
        (&["-X", "POST"], "/chat", "405", "method is not GET"),
        (&["-d", "x=1"], "/chat", "405", "method is not GET"),
        (
            &["-X", "GET", "-d", "x=1"],
            "/chat",
            "400",
            "the request must not have a body",
        ),
        (
            &["-H", "Host: a b"],
            "/chat",
            "400",
            "Host is not a valid host",
        ),
        (
            &["--http1.0"],
            "/chat",
            "426",
            "only WebSocket connections are served",
        ),
        (
            &["--http1.0", "-H", "Sec-WebSocket-Version: 13"],
            "/chat",
            "426",
            "a WebSocket needs HTTP/1.1, and this request is HTTP/1.0: a proxy may have changed it",
        ),
    ] {
        let mut curl = CURL.command();
        curl.args([
            "--silent",
            "--show-error",
            "--max-time",
            "20",
            "-w",
            "%{http_code}",
        ]);
        let (_, stdout, stderr) = run(curl.args(arguments).arg(url(path))).unwrap();
        assert_eq!(
            stdout,
            format!("{text}\n{status}"),
            "{arguments:?} {stderr}"
        );
    }
}

#[test]
fn chromium_is_served() {
    // The page has another origin.
    let server = Server::start(&["--origin", "*"]);
    chromium::sessions(&server.url("/"), "");
}
