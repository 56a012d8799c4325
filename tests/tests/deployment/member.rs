//! A client of a cluster.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ws_echo_tests::scripted_client::{Client, WELCOME};
use ws_echo_tests::wire::{CLOSE, Frame, PING, PONG, TEXT, masked, masked_close};

/// A client with a path of its own, by which the nodes' logs name it.
pub(crate) struct Member {
    pub(crate) path: String,
    pub(crate) client: Client,
    /// Which node it has reached.
    pub(crate) node: usize,
}

/// A path that no other client of this process has.
pub(crate) fn own_path() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("/client-{:05}", NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Member {
    /// Connects, and receives the greeting.
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let path = own_path();
        let client = Client::open_at(address, &path);
        let member = Self::greeted(path, client);
        member.unwrap_or_else(|close| panic!("instead of the greeting: {close:?}"))
    }

    /// With a connection that is open: receives the greeting.
    ///
    /// # Errors
    ///
    /// The Close frame that comes instead, because the server is about to stop.
    pub(crate) fn greeted(path: String, mut client: Client) -> Result<Self, Frame> {
        let greeting = client.receive_frame().expect("a greeting or a Close");
        if greeting.first == CLOSE {
            return Err(greeting);
        }
        assert_eq!(greeting, Frame::new(TEXT, WELCOME), "{path}");
        Ok(Self {
            path,
            client,
            node: 0,
        })
    }

    /// Sends a message and receives its echo.
    ///
    /// # Errors
    ///
    /// The Close frame that comes instead. It is answered, and the connection has ended.
    pub(crate) fn echo(&mut self, first: u8, message: &[u8]) -> Result<(), Frame> {
        // The other side may have ended.
        self.client.try_send(masked(first, message));
        let answer = self.client.receive_frame().expect("an echo or a Close");
        if answer.first == CLOSE {
            self.client.try_send(masked_close(1001, ""));
            assert_eq!(self.client.receive_frame(), None, "{}", self.path);
            return Err(answer);
        }
        assert_eq!(answer, Frame::new(first, message), "{}", self.path);
        Ok(())
    }

    /// Echoes messages until it gets a Close. Returns how many there were, and the Close.
    pub(crate) fn echo_until_closed(mut self) -> (usize, Frame) {
        let mut echoes = 0;
        loop {
            if let Err(close) = self.echo(TEXT, format!("message {echoes}").as_bytes()) {
                return (echoes, close);
            }
            echoes += 1;
            pause();
        }
    }

    /// Echoes messages until it is stopped, and closes. Returns how many there were.
    pub(crate) fn echo_until(mut self, stop: &AtomicBool) -> usize {
        let mut echoes = 0;
        while !stop.load(Ordering::Relaxed) {
            let echoed = self.echo(TEXT, format!("message {echoes}").as_bytes());
            assert_eq!(echoed, Ok(()), "after {echoes} echoes");
            echoes += 1;
            pause();
        }
        self.close();
        echoes
    }

    /// Does nothing but answer Pings, until there were so many.
    pub(crate) fn answer_pings(&mut self, number: usize) {
        for i in 0..number {
            let ping = self.client.receive_frame();
            let ping = ping.unwrap_or_else(|| panic!("the connection ends after {i} Pings"));
            assert_eq!(ping.first, PING, "{ping:?}");
            self.client.send(masked(PONG, ping.payload));
        }
    }

    /// The closing handshake, and the end of the connection.
    pub(crate) fn close(mut self) {
        self.send_close();
        self.expect_closed();
    }

    /// Begins the closing handshake.
    pub(crate) fn send_close(&mut self) {
        self.client.send(masked_close(1000, ""));
    }

    /// The rest of it.
    pub(crate) fn expect_closed(mut self) {
        assert_eq!(self.client.receive_frame(), Some(Frame::close(1000)));
        assert_eq!(self.client.receive_frame(), None);
    }
}

/// So that several clients at once leave time to the servers.
fn pause() {
    thread::sleep(Duration::from_millis(2));
}
