//! What this server answers to a request. It logs nothing: see `journal`.

mod plain;

use std::sync::Arc;

use ws_echo_core::{
    Acceptance, CompressedMessages, Message, Refusal, Request, ServerHandshake, Window,
};

use crate::options::serve::{
    DeflateMode, FIRST_OFFERED, Origins, SUBPROTOCOL_LEN_MAX, Secrets, ServeOptions, Welcome,
};
use crate::serve::behaviour::parse::{Bounds, Mistake};
use crate::serve::behaviour::performance::Limits;
use crate::serve::behaviour::{Behaviour, Greeting};
use crate::serve::health::HealthPaths;
use crate::serve::monitor::Monitor;
use crate::serve::page::{self, File};
use crate::serve::pool::Pool;
use crate::serve::proxies::forwarded::Forwarded;
use crate::serve::proxies::trust::Trust;
use crate::serve::request_report::{self, Choice, Route};
use crate::serve::response::{
    Answer, FORBIDDEN_ORIGIN, METHOD_NOT_ALLOWED, METHODS, METHODS_WITHOUT_PAGE,
};

/// The longest head of a request, in bytes.
const HEAD_LEN: usize = 8 * 1024;

/// The handshake of a client. HTTP/1.0 is enough for the page: health checks and proxies speak it.
pub(crate) type Handshake = ServerHandshake<HEAD_LEN, true>;

/// What is served, the same for all connections.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    welcome: Welcome,
    secrets: Secrets,
    paths: Vec<String>,
    has_page: bool,
    /// Where a client gets its request back by plain HTTP.
    request_path: Option<String>,
    /// Where health checks are answered; `None` for nowhere.
    health: Option<HealthPaths>,
    origins: Origins,
    subprotocols: Vec<String>,
    deflate: DeflateMode,
    deflate_window: Window,
    trust: Trust,
    log_messages: bool,
    /// In bytes.
    max_message_len: u64,
    /// Whether a message that arrives whole may be too long.
    checks_whole_messages: bool,
    /// The path on which the query says what the server does; `None` for none.
    test_path: Option<String>,
    test_bounds: Bounds,
    test_limits: Limits,
}

/// What is answered to a request.
#[derive(Debug)]
pub(crate) enum Decision {
    /// The request was accepted: the connection is open when the response is ready.
    Upgrade {
        /// The window that is agreed on; `None` if no message may be compressed.
        window: Option<Window>,
        /// Whether the client offers compression that cannot be agreed on.
        declines_deflate: bool,
        /// The first subprotocol that the client offers, if one could be chosen and none was.
        unmet_offer: Option<String>,
        /// The request as it arrived, in JSON: the greeting, which must follow the response.
        report: Option<String>,
    },
    /// The request as it arrived, in JSON.
    Report(String),
    /// How the server is.
    Health(Answer),
    /// Which methods the path has.
    Methods(&'static Answer),
    /// The request can be accepted, on the test path: what its query asks for follows.
    Test(Box<Behaviour>),
    /// The query on the test path asks for something that there is not.
    Mistake(Mistake),
    /// The page, or its icon.
    File(&'static File),
    /// This response: pages of the request's origin may not connect.
    ForbiddenOrigin(&'static Answer),
    /// The request was refused.
    Refuse(Refusal),
    /// This response, for this reason.
    RefuseWith(Refusal, &'static Answer),
}

/// How a request on the test path was accepted.
#[derive(Debug)]
pub(crate) struct TestAcceptance {
    /// The first message; `None` for none.
    pub(crate) greeting: Option<String>,
    /// The window that is agreed on; `None` if no message may be compressed.
    pub(crate) window: Option<Window>,
}

impl Service {
    pub(crate) fn new(options: &ServeOptions) -> Self {
        Self {
            welcome: options.welcome.clone(),
            secrets: options.secrets,
            paths: options.paths.clone(),
            has_page: options.has_page,
            request_path: options.test_path.as_deref().map(request_path),
            health: None,
            origins: options.origins.clone(),
            subprotocols: options.subprotocols.clone(),
            deflate: options.deflate,
            deflate_window: options.deflate_window,
            trust: Trust::new(&options.proxies.trusted),
            log_messages: options.log.messages,
            max_message_len: options.max_message_len,
            checks_whole_messages: options.max_message_len
                < Pool::longest_buffer(options.buffer_len) as u64,
            test_path: options.test_path.clone(),
            test_bounds: Bounds {
                max_push: options.max_push,
            },
            test_limits: Limits::new(options),
        }
    }

    /// The same, with health checks if they are wanted: `monitor` knows how the server is.
    pub(crate) fn with_health(mut self, options: &ServeOptions, monitor: &Arc<Monitor>) -> Self {
        let path = options.admin.health_path.as_deref();
        self.health = path.map(|path| HealthPaths::new(path, monitor.clone()));
        self
    }

    /// Decides about a request that is complete. Accepts or refuses it here; any other response is
    /// left to the caller. `window` is the largest one that is agreed on with this client, and
    /// `route` tells how its request has come.
    pub(crate) fn answer(
        &self,
        handshake: &mut Handshake,
        window: Option<Window>,
        route: &dyn Fn() -> Route,
    ) -> Decision {
        let request = handshake.request();
        if self.asks_for_report(&request) {
            return self.report(handshake, route);
        }
        if let Some(answer) = self.health_answer(&request) {
            return Self::answer_health_check(handshake, answer);
        }
        let path = request.path();
        let is_test = self.test_path.as_deref() == Some(path);
        let is_served = is_test || self.paths.is_empty() || self.paths.iter().any(|it| it == path);
        let at_path = match is_test {
            true => Some(page::test_file()),
            false => page::file(path, is_served),
        };
        let at_path = at_path.filter(|_| self.has_page);
        // A client that asks for a WebSocket must be told why it gets none.
        let file = at_path.filter(|_| !request.is_for_websocket());
        if !is_served && file.is_none() {
            handshake.refuse(Refusal::NotFound, Refusal::NotFound.text());
            return Decision::Refuse(Refusal::NotFound);
        }
        match (handshake.check(), file) {
            (Err(Refusal::UpgradeRequired), Some(file)) => return self.send(file, &request),
            (Err(Refusal::MethodNotAllowed), Some(file)) if request.method() == "HEAD" => {
                return self.send(file, &request);
            }
            (Err(Refusal::MethodNotAllowed), _) if Self::asks_for_methods(&request) => {
                return Decision::Methods(match at_path {
                    Some(_) => &METHODS,
                    None => &METHODS_WITHOUT_PAGE,
                });
            }
            (Err(refusal @ Refusal::MethodNotAllowed), _)
                if at_path.is_some() && request.method() != "HEAD" =>
            {
                return Decision::RefuseWith(refusal, &METHOD_NOT_ALLOWED);
            }
            (Ok(()), _) if !self.allows_origin(&request, route) => {
                return Decision::ForbiddenOrigin(&FORBIDDEN_ORIGIN);
            }
            (Ok(()), _) if is_test => {
                return match self.behaviour(&request) {
                    Ok(behaviour) => Decision::Test(Box::new(behaviour)),
                    Err(mistake) => Decision::Mistake(mistake),
                };
            }
            // It is accepted, or refused because of what it lacks.
            _ => {}
        }
        self.accept(handshake, window, route)
    }

    /// Whether pages of the request's origin may connect.
    fn allows_origin(&self, request: &Request<'_>, route: &dyn Fn() -> Route) -> bool {
        let is_from_proxy = !self.trust.is_empty() && route().is_from_proxy;
        let forwarded = is_from_proxy.then(|| Forwarded::read(request, &self.trust));
        let forwarded = forwarded.and_then(Result::ok).unwrap_or_default();
        self.origins.allow(request, &forwarded)
    }

    /// The proxies that are trusted.
    pub(crate) fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Accepts a request, or refuses it because of what it lacks.
    fn accept(
        &self,
        handshake: &mut Handshake,
        window: Option<Window>,
        route: &dyn Fn() -> Route,
    ) -> Decision {
        let request = handshake.request();
        let subprotocol = self.choose(&request).map(str::to_owned);
        let first_offer = request.subprotocols().find(is_short);
        let unmet_offer = first_offer.filter(|_| subprotocol.is_none());
        let unmet_offer = unmet_offer.map(str::to_owned);
        let deflate = window.and_then(|window| request.deflate(window));
        let declines_deflate = window.is_some() && deflate.is_none() && offers_deflate(&request);
        let report = (self.welcome == Welcome::Request).then(|| {
            let choice = Choice {
                subprotocol: subprotocol.as_deref(),
                deflate: deflate.as_ref(),
            };
            request_report::json(&request, &route(), choice, self.secrets)
        });
        let accepted = handshake.accept(Acceptance {
            subprotocol: subprotocol.as_deref(),
            deflate: deflate.as_ref(),
            greeting: self.welcome.text().map(Message::Text),
        });
        match accepted {
            Ok(()) => Decision::Upgrade {
                window: deflate.map(|answer| answer.agreed().client),
                declines_deflate,
                unmet_offer,
                report,
            },
            Err(refusal) => {
                handshake.explain(refusal.text());
                Decision::Refuse(refusal)
            }
        }
    }

    /// Whether the answer to a request may need [memory for a
    /// report](request_report::LEN_MAX).
    pub(crate) fn reports(&self, request: &Request<'_>) -> bool {
        self.welcome == Welcome::Request || self.asks_for_report(request)
    }

    /// Sends a file. That of the test path is sent for a right query only: a browser does not tell
    /// a page why its WebSocket was refused, so the page asks again over HTTP.
    fn send(&self, file: &'static File, request: &Request<'_>) -> Decision {
        if self.test_path.as_deref() != Some(request.path()) {
            return Decision::File(file);
        }
        match self.behaviour(request) {
            Ok(_) => Decision::File(file),
            Err(mistake) => Decision::Mistake(mistake),
        }
    }

    /// What a request on the test path asks for.
    fn behaviour(&self, request: &Request<'_>) -> Result<Behaviour, Mistake> {
        Behaviour::parse(request.query().unwrap_or_default(), &self.test_bounds)
    }

    /// Accepts a request on the test path, with a response that is changed later.
    pub(crate) fn accept_test(
        &self,
        handshake: &mut Handshake,
        behaviour: &Behaviour,
        route: &dyn Fn() -> Route,
    ) -> Result<TestAcceptance, Refusal> {
        let request = handshake.request();
        let own = behaviour.handshake.subprotocol.as_deref();
        let subprotocol = self.choose(&request).filter(|_| own.is_none());
        let subprotocol = subprotocol.map(str::to_owned);
        let window = self.window().filter(|_| behaviour.keeps_messages());
        let deflate = window.and_then(|window| request.deflate(window.fresh()));
        let choice = Choice {
            subprotocol: own.or(subprotocol.as_deref()),
            deflate: deflate.as_ref(),
        };
        let report = || request_report::json(&request, &route(), choice, self.secrets);
        let greeting = match (&behaviour.greeting.greeting, &self.welcome) {
            (Greeting::None, _) | (Greeting::Usual, Welcome::None) => None,
            (Greeting::Request, _) | (Greeting::Usual, Welcome::Request) => Some(report()),
            (Greeting::Text(text), _) | (Greeting::Usual, Welcome::Text(text)) => {
                Some(text.clone())
            }
        };
        handshake.accept(Acceptance {
            subprotocol: subprotocol.as_deref(),
            deflate: deflate.as_ref(),
            greeting: None,
        })?;
        let window = deflate.map(|answer| answer.agreed().client);
        Ok(TestAcceptance { greeting, window })
    }

    /// What clients on the test path are bound by.
    pub(crate) fn test_limits(&self) -> Limits {
        self.test_limits
    }

    /// The subprotocol for a client: the first of ours that it offers.
    fn choose<'a>(&self, request: &Request<'a>) -> Option<&'a str> {
        self.subprotocols.iter().find_map(|ours| match &**ours {
            FIRST_OFFERED => request.subprotocols().find(is_short),
            ours => request.subprotocols().find(|offer| *offer == ours),
        })
    }

    /// The largest window that is agreed on with a client; `None` if it may not compress.
    pub(crate) fn window(&self) -> Option<Window> {
        match self.deflate {
            DeflateMode::Off => None,
            DeflateMode::Fresh => Some(self.deflate_window),
            DeflateMode::Window | DeflateMode::Unverified => Some(self.deflate_window.kept()),
        }
    }

    /// Whether compressed messages are inflated and checked before they are echoed.
    pub(crate) fn verifies(&self) -> bool {
        self.deflate.verifies()
    }

    /// What becomes of compressed messages if no message has to be looked at.
    #[inline]
    pub(crate) fn compressed(&self) -> CompressedMessages {
        match self.deflate {
            DeflateMode::Unverified => CompressedMessages::Echo,
            _ => CompressedMessages::Leave,
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

    /// Whether a message is too long of which this much was received, and this much is announced.
    pub(crate) fn is_too_long(&self, received: u64, remaining: u64) -> bool {
        received.saturating_add(remaining) > self.max_message_len
    }

    /// The longest message that is echoed, in bytes.
    pub(crate) fn max_message_len(&self) -> u64 {
        self.max_message_len
    }
}

/// The path below this one where a client gets its request back.
fn request_path(test_path: &str) -> String {
    let folder = test_path.strip_suffix('/').unwrap_or(test_path);
    format!("{folder}/request")
}

/// Whether a client offers compression, in whatever form.
fn offers_deflate(request: &Request<'_>) -> bool {
    let mut lists = request.headers("Sec-WebSocket-Extensions");
    lists.any(|list| String::from_utf8_lossy(list).contains("permessage-deflate"))
}

/// Whether a subprotocol can be chosen: a longer one cannot be listed, and could take the room of
/// the response.
fn is_short(name: &&str) -> bool {
    name.len() <= SUBPROTOCOL_LEN_MAX
}
