//! WebSocket (RFC 6455) for servers and for clients, in one fixed buffer for each busy connection.
//!
//! A server starts with [`ServerHandshake`], a client with [`ClientHandshake`]; then both use
//! [`Connection`], [`Exchange`] and [`Buffer`].
//!
//! What a program of each kind uses, beside the loop that is the same for all:
//!
//! - It echoes: [`Exchange::echo`], and before it [`Exchange::echo_whole_messages`].
//! - It echoes compressed messages (RFC 7692): [`Request::deflate`], [`Acceptance::deflate`] and
//!   [`Chunk::is_compressed`].
//! - It pushes a counter, a sensor or a log: [`Exchange::send`], at any time, and
//!   [`Exchange::room`].
//! - It answers commands, such as JSON: [`Exchange::gather`] with a [`MessageBuffer`], and
//!   [`Exchange::send_up_to`] for long answers.
//! - It answers commands that browsers compress: [`Exchange::gather_inflated`] with an [`Inflate`],
//!   and [`Request::deflate`].
//! - It streams what is larger than memory: [`Exchange::bytes`] of each [`Chunk`], and
//!   [`Exchange::send_fragment`].
//! - It measures round trips: [`Exchange::ping`], [`Event::Pong`], [`Exchange::control_payload`].
//! - It decides who may connect: [`Request::path`], [`Request::query`], [`Request::headers`] and
//!   [`ServerHandshake::refuse`].
//! - It serves a page at the same port: [`ServerHandshake::respond`] with an [`HttpResponse`].
//! - It connects to a server: [`ClientHandshake`], [`Connection::client`].
//! - It has threads, or runs over tokio or embassy: [servers to copy][servers].
//! - It is firmware: [`Buffer::for_pieces`], and a [server and a client over smoltcp][smoltcp] to
//!   copy.
//!
//! [microcontrollers]: https://docs.rs/crate/ws-echo-core/latest/source/docs/microcontrollers.md
//! [servers]: https://docs.rs/crate/ws-echo-core/latest/source/docs/servers.md
//! [smoltcp]: https://docs.rs/crate/ws-echo-core/latest/source/docs/smoltcp.md
//!
#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

#[cfg(feature = "std")]
extern crate std;

mod buffer;
mod connection;
mod frame;
mod handshake;
mod inflate;
mod storage;

pub use buffer::{Buffer, MIN_BUFFER_LEN};
pub use connection::Connection;
pub use connection::agreed::Agreed;
pub use connection::deflate::{Deflate, Window};
pub use connection::echoed::{CompressedMessages, Echoed, Messages};
pub use connection::event::{Chunk, Event, Kind, Message};
pub use connection::exchange::Exchange;
pub use connection::message_buffer::{GatherError, MessageBuffer, MessageStorage, MessageTooLong};
pub use connection::send_error::SendError;
pub use frame::close::CloseCode;
pub use frame::error::ProtocolError;
pub use frame::layout::Fin;
pub use frame::role::{Client, Role, Server};
pub use handshake::acceptance::Acceptance;
pub use handshake::client::ClientHandshake;
pub use handshake::client_request::{ClientRequest, ClientRequestError};
pub use handshake::deflate_answer::DeflateAnswer;
pub use handshake::deflate_offer::DeflateOffer;
pub use handshake::headers::MAX_HEADERS;
pub use handshake::http_response::{HttpResponse, HttpResponseError};
pub use handshake::progress::Progress;
pub use handshake::refusal::Refusal;
pub use handshake::request::Request;
pub use handshake::response::{Response, ResponseError};
pub use handshake::server::{MIN_HEAD_LEN, ServerHandshake};
pub use handshake::syntax::SyntaxError;
pub use inflate::Inflate;
pub use storage::Storage;
