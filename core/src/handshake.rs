//! The opening handshake (RFC 6455 section 4) of both sides, and the HTTP that it needs (RFC 9112).

mod accept;
pub(crate) mod acceptance;
mod base64;
pub(crate) mod client;
pub(crate) mod client_request;
pub(crate) mod deflate_answer;
pub(crate) mod deflate_offer;
mod deflate_parameters;
mod extensions;
mod head;
pub(crate) mod headers;
mod http;
pub(crate) mod http_response;
pub(crate) mod progress;
pub(crate) mod refusal;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod server;
mod sha1;
pub(crate) mod syntax;
