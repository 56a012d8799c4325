//! Performances as a client sees them: which bytes come when, by a clock that only the tests move.

mod end;
mod handshake;
mod limits;
mod messages;
mod pairs;
mod stage;
mod unasked;
