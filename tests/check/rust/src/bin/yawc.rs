//! An echo by yawc, with hyper before it as in its example. It compresses and validates text, which
//! are off by default, and its limit of 1 MiB is raised.

use std::convert::Infallible;
use std::io;

use check_peers::LONGEST;
use futures_util::StreamExt;
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use yawc::{Frame, OpCode, Options, UpgradeFut, WebSocket};

fn main() -> io::Result<Infallible> {
    check_peers::serve(|stream| check_peers::serve_http(stream, accept))
}

fn accept(mut request: Request<Incoming>) -> yawc::Result<Response<Empty<Bytes>>> {
    let options = Options::default()
        .with_limits(LONGEST, LONGEST)
        .with_utf8()
        .with_balanced_compression();
    let (response, upgraded) = WebSocket::upgrade_with_options(&mut request, options)?;
    tokio::spawn(async { drop(client(upgraded).await) });
    Ok(response)
}

async fn client(upgraded: UpgradeFut) -> yawc::Result<()> {
    let connection = upgraded.await?;
    check_peers::echo(connection.map(Ok), |frame: &Frame| {
        matches!(frame.opcode(), OpCode::Text | OpCode::Binary)
    })
    .await
}
