//! What a server promises, one file for each promise. One binary, since each is linked with all the server.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic, in its helpers too")]

mod fairness;
mod log;
mod support;
