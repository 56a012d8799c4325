//! The progress of an opening handshake, for both sides (RFC 6455 section 4).

use crate::connection::agreed::Agreed;

/// The progress of an opening handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Progress {
    /// The handshake cannot continue until bytes are transmitted or received, unless it [is
    /// done](crate::ServerHandshake::is_done): then it is over without a connection.
    Wait,
    /// The request is complete. The application must
    /// [accept](crate::ServerHandshake::accept), [refuse](crate::ServerHandshake::refuse) or
    /// [respond](crate::ServerHandshake::respond). Only a server makes this progress.
    Request,
    /// The connection is open. Continue with a [`Connection`](crate::Connection) for what was
    /// agreed, and with the same buffer: it may hold bytes that were received after the head. On a
    /// server, all of the response is ready to transmit. Returned again at each later call.
    Open(Agreed),
}
