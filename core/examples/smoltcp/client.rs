//! A client for the loopback device: embedded-websocket over one more smoltcp socket. It checks the server
//! with an implementation that is not ours, in what that can do: short messages of one frame each.

use std::thread;

use embedded_websocket::{
    EmptyRng, Error, WebSocketClient, WebSocketCloseStatusCode, WebSocketOptions,
    WebSocketReceiveMessageType, WebSocketSendMessageType,
};
use smoltcp::iface::SocketHandle;
use smoltcp::phy::Device;
use smoltcp::socket::tcp;

use crate::server::PORT;
use crate::{ADDRESS, Stack, socket};

const OPTIONS: WebSocketOptions<'_> = WebSocketOptions {
    path: "/",
    host: "192.168.69.1:3000",
    origin: "http://192.168.69.1:3000",
    sub_protocols: None,
    additional_headers: None,
};

const LOCAL_PORT: u16 = 49152;

/// Opens a connection, is greeted, gets back what it sends, and closes.
pub(crate) fn talk<D: Device>(stack: &mut Stack<D>) -> Result<(), Error> {
    let mut line = Line::connect(stack);
    // Its masking keys are zero. A client on a real network needs a real generator.
    let mut client = WebSocketClient::new_client(EmptyRng::new());
    let mut frame = [0; 256];
    let (len, key) = client.client_connect(&OPTIONS, &mut frame)?;
    line.send(&frame[..len]);
    client.client_accept(&key, &line.receive_head())?;
    println!("# socket open");
    print_message(&mut client, &mut line)?;
    for text in ["hello", "h\u{e9}llo, w\u{f6}rld"] {
        println!("> {text}");
        let kind = WebSocketSendMessageType::Text;
        let len = client.write(kind, true, text.as_bytes(), &mut frame)?;
        line.send(&frame[..len]);
        print_message(&mut client, &mut line)?;
    }
    let len = client.close(WebSocketCloseStatusCode::NormalClosure, None, &mut frame)?;
    line.send(&frame[..len]);
    print_message(&mut client, &mut line)?;
    line.close();
    println!("# socket closed");
    Ok(())
}

/// Receives a frame, and prints it if it is a message.
fn print_message<D: Device>(
    client: &mut WebSocketClient<EmptyRng>,
    line: &mut Line<'_, D>,
) -> Result<(), Error> {
    line.receive();
    let mut payload = [0; 256];
    let frame = client.read(&line.received, &mut payload)?;
    line.received.drain(..frame.len_from);
    if frame.message_type == WebSocketReceiveMessageType::Text {
        println!("< {}", String::from_utf8_lossy(&payload[..frame.len_to]));
    }
    Ok(())
}

/// The client's end of a TCP connection.
struct Line<'a, D: Device> {
    stack: &'a mut Stack<D>,
    socket: SocketHandle,
    received: Vec<u8>,
}

impl<'a, D: Device> Line<'a, D> {
    fn connect(stack: &'a mut Stack<D>) -> Self {
        let mut socket = socket();
        let server = (ADDRESS.address(), PORT);
        let connected = socket.connect(stack.interface.context(), server, LOCAL_PORT);
        connected.expect("a new socket can connect");
        let mut line = Self {
            socket: stack.sockets.add(socket),
            stack,
            received: Vec::new(),
        };
        line.wait_until(|socket| socket.may_send());
        line
    }

    /// Sends bytes, which the send buffer has room for.
    fn send(&mut self, bytes: &[u8]) {
        let sent = self.socket().send_slice(bytes);
        assert_eq!(sent, Ok(bytes.len()));
    }

    /// Receives what has come, unless something is left.
    fn receive(&mut self) {
        if self.received.is_empty() {
            self.wait_until(|socket| socket.can_recv());
            let mut bytes = [0; 1024];
            let received = self.socket().recv_slice(&mut bytes);
            self.received.extend(&bytes[..received.unwrap_or_default()]);
        }
    }

    /// Receives the head of the response, alone: the greeting behind it is not for `client_accept`.
    fn receive_head(&mut self) -> Vec<u8> {
        self.receive();
        let end = self.received.windows(4).position(|it| it == b"\r\n\r\n");
        let len = end.map_or(0, |end| end + 4);
        self.received.drain(..len).collect()
    }

    fn close(&mut self) {
        self.socket().close();
        self.wait_until(|socket| !socket.is_active());
    }

    fn wait_until(&mut self, condition: impl Fn(&tcp::Socket<'_>) -> bool) {
        while !condition(self.socket()) {
            self.stack.turn();
            thread::yield_now();
        }
    }

    fn socket(&mut self) -> &mut tcp::Socket<'static> {
        self.stack.sockets.get_mut(self.socket)
    }
}
