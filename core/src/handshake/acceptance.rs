//! How a server accepts a request (RFC 6455 section 4.2.2). Its bytes are in `server`.

use crate::connection::event::Message;
use crate::handshake::deflate_answer::DeflateAnswer;

/// How a server accepts a request: what it chooses of the client's offers, and its first message.
/// Fields will be added: write `..Acceptance::default()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Acceptance<'a> {
    /// The subprotocol. Must be one of those that the client
    /// [offers](crate::Request::subprotocols): no other is sent.
    pub subprotocol: Option<&'a str>,
    /// The answer to the client's [offer of compression](crate::Request::deflate). `None` declines
    /// the offer: no message is compressed.
    ///
    /// If the windows are [kept](crate::Window::is_kept), then the server must
    /// [echo](crate::Exchange::echo) every compressed message, in order, or close the connection:
    /// a later message may refer to one that the client did not get back. This rule is for servers
    /// that echo. One that inflates every message and sends only plain ones may keep the window.
    pub deflate: Option<&'a DeflateAnswer>,
    /// A message that is sent directly after the response.
    pub greeting: Option<Message<'a>>,
}
