//! Where a container has little memory: what connections may take of it besides the buffers of
//! `--max-memory`.
//!
//! With cgroups of version 2, what the system keeps for a socket counts as the container's memory.
//! By default that grows to several megabytes for a client that does not read, so a few hundred of
//! them would end the container. Here it is bounded, and so is the number of connections.

use std::io;

use socket2::SockRef;

/// The part of the container's memory that all connections share.
const PART: u64 = 2;
/// The longest buffer of a socket, for each direction, in bytes. The system counts about half of it
/// besides, for its own records.
const BUFFER_MAX: u64 = 64 << 10;
/// The shortest, if the user wants many connections.
const BUFFER_MIN: u64 = 16 << 10;

/// How many connections there is memory for, if each takes `cost` bytes besides.
pub(crate) fn most_connections(memory: u64, cost: usize) -> usize {
    let most = memory / PART / (2 * BUFFER_MAX + cost as u64);
    usize::try_from(most).unwrap_or(usize::MAX).max(1)
}

/// How long the buffers of a socket may be, in bytes, with so many connections.
pub(crate) fn buffer_len(memory: u64, connections: usize, cost: usize) -> usize {
    let each = memory / PART / (connections as u64).max(1);
    let len = each.saturating_sub(cost as u64) / 2;
    len.clamp(BUFFER_MIN, BUFFER_MAX) as usize
}

/// Bounds the buffers of the sockets of all clients that connect by this listener.
///
/// # Errors
///
/// When the system refuses.
pub(crate) fn bound_buffers<'a>(listener: impl Into<SockRef<'a>>, len: usize) -> io::Result<()> {
    let socket = listener.into();
    // Linux allows twice as much.
    socket.set_send_buffer_size(len / 2)?;
    socket.set_recv_buffer_size(len / 2)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn connections_take_half_of_the_memory_at_most() {
        assert_eq!(most_connections(64 << 20, 0), 256);
        assert_eq!(most_connections(64 << 20, 128 << 10), 128);
        assert_eq!(most_connections(1 << 30, 0), 4096);
        assert_eq!(most_connections(0, 0), 1);
    }

    #[test]
    fn buffers_are_shorter_for_more_connections_and_never_tiny() {
        for connections in [0, 1, 256] {
            assert_eq!(buffer_len(64 << 20, connections, 0), 64 << 10);
        }
        assert_eq!(buffer_len(64 << 20, 512, 0), 32 << 10);
        assert_eq!(buffer_len(64 << 20, 512, 8 << 10), 28 << 10);
        assert_eq!(buffer_len(64 << 20, 100_000, 0), 16 << 10);
    }

    #[test]
    fn the_sockets_of_clients_have_the_buffers_of_their_listener() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        bound_buffers(&listener, 32 << 10).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (client, _) = listener.accept().unwrap();
        let socket = SockRef::from(&client);
        let expected = if cfg!(target_os = "linux") {
            32 << 10
        } else {
            16 << 10
        };
        assert_eq!(socket.send_buffer_size().unwrap(), expected);
        assert_eq!(socket.recv_buffer_size().unwrap(), expected);
    }
}
