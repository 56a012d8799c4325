//! What is answered by plain HTTP without a page: the request itself, and health checks.

use ws_echo_core::{Refusal, Request};

use super::{Decision, Handshake, Service};
use crate::serve::request_report::{self, Choice, Route};
use crate::serve::response::{Answer, METHOD_NOT_ALLOWED};

impl Service {
    /// Whether a client asks for its request, by plain HTTP.
    pub(super) fn asks_for_report(&self, request: &Request<'_>) -> bool {
        self.request_path.as_deref() == Some(request.path()) && !request.is_for_websocket()
    }

    /// Answers a client that asks for its request.
    pub(super) fn report(&self, handshake: &mut Handshake, route: &dyn Fn() -> Route) -> Decision {
        let request = handshake.request();
        let is_head = request.method() == "HEAD";
        match handshake.check() {
            Err(refusal @ Refusal::MethodNotAllowed) if !is_head => {
                Decision::RefuseWith(refusal, &METHOD_NOT_ALLOWED)
            }
            Ok(()) | Err(Refusal::UpgradeRequired | Refusal::MethodNotAllowed) => {
                let choice = Choice::default();
                let json = request_report::json(&request, &route(), choice, self.secrets);
                Decision::Report(json + "\n")
            }
            Err(refusal) => {
                handshake.refuse(refusal, refusal.text());
                Decision::Refuse(refusal)
            }
        }
    }

    /// The answer to a health check; `None` if the request is none.
    pub(super) fn health_answer(&self, request: &Request<'_>) -> Option<Answer> {
        let health = self.health.as_ref()?;
        let is_check = !request.is_for_websocket();
        is_check.then(|| health.answer(request.path()))?
    }

    /// Answers a health check. Its method may be OPTIONS, as HAProxy's is.
    pub(super) fn answer_health_check(handshake: &mut Handshake, answer: Answer) -> Decision {
        let request = handshake.request();
        let is_other = request.method() != "HEAD" && !Self::asks_for_methods(&request);
        match handshake.check() {
            Err(refusal @ Refusal::MethodNotAllowed) if is_other => {
                Decision::RefuseWith(refusal, &METHOD_NOT_ALLOWED)
            }
            Ok(()) | Err(Refusal::UpgradeRequired | Refusal::MethodNotAllowed) => {
                Decision::Health(answer)
            }
            Err(refusal) => {
                handshake.refuse(refusal, refusal.text());
                Decision::Refuse(refusal)
            }
        }
    }

    /// Whether a client asks for the methods of a path, by plain HTTP.
    pub(super) fn asks_for_methods(request: &Request<'_>) -> bool {
        request.method() == "OPTIONS" && !request.is_for_websocket()
    }
}
