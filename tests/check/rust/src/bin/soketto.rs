//! An echo by soketto, as in its example for Autobahn. It compresses, which is off by default.

use std::convert::Infallible;
use std::io;

use soketto::connection::Error;
use soketto::extension::deflate::Deflate;
use soketto::handshake::Server;
use soketto::handshake::server::Response;
use soketto::{Data, Mode};
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncReadCompatExt;

fn main() -> io::Result<Infallible> {
    check_peers::serve(client)
}

async fn client(stream: TcpStream) -> Result<(), soketto::BoxedError> {
    let mut server = Server::new(stream.compat());
    server.add_extension(Box::new(Deflate::new(Mode::Server)));
    let key = server.receive_request().await?.key();
    let protocol = None;
    server
        .send_response(&Response::Accept { key, protocol })
        .await?;
    let (mut sender, mut receiver) = server.into_builder().finish();
    let mut message = Vec::new();
    loop {
        message.clear();
        match receiver.receive_data(&mut message).await {
            Ok(Data::Text(_)) => sender.send_text(str::from_utf8(&message)?).await?,
            Ok(Data::Binary(_)) => sender.send_binary_mut(&mut message).await?,
            Err(Error::Closed) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        sender.flush().await?;
    }
}
