//! WebSocket (RFC 6455) for servers and for clients, in one fixed buffer for each busy connection.
//!
//! A server starts with [`ServerHandshake`], a client with [`ClientHandshake`]; then both use
//! [`Connection`], [`Exchange`] and [`Buffer`].
//!
//! [microcontrollers]: https://docs.rs/crate/ws-echo-core/latest/source/docs/microcontrollers.md
//! [smoltcp]: https://docs.rs/crate/ws-echo-core/latest/source/docs/smoltcp.md
//!
//! A client's driver makes a [`ClientHandshake`] instead, and when that is [open](Progress::Open) a
//! [`Connection::client`].
//!
//! Bytes may arrive cut anywhere. While bytes are ready and the peer does not take them, receive
//! nothing: that is all of the flow control. (A client goes on receiving: see [`Buffer::spare_mut`].) After bytes were transmitted, go on with what the
//! buffer still holds, before receiving more. A frame that fits the buffer comes back as one
//! frame; longer ones come back in fragments while they arrive.
//!
//! With the feature `std`, long messages and text go through the vector instructions that the
//! processor is found to have, by way of the crates `multiversion` and `simdutf8`.
//!
//! ```
//! use ws_echo_core::{Agreed, Buffer, Connection, Event};
//!
//! let mut connection = Connection::server(Agreed::NOTHING);
//! let mut buffer = Buffer::new([0; 1024]);
//!
//! // From the transport: the text "Hello", masked (RFC 6455 section 5.7).
//! let frame = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
//! buffer.spare_mut()[..frame.len()].copy_from_slice(&frame);
//! buffer.commit(frame.len());
//!
//! let mut exchange = connection.exchange(&mut buffer);
//! while let Some(event) = exchange.next_event()? {
//!     match event {
//!         Event::Data(chunk) => exchange.echo(chunk),
//!         _ => {}
//!     }
//! }
//!
//! // To the transport.
//! assert_eq!(buffer.ready(), b"\x81\x05Hello");
//! # Ok::<(), ws_echo_core::ProtocolError>(())
//! ```

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
mod storage;

pub use buffer::{Buffer, MIN_BUFFER_LEN};
pub use connection::Connection;
pub use connection::agreed::Agreed;
pub use connection::event::{Chunk, Event, Kind, Message};
pub use connection::exchange::Exchange;
pub use connection::send_error::SendError;
pub use frame::close::CloseCode;
pub use frame::error::ProtocolError;
pub use frame::layout::Fin;
pub use frame::role::{Client, Role, Server};
pub use handshake::client::ClientHandshake;
pub use handshake::client_request::{ClientRequest, ClientRequestError};
pub use handshake::headers::MAX_HEADERS;
pub use handshake::http_response::{HttpResponse, HttpResponseError};
pub use handshake::progress::Progress;
pub use handshake::refusal::Refusal;
pub use handshake::request::Request;
pub use handshake::response::{Response, ResponseError};
pub use handshake::server::{Acceptance, MIN_HEAD_LEN, ServerHandshake};
pub use handshake::syntax::SyntaxError;
pub use storage::Storage;
