//! An echo by fastwebsockets, with hyper before it as in its example. Its limit is 64 MiB. It does
//! not compress.

use std::convert::Infallible;
use std::io;

use fastwebsockets::{FragmentCollector, OpCode, WebSocketError, upgrade};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};

fn main() -> io::Result<Infallible> {
    check_peers::serve(|stream| check_peers::serve_http(stream, accept))
}

fn accept(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, upgraded) = upgrade::upgrade(&mut request)?;
    tokio::spawn(async { drop(client(upgraded).await) });
    Ok(response)
}

async fn client(upgraded: upgrade::UpgradeFut) -> Result<(), WebSocketError> {
    let mut connection = FragmentCollector::new(upgraded.await?);
    loop {
        let frame = connection.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => connection.write_frame(frame).await?,
            _ => {}
        }
    }
}
