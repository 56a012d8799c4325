//! What this server answers to a request. It logs nothing: see `journal`.

use ws_echo_core::{Acceptance, Message, Refusal, ServerHandshake};

use crate::options::serve::{Origins, ServeOptions};
use crate::serve::page;
use crate::serve::pool::Pool;
use crate::serve::response::{Answer, FORBIDDEN_ORIGIN};

/// The longest head of a request, in bytes.
pub(crate) const HEAD_LEN: usize = 8 * 1024;

/// What is served, the same for all connections.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    welcome: Option<String>,
    paths: Vec<String>,
    has_page: bool,
    origins: Origins,
    subprotocols: Vec<String>,
    log_messages: bool,
    /// In bytes.
    max_message_len: u64,
    /// Whether a message that arrives whole may be too long.
    checks_whole_messages: bool,
}

/// What is answered to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Decision {
    /// The request was accepted: the connection is open when the response is ready.
    Upgrade,
    /// The page, or its icon.
    Page(&'static Answer),
    /// This response: pages of the request's origin may not connect.
    ForbiddenOrigin(&'static Answer),
    /// The request was refused.
    Refuse(Refusal),
}

impl Service {
    pub(crate) fn new(options: &ServeOptions) -> Self {
        Self {
            welcome: options.welcome.clone(),
            paths: options.paths.clone(),
            has_page: options.has_page,
            origins: options.origins.clone(),
            subprotocols: options.subprotocols.clone(),
            log_messages: options.log_messages,
            max_message_len: options.max_message_len,
            checks_whole_messages: options.max_message_len
                < Pool::longest_buffer(options.buffer_len) as u64,
        }
    }

    /// Decides about a request that is complete. Accepts or refuses it here; any other response is
    /// left to the caller.
    pub(crate) fn answer(&self, handshake: &mut ServerHandshake<HEAD_LEN>) -> Decision {
        let request = handshake.request();
        let is_offered = |name: &&String| request.subprotocols().any(|offer| offer == *name);
        let subprotocol = self.subprotocols.iter().find(is_offered);
        let is_served =
            self.paths.is_empty() || self.paths.iter().any(|path| path == request.path());
        let page = page::answer(&request, is_served).filter(|_| self.has_page);
        if !is_served && page.is_none() {
            handshake.refuse(Refusal::NotFound, Refusal::NotFound.text());
            return Decision::Refuse(Refusal::NotFound);
        }
        if page.is_none() && request.method() == "GET" && !self.origins.allow(&request) {
            return Decision::ForbiddenOrigin(&FORBIDDEN_ORIGIN);
        }
        let accepted = handshake.accept(Acceptance {
            subprotocol: subprotocol.map(String::as_str),
            greeting: self.welcome.as_deref().map(Message::Text),
        });
        match (accepted, page) {
            (Ok(()), _) => Decision::Upgrade,
            // A request that is wrong otherwise is refused. HEAD is the only other method that has
            // a response.
            (Err(Refusal::UpgradeRequired | Refusal::MethodNotAllowed), Some(page)) => {
                Decision::Page(page)
            }
            (Err(refusal), _) => {
                handshake.explain(refusal.text());
                Decision::Refuse(refusal)
            }
        }
    }

    /// Whether messages are logged.
    pub(crate) fn logs_messages(&self) -> bool {
        self.log_messages
    }

    /// Whether each message must be looked at, even one that arrives whole.
    pub(crate) fn looks_at_messages(&self) -> bool {
        self.log_messages || self.checks_whole_messages
    }

    /// The longest message that is echoed, in bytes.
    pub(crate) fn max_message_len(&self) -> u64 {
        self.max_message_len
    }
}
