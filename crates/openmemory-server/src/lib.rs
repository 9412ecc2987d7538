//! Memories over HTTP: OpenMemory's and Mem0's routes over any store that implements the contract.
//!
//! | file | question |
//! |---|---|
//! | [`server`] | how does a server start, and how does it shut down without losing a response? |
//! | [`config`] | which options does a server have? |
//! | `app_state` | which state do all requests share? |
//! | `router` | which layers does a request pass, and which routes exist? |
//! | `http` | what do all routes share: bodies, authentication, limits, logs, errors? |
//! | [`keys`] | which keys are valid, and for which tenant? |
//! | `connections` | which connections are open, and which one is evicted for a new one? |
//! | [`tenant`] | what is a tenant? |
//! | `queue`, `kept_call` | what was answered before its work was done, and which calls are kept so? |
//! | [`moved_documents`] | which documents go along when memories move to another store? |
//! | [`webhooks`] | how do other programs hear of changes? |
//! | `readers` | how are concurrent reads shared among tenants? |
//! | `blocking` | where does blocking work run? |
//! | `openmemory`, `mem0` | what do the routes of the two protocols accept and return? |
//! | [`facade`] | who makes the calls that are many calls? |
//! | [`mcp`] | how does a host of models reach the memories? |
//! | `openapi` | how is the API described? |
//! | `studio` | how does a browser get the studio? |
//! | [`log`] | what does a server write to its log? |
//!
//! The crate depends on the contract, not on a storage engine or Node.

#![forbid(unsafe_code)]

mod app_state;
mod blocking;
pub mod config;
mod connections;
pub mod facade;
mod http;
mod kept_call;
pub mod keys;
pub mod log;
pub mod mcp;
mod mem0;
pub mod moved_documents;
mod openapi;
mod openmemory;
mod queue;
mod readers;
mod router;
pub mod server;
mod studio;
pub mod tenant;
pub mod webhooks;
