//! Memories in a real PostgreSQL.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests panic, and print what they measured")]

mod failover;
mod idempotency;
mod limits;
mod memories;
mod model;
mod ranking;
mod server;
mod statements;
mod storms;
mod support;
mod tenants;
mod tls;
mod trim;
mod watch;
mod wide;
