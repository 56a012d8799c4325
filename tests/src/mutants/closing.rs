//! How a connection ends (RFC 6455 section 7).

use std::io;
use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use super::conversation::{CLOSE, Conversation, Role, Stop};
use super::fault::Fault;
use super::utf8::Utf8;
use crate::wire::FIN;

/// How long is waited for the peer's end of the TCP connection.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a fault goes on behind a Close.
const AFTERLIFE: Duration = Duration::from_millis(50);
const REASON_LEN_MAX: usize = 123;

const NORMAL: u16 = 1000;
const PROTOCOL_ERROR: u16 = 1002;
const NO_CODE: u16 = 1005;
const ABNORMAL: u16 = 1006;
const INVALID_DATA: u16 = 1007;

/// Ends a connection.
pub(super) fn end(it: &mut Conversation, stop: Stop) {
    let stop = match stop {
        Stop::Closed(payload) => match check(it, &payload) {
            Ok(()) => Stop::Closed(payload),
            Err(code) => Stop::Failed(code),
        },
        stop => stop,
    };
    let has_failed = matches!(stop, Stop::Failed(_));
    // The peer may be gone.
    let _ = match stop {
        Stop::Ended if it.has(Fault::IgnoresEndOfTcp) => {
            thread::sleep(PATIENCE * 10);
            Ok(())
        }
        Stop::Ended => Ok(()),
        Stop::Failed(code) => fail(it, code),
        Stop::Closed(payload) => answer(it, &payload),
    };
    end_tcp(it, has_failed);
}

/// Says why the connection fails.
fn fail(it: &mut Conversation, code: u16) -> io::Result<()> {
    let code = match () {
        () if it.has(Fault::FailsWithoutClose) => return Ok(()),
        () if it.has(Fault::FailsWith1000) => NORMAL,
        () if it.has(Fault::FailsWith1006) => ABNORMAL,
        () => code,
    };
    it.send(FIN | CLOSE, &code.to_be_bytes())
}

/// Checks the payload of a Close. The error is a close code.
fn check(it: &Conversation, payload: &[u8]) -> Result<(), u16> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        let is_bad = !payload.is_empty() && !it.has(Fault::TakesOneByteClose)
            || payload.is_empty() && it.has(Fault::RefusesEmptyClose);
        return if is_bad { Err(PROTOCOL_ERROR) } else { Ok(()) };
    };
    let is_right = match u16::from_be_bytes(*code) {
        1004..=1006 | 1015 => it.has(Fault::TakesReservedCodes),
        1000..=1014 => true,
        0..=999 => it.has(Fault::TakesCodesBelow1000),
        1016..=2999 => it.has(Fault::TakesUnassignedCodes),
        3000..=3999 => !it.has(Fault::RefusesCodesOf3000),
        4000..=4999 => !it.has(Fault::RefusesCodesOf4000),
        5000.. => false,
    };
    let is_long = reason.len() == REASON_LEN_MAX && it.has(Fault::RefusesLongestReason);
    if !is_right || is_long {
        return Err(PROTOCOL_ERROR);
    }
    let mut utf8 = Utf8::new(it.faults);
    let checked = utf8.push(reason).and_then(|()| utf8.end());
    match checked.is_err() && !it.has(Fault::ChecksNoReason) {
        true => Err(INVALID_DATA),
        false => Ok(()),
    }
}

/// Answers a Close with its own payload.
fn answer(it: &mut Conversation, payload: &[u8]) -> io::Result<()> {
    let code = match () {
        () if it.has(Fault::NoAnswerToClose) => return wait(it),
        () if it.has(Fault::EndsTcpWithoutClose) => return Ok(()),
        () if payload.is_empty() && it.has(Fault::AnswersCloseWith1005) => {
            NO_CODE.to_be_bytes().to_vec()
        }
        () => payload[..payload.len().min(2)].to_vec(),
    };
    it.send(FIN | CLOSE, &code)?;
    if it.has(Fault::AnswersCloseTwice) {
        it.send(FIN | CLOSE, &code)?;
    }
    if it.has(Fault::EchoesBehindClose) || it.has(Fault::PongsBehindClose) {
        it.stream.set_read_timeout(Some(AFTERLIFE))?;
        while it.frame().is_ok() {}
    }
    Ok(())
}

/// Waits for the peer's end.
fn wait(it: &mut Conversation) -> io::Result<()> {
    it.stream.set_read_timeout(Some(PATIENCE * 10))?;
    it.input.drain();
    Ok(())
}

/// Ends the TCP connection, and keeps what was sent from being lost by a reset.
fn end_tcp(it: &mut Conversation, has_failed: bool) {
    if it.has(Fault::ResetsTcp) {
        let _ = SockRef::from(&it.stream).set_linger(Some(Duration::ZERO));
        return;
    }
    let keeps_open = it.has(Fault::KeepsTcpOpen);
    // In a normal closure a client leaves it to the server to be the first (section 7.1.1).
    if (it.role == Role::Server || has_failed) && !keeps_open {
        let _ = it.stream.shutdown(Shutdown::Write);
    }
    let _ = it.stream.set_read_timeout(Some(PATIENCE));
    it.input.drain();
    if keeps_open {
        thread::sleep(PATIENCE * 3);
    }
}
