//! What the server does on the test path, seen by clients that share nothing with it, over real
//! sockets: each parameter alone, by a client that reads bytes; violations and ends also by
//! python `websockets`, Node's `ws`, tungstenite and Chromium. A time is only checked from below:
//! a busy machine may be late.

#[cfg(unix)]
mod browser;
#[cfg(unix)]
mod end;
#[cfg(unix)]
mod greeting;
#[cfg(unix)]
mod handshake;
#[cfg(unix)]
mod messages;
#[cfg(unix)]
mod mistakes;
#[cfg(unix)]
mod observed;
#[cfg(unix)]
mod peers;
#[cfg(unix)]
mod segments;
#[cfg(unix)]
mod served;
#[cfg(unix)]
mod unasked;
#[cfg(unix)]
mod violations;
