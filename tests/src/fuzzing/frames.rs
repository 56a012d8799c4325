//! Hostile bytes after the handshake: no panic, and the same outcome however the bytes are cut and
//! however little room there is (RFC 6455 sections 5 to 8, RFC 7692 section 6).

use ws_echo_core::{Agreed, Window};

use super::echoer::Echoer;
use super::expected::Expected;
use super::{Plan, Script, session};
use crate::{deflate, wire};

/// Bytes: a mode, a plan, the application's actions if the mode says so, the session. Bits of the
/// mode: 0: the session is taken as it is, otherwise it is made of frames; 1: the application sends
/// messages of its own; 2: compression was agreed on, and the session is also mirrored to a client.
pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let mode = script.byte();
    let plan = Plan::read(&mut script);
    let actions = script.actions(mode);
    let agreed = match mode & 4 {
        0 => Agreed::NOTHING,
        _ => deflate::agreed(Window::MAX),
    };
    let input = match mode & 1 {
        0 => session::damaged_with(agreed, &mut script),
        _ => script.0.to_vec(),
    };
    let expected = Expected::with(agreed, &input, usize::MAX);
    for new in [Echoer::new, Echoer::fast] {
        let new = |actions| new(actions).agreed(agreed);
        if actions.is_empty() {
            keep(&Plan::whole(&input), &input, &expected, new(actions));
        }
        keep(&plan, &input, &expected, new(actions));
        lend(&plan, &input, &expected, new(actions));
    }
    if agreed != Agreed::NOTHING {
        by_client(&plan, &input, &expected, agreed, actions);
    }
}

fn keep(plan: &Plan, input: &[u8], expected: &Expected, mut echoer: Echoer<'_>) {
    let output = plan.keep(input, &mut echoer);
    let transmitted = echoer.check(expected, &output);
    if echoer.echoes_all() {
        expected.check_frames(&transmitted, plan.buffer_len);
    }
}

fn lend(plan: &Plan, input: &[u8], expected: &Expected, mut echoer: Echoer<'_>) {
    let output = plan.lend(input, &mut echoer);
    let transmitted = echoer.check(expected, &output);
    if echoer.echoes_all() {
        expected.check_all(&transmitted);
    }
}

fn by_client(plan: &Plan, input: &[u8], expected: &Expected, agreed: Agreed, actions: &[u8]) {
    let input = wire::mirrored(input);
    for is_lent in [false, true] {
        let mut echoer = Echoer::client(actions).agreed(agreed);
        let output = match is_lent {
            true => plan.lend(&input, &mut echoer),
            false => plan.keep(&input, &mut echoer),
        };
        echoer.check_mirrored(expected, &output, 0);
    }
}
