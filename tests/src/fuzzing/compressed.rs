//! Messages that zlib-rs has compressed come back as something that it inflates to the same
//! messages, however they are cut and whichever end echoes them (RFC 7692 sections 6 and 7.2).

use ws_echo_core::Window;

use super::echoer::Echoer;
use super::expected::Expected;
use super::{Plan, Script, session};
use crate::deflate::{self, Compressor, Inflater};
use crate::wire::{self, BINARY, FIN, Frame, RSV1, TEXT};

/// A message: its first byte, and what it contains when it is inflated.
type Message = (u8, Vec<u8>);

/// Bytes: a plan, the window and the level, the messages.
pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let plan = Plan::read(&mut script);
    let [bits, level] = script.array();
    let window = Window::new(8 + bits % 8).expect("there is such a window");
    let window = if bits & 8 == 0 { window } else { window.kept() };
    let mut compressor = Compressor::with_level(window, i32::from(level % 10));
    let (messages, frames) = compressed(&mut script, &mut compressor);
    let input = session::encoded(&frames);
    let agreed = deflate::agreed(window);
    let expected = Expected::with(agreed, &input, usize::MAX);

    let mut kept = Echoer::fast(&[]).agreed(agreed);
    let output = plan.keep(&input, &mut kept);
    kept.check(&expected, &output);
    assert_eq!(inflated(&output, window), messages);

    let mut lent = Echoer::new(&[]).agreed(agreed);
    let output = plan.lend(&input, &mut lent);
    lent.check(&expected, &output);
    assert_eq!(inflated(&output, window), messages);

    let mut client = Echoer::client(&[]).agreed(agreed);
    let output = plan.lend(&wire::mirrored(&input), &mut client);
    client.check_mirrored(&expected, &output, 0);
    assert_eq!(inflated(&wire::mirrored(&output), window), messages);
}

/// Messages, compressed and plain, and their frames, with control frames between them.
fn compressed(script: &mut Script<'_>, compressor: &mut Compressor) -> (Vec<Message>, Vec<Frame>) {
    let (mut messages, mut frames) = (Vec::new(), Vec::new());
    let mut len = 0;
    while !script.is_empty() && len < session::MAX_LEN {
        let [kind, cuts] = script.array();
        let mut message = session::payload(script, kind >> 4, false);
        let mut first = if kind & 1 == 0 { TEXT } else { BINARY };
        if first == TEXT {
            message = String::from_utf8_lossy(&message).into_owned().into_bytes();
        }
        len += message.len();
        let mut payload = message.clone();
        if kind & 6 != 0 {
            first |= RSV1;
            payload = compressor.compress(&message);
        }
        messages.push((first, message));
        session::push_message(&mut frames, first, payload, cuts, script);
    }
    (messages, frames)
}

/// The messages in what an end has transmitted.
fn inflated(output: &[u8], window: Window) -> Vec<Message> {
    let (frames, rest) = wire::unmasked(output);
    assert!(rest.is_empty(), "a frame is cut");
    let mut inflater = Inflater::new(window);
    let is_data = |frame: &Frame| frame.first & 8 == 0;
    let message = |Frame { first, payload }: Frame| {
        assert_eq!(first & FIN, FIN);
        let message = match first & RSV1 {
            0 => payload,
            _ => inflater.inflate(&payload).expect("it was compressed"),
        };
        (first, message)
    };
    let joined = wire::joined(&frames).into_iter().filter(is_data);
    joined.map(message).collect()
}
