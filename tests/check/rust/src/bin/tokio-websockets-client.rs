//! A client by tokio-websockets.

use std::error::Error;

use check_peers::Task;
use futures_util::StreamExt;
use tokio_websockets::{ClientBuilder, Limits, Message};

fn main() -> Result<(), Box<dyn Error>> {
    check_peers::run_cases("tokio-websockets", run)
}

async fn run(
    address: String,
    resource: String,
    task: Task,
) -> Result<String, tokio_websockets::Error> {
    let url = format!("ws://{address}{resource}");
    let builder = ClientBuilder::new()
        .uri(&url)
        .map_err(|_| tokio_websockets::Error::UnsupportedScheme)?;
    let (mut connection, _) = builder.limits(Limits::unlimited()).connect().await?;
    let mut first = String::new();
    if let Task::Count = task
        && let Some(message) = connection.next().await
    {
        first = message?.as_text().unwrap_or_default().to_owned();
    }
    check_peers::echo(connection, |message: &Message| {
        message.is_text() || message.is_binary()
    })
    .await?;
    Ok(first)
}
