//! The core's client role, as Autobahn's fuzzing server tests it: a client that runs each case by
//! echoing everything. `tests/autobahn/run-client.sh` starts both.
//!
//! ```sh
//! cargo run --release -p ws-echo-tests --example autobahn_client 127.0.0.1:9001
//! ```

use std::env;
use std::error::Error;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use ws_echo_core::{Agreed, Buffer, ClientHandshake, ClientRequest, Connection, Event, Progress};

/// What the report calls this client.
const AGENT: &str = "ws-echo";
/// How long the server may stay silent.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many bytes of the received data are kept: enough for the number of cases.
const START_LEN: usize = 20;
const BUFFER_LEN: usize = 64 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let host = env::args()
        .nth(1)
        .ok_or("write the server's address, such as 127.0.0.1:9001")?;
    let count: u32 = String::from_utf8(run(&host, "/getCaseCount")?)?.parse()?;
    for case in 1..=count {
        let _ = run(&host, &format!("/runCase?case={case}&agent={AGENT}"));
    }
    run(&host, &format!("/updateReports?agent={AGENT}"))?;
    println!("{count} cases");
    Ok(())
}

/// Connects, echoes until the end of the connection, and returns the start of what was received.
fn run(host: &str, resource: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut random = fastrand::Rng::new();
    let request = ClientRequest::new(host, resource);
    let nonce = random.u128(..).to_be_bytes();
    let mut handshake = ClientHandshake::<1024>::new(request, nonce)?;
    let mut connection = Connection::client(Agreed::NOTHING, move || random.u32(..).to_be_bytes());
    let mut buffer = Buffer::new(vec![0; BUFFER_LEN]);
    let mut received = Vec::new();
    loop {
        let progress = handshake.advance(&mut buffer)?;
        let mut exchange = connection.exchange(&mut buffer);
        while matches!(progress, Progress::Open(_))
            // The report says what is wrong with a case.
            && let Some(event) = exchange.next_event().transpose()
        {
            if let Ok(Event::Data(chunk)) = event {
                let room = START_LEN.saturating_sub(received.len());
                received.extend(exchange.bytes(&chunk).iter().take(room));
                exchange.echo(chunk);
            }
        }
        let len = buffer.ready().len();
        stream.write_all(buffer.ready())?;
        buffer.consume(len);
        if len > 0 && !connection.is_done() {
            // There may be more to answer, now that there is room.
            continue;
        }
        match stream.read(buffer.spare_mut()) {
            // The server ends many cases without waiting for data that is still under way.
            Ok(0) => return Ok(received),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(received),
            Ok(len) => buffer.commit(len),
            Err(error) => return Err(error.into()),
        }
    }
}
