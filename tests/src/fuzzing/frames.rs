//! Hostile bytes after the handshake: no panic, and the same outcome however the bytes are cut and
//! however little room there is (RFC 6455 sections 5 to 8).

use super::echoer::Echoer;
use super::expected::Expected;
use super::{Plan, Script, session};

/// Bytes: a mode, a plan, the application's actions if the mode says so, the session. Bits of the
/// mode: 0: the session is taken as it is, otherwise it is made of frames; 1: the application sends
/// messages of its own.
pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let mode = script.byte();
    let plan = Plan::read(&mut script);
    let actions = script.actions(mode);
    let input = match mode & 1 {
        0 => session::damaged(&mut script),
        _ => script.0.to_vec(),
    };
    let expected = Expected::of(&input);
    for new in [Echoer::new, Echoer::fast] {
        if actions.is_empty() {
            keep(&Plan::whole(&input), &input, &expected, new(actions));
        }
        keep(&plan, &input, &expected, new(actions));
        lend(&plan, &input, &expected, new(actions));
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
