//! Which guarantees does a server give? One file per guarantee, in one binary, because linking the server is slow.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic, in its helpers too")]

mod fairness;
mod log;
mod support;
