//! Well-formed sessions, compared with the decoders of tungstenite and embedded-websocket, and with
//! the encoder of the latter. embedded-websocket is compared in one direction only: it must decode
//! what we accept in the same way. It is correct for whole frames, and for messages without control
//! frames between their fragments.

use std::io::{self, Read, Write};

use embedded_websocket::{
    EmptyRng, WebSocketClient, WebSocketReceiveMessageType, WebSocketSendMessageType,
    WebSocketServer, WebSocketState, WebSocketType,
};
use tungstenite::WebSocket;
use tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

use super::echoer::Echoer;
use super::expected::Expected;
use super::{Plan, Script, session};
use crate::masking_keys::Keys;
use crate::wire::{self, BINARY, CLOSE, FIN, Frame, PING, PONG, TEXT};

/// The longest header that a client writes.
const MAX_HEADER_LEN: usize = 14;

/// embedded-websocket does not write this length minimally.
const MISWRITTEN_LEN: usize = 65_535;

/// Bytes: a plan, the session.
pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let plan = Plan::read(&mut script);
    let frames = session::well_formed(&mut script);
    let input = session::encoded(&frames);
    let sent = messages(&frames);
    assert_eq!(tungstenite(&input, Role::Server), sent);
    check_decoding(WebSocketServer::new_server, &input, &frames);
    check_echo(&plan, &input, &sent);
    let input = encoded_by_embedded_websocket(&frames);
    check_echo(&Plan::whole(&input), &input, &sent);
}

/// Asserts that `sent` comes back, as tungstenite and embedded-websocket read it.
fn check_echo(plan: &Plan, input: &[u8], sent: &[Message]) {
    let expected = Expected::of(input);
    let answers = answers(sent);
    let (mut kept, mut lent) = (Echoer::fast(&[]), Echoer::new(&[]));
    for (output, echoer) in [
        (plan.keep(input, &mut kept), &mut kept),
        (plan.lend(input, &mut lent), &mut lent),
    ] {
        echoer.check(&expected, &output);
        assert_eq!(echoer.error(), None);
        assert_eq!(tungstenite(&output, Role::Client), answers);
        let (frames, _) = wire::unmasked(&output);
        check_decoding(
            || WebSocketClient::new_client(EmptyRng::new()),
            &output,
            &frames,
        );
    }
}

/// The messages in frames.
fn messages(frames: &[Frame]) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut open = None;
    for frame in frames {
        if frame.first & 8 != 0 {
            messages.push(message(frame.clone()));
            continue;
        }
        let joined = open.get_or_insert_with(|| Frame::new(frame.first | FIN, []));
        joined.payload.extend(&frame.payload);
        if frame.first & FIN != 0 {
            messages.extend(open.take().map(message));
        }
    }
    messages
}

fn message(Frame { first, payload }: Frame) -> Message {
    match first {
        TEXT => Message::text(String::from_utf8(payload).unwrap()),
        BINARY => Message::binary(payload),
        PING => Message::Ping(payload.into()),
        PONG => Message::Pong(payload.into()),
        _ => Message::Close(close_frame(&payload)),
    }
}

fn close_frame(payload: &[u8]) -> Option<CloseFrame> {
    let (&code, reason) = payload.split_first_chunk()?;
    let code = u16::from_be_bytes(code).into();
    let reason = str::from_utf8(reason).unwrap().into();
    Some(CloseFrame { code, reason })
}

/// The answers of an echo server.
fn answers(sent: &[Message]) -> Vec<Message> {
    let answer = |message: &Message| match message.clone() {
        Message::Pong(_) => None,
        Message::Ping(payload) => Some(Message::Pong(payload)),
        Message::Close(Some(CloseFrame { code, .. })) => Some(Message::Close(Some(CloseFrame {
            code,
            reason: "".into(),
        }))),
        message => Some(message),
    };
    sent.iter().filter_map(answer).collect()
}

/// A transport that can be read, and that discards what is written.
struct Transport<'a>(&'a [u8]);

impl Read for Transport<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.0.read(to)
    }
}

impl Write for Transport<'_> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        Ok(from.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The messages that tungstenite reads from `bytes`.
fn tungstenite(bytes: &[u8], role: Role) -> Vec<Message> {
    let config = WebSocketConfig::default().read_buffer_size(4096);
    let mut socket = WebSocket::from_raw_socket(Transport(bytes), role, Some(config));
    std::iter::from_fn(|| socket.read().ok()).collect()
}

/// Asserts that embedded-websocket reads `frames` from `bytes`.
fn check_decoding<Role: WebSocketType>(
    new: impl Fn() -> embedded_websocket::WebSocket<EmptyRng, Role>,
    mut bytes: &[u8],
    frames: &[Frame],
) {
    // A control frame between fragments would confuse it.
    let (mut data, mut control) = (new(), new());
    data.state = WebSocketState::Open;
    control.state = WebSocketState::Open;
    let mut message = TEXT;
    for Frame { first, payload } in frames {
        let mut decoded = vec![0; payload.len()];
        let (socket, opcode) = match first & 0x0F {
            0 => (&mut data, message),
            1 | 2 => {
                message = first | FIN;
                (&mut data, message)
            }
            _ => (&mut control, *first),
        };
        let read = socket.read(bytes, &mut decoded).unwrap();
        assert_eq!(read.message_type, message_type(opcode));
        assert_eq!(read.end_of_message, first & FIN != 0);
        assert_eq!(&decoded[..read.len_to], payload);
        bytes = &bytes[read.len_from..];
    }
    assert!(bytes.is_empty());
}

fn message_type(first: u8) -> WebSocketReceiveMessageType {
    match first {
        TEXT => WebSocketReceiveMessageType::Text,
        BINARY => WebSocketReceiveMessageType::Binary,
        PING => WebSocketReceiveMessageType::Ping,
        PONG => WebSocketReceiveMessageType::Pong,
        _ => WebSocketReceiveMessageType::CloseMustReply,
    }
}

/// The session as embedded-websocket's client encodes it.
fn encoded_by_embedded_websocket(frames: &[Frame]) -> Vec<u8> {
    let new = || WebSocketClient::new_client(Keys(0x37FA_213D));
    // A control frame between fragments would confuse it.
    let (mut data, mut control) = (new(), new());
    data.state = WebSocketState::Open;
    control.state = WebSocketState::Open;
    let mut bytes = Vec::new();
    let mut message = WebSocketSendMessageType::Text;
    for Frame { first, payload } in frames {
        let (socket, message_type) = match first | FIN {
            PING => (&mut control, WebSocketSendMessageType::Ping),
            PONG => (&mut control, WebSocketSendMessageType::Pong),
            CLOSE => (&mut control, WebSocketSendMessageType::CloseReply),
            opcode => {
                match opcode {
                    TEXT => message = WebSocketSendMessageType::Text,
                    BINARY => message = WebSocketSendMessageType::Binary,
                    _ => {}
                }
                (&mut data, message)
            }
        };
        let mut frame = vec![0; payload.len() + MAX_HEADER_LEN];
        let written = socket.write(message_type, first & FIN != 0, payload, &mut frame);
        match payload.len() {
            MISWRITTEN_LEN => bytes.extend(wire::masked(*first, payload)),
            _ => bytes.extend(&frame[..written.unwrap()]),
        }
    }
    bytes
}
