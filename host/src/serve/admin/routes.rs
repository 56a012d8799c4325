//! What the admin listener answers (RFC 9110).

use ws_echo_core::Refusal;

use crate::serve::health;
use crate::serve::metrics;
use crate::serve::monitor::Monitor;
use crate::serve::response::{Answer, METHOD_NOT_ALLOWED_FOR_ADMIN};
use crate::serve::service::Handshake;

const TEXT: &str = "text/plain; charset=utf-8";
const LIST: &str = "/livez\n/readyz\n/metrics\n/connections\n";
const NOT_FOUND: &str = "there is nothing here: / lists what there is\n";

/// Answers a request that is complete. Returns the content that follows the head.
pub(super) fn answer(handshake: &mut Handshake, monitor: &Monitor) -> Vec<u8> {
    let is_head = handshake.request().method() == "HEAD";
    match handshake.check() {
        Err(Refusal::MethodNotAllowed) if !is_head => {
            respond(handshake, &METHOD_NOT_ALLOWED_FOR_ADMIN)
        }
        // What only a WebSocket needs is of no interest here.
        Ok(()) | Err(Refusal::MethodNotAllowed) => respond_at_path(handshake, monitor),
        Err(refusal) if is_about_upgrade(refusal) => respond_at_path(handshake, monitor),
        Err(refusal) => {
            handshake.refuse(refusal, refusal.text());
            Vec::new()
        }
    }
}

fn is_about_upgrade(refusal: Refusal) -> bool {
    refusal.status() == Refusal::UpgradeRequired.status()
}

fn respond_at_path(handshake: &mut Handshake, monitor: &Monitor) -> Vec<u8> {
    let answer = match handshake.request().path() {
        "/livez" => health::livez(monitor),
        "/readyz" => health::readyz(monitor),
        "/metrics" => metrics::respond(monitor),
        "/connections" => metrics::connections::respond(monitor),
        "/" => Answer::of_now("200 OK", TEXT, LIST.as_bytes()),
        _ => Answer::of_now("404 Not Found", TEXT, NOT_FOUND.as_bytes()),
    };
    respond(handshake, &answer)
}

fn respond(handshake: &mut Handshake, answer: &Answer) -> Vec<u8> {
    match handshake.respond(&answer.head()) {
        Ok(0) => Vec::new(),
        Ok(_) => answer.content.to_vec(),
        // Every answer has a head that can be sent.
        Err(_) => {
            handshake.refuse(Refusal::ResponseTooLarge, "");
            Vec::new()
        }
    }
}
