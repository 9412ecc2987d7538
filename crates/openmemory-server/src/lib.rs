//! Memories over HTTP: the routes that OpenMemory's and Mem0's users know, over any store that fulfils the contract.
//!
//! | file | question |
//! |---|---|
//! | [`server`] | how does a server begin, and how does it end without losing an answer? |
//! | [`config`] | what may be chosen about a server? |
//! | `router` | which layers does a request pass, and which routes are there? |
//! | `http` | what is the same for every request: body, identity, limits, logs, refusals? |
//! | [`keys`] | who may ask, and for which tenant? |
//! | `connections` | which connections are open, and which one makes room for a new one? |
//! | [`tenant`] | who owns memories? |
//! | `readers` | how are the threads that read shared out among tenants? |
//! | `openmemory`, `mem0` | what do the routes of the two protocols take and answer? |
//! | `openapi` | how is all this described? |
//! | [`log`] | what does whoever runs a server read of it? |
//!
//! It knows the contract, and neither a storage engine nor Node.

#![forbid(unsafe_code)]

mod app_state;
mod blocking;
pub mod config;
mod connections;
mod http;
pub mod keys;
pub mod log;
mod mem0;
mod openapi;
mod openmemory;
mod readers;
mod router;
pub mod server;
pub mod tenant;
