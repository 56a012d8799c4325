//! A client by tungstenite, over tokio-tungstenite.

use std::error::Error;

use check_peers::Task;
use futures_util::StreamExt;
use tungstenite::Message;

fn main() -> Result<(), Box<dyn Error>> {
    check_peers::run_cases("tokio-tungstenite", run)
}

async fn run(address: String, resource: String, task: Task) -> tungstenite::Result<String> {
    let url = format!("ws://{address}{resource}");
    let (mut connection, _) = tokio_tungstenite::connect_async(url).await?;
    let mut first = String::new();
    if let Task::Count = task
        && let Some(message) = connection.next().await
    {
        first = message?.to_text()?.to_owned();
    }
    check_peers::echo(connection, |message: &Message| {
        message.is_text() || message.is_binary()
    })
    .await?;
    Ok(first)
}
