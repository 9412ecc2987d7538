//! Memories in a real PostgreSQL.

mod memories;
mod ranking;
mod server;
mod statements;
mod storms;
mod support;
