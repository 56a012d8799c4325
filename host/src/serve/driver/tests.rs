//! What a driver keeps of an idle client, and after a Ping.

use std::io::{Read, Write};

use super::*;
use crate::command_line::tests::options;
use crate::serve::journal::Journal;
use crate::serve::service::Service;

/// A transport that takes everything, and from which these bytes are received.
struct Scripted(&'static [u8]);

impl Read for Scripted {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Scripted {
    fn shut(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
#[cfg(target_pointer_width = "64")]
fn an_idle_client_is_one_cache_line_and_is_kept_in_no_more() {
    assert_eq!(size_of::<Driver<u32>>(), 64);
    assert_eq!(size_of::<Option<Driver<u32>>>(), 64);
}

#[test]
fn a_client_that_is_pinged_owns_nothing_more_than_before() {
    let options = options(&[], &[]);
    let mut shared = Shared {
        service: Service::new(&options),
        pool: Pool::new(options.buffer_len, usize::MAX, options.max_backlog),
        journal: Journal::default(),
        is_stopping: false,
    };
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let mut driver = Driver::new(Scripted(request), ([127, 0, 0, 1], 1).into());
    driver.note(Readiness::Data);
    let opened = driver.turn(&mut shared);
    assert_eq!(opened.next, Next::Idle);
    assert_eq!(
        opened.deadline,
        DeadlineChange::Spread(Deadline::SignOfLife)
    );
    for deadline in [Deadline::SignOfLife, Deadline::Answer] {
        let expired = driver.expire(&mut shared);
        assert_eq!(expired.next, Next::Idle);
        assert_eq!(expired.deadline, DeadlineChange::Restart(deadline));
        assert!(driver.client.is_idle());
    }
}
