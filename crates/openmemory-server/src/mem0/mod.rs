//! What do Mem0's routes take and answer? What its official clients send, and what they can read.
//!
//! | file | question |
//! |---|---|
//! | `add` | how are messages stored as they are? |
//! | `list`, `search` | which memories are there, and which answer a question? |
//! | `one` | how is one memory read, changed and deleted? |
//! | `many` | how are many? |
//! | `entities` | which users, agents, apps and runs are there? |
//! | `feedback` | how useful was a memory? |
//! | `account` | what do clients ask before anything else? |
//! | `refused` | what needs a language model, and is refused? |
//! | `filters` | what do Mem0's filters mean here? |
//! | `fields` | how is a body read whose other fields do not matter? |
//! | `record` | how is a memory written? |
//! | `format_error` | how is a refusal written? |

mod account;
mod add;
mod batch;
mod entities;
mod error_format;
mod feedback;
mod fields;
mod filters;
mod list;
mod memory;
mod record;
mod requests;
mod routes;
mod search;
mod unsupported;

pub use error_format::format_error;
pub use routes::routes;
