//! What do Mem0's routes accept and return? What Mem0's official clients send and expect.
//!
//! | file | question |
//! |---|---|
//! | `add` | how are messages stored? |
//! | `learn` | what does an add mean to a server with a language model? |
//! | `events` | what becomes of an add that was answered with `PENDING`? |
//! | `webhooks` | who hears of changes, and what? |
//! | `project` | which settings does a project have? |
//! | `messages` | which texts do messages have, and whose are they? |
//! | `list`, `search` | how are memories listed and searched? |
//! | `memory` | how is one memory read, changed and deleted? |
//! | `batch` | how are many memories changed or deleted? |
//! | `self_hosted` | what do programs send that speak to Mem0's own server? |
//! | `entities` | how are users, agents, apps and runs listed and deleted? |
//! | `feedback` | how is a memory rated? |
//! | `account` | what do clients request at startup? |
//! | `unsupported` | which routes are rejected? |
//! | `filters` | how are Mem0's filters translated? |
//! | `fields` | how is a request body read? |
//! | `record` | how is a memory serialized? |
//! | `error_format` | how are errors formatted? |

mod account;
mod add;
mod batch;
mod entities;
mod error_format;
mod events;
mod feedback;
mod fields;
mod filters;
mod learn;
mod list;
mod memory;
mod messages;
mod project;
mod record;
mod requests;
mod routes;
mod search;
mod self_hosted;
mod unsupported;
mod webhooks;

pub use error_format::format_error;
pub use events::kept_add;
pub use routes::routes;
pub use webhooks::payload as webhook_payload;
