//! Which shapes do answers, paths and headers have? Described here for OpenAPI; the engine writes them.

#![expect(dead_code, reason = "shapes that are described and never made")]

mod batch;
mod history;
mod learning;
mod list;
mod mem0;
mod memory;
mod refusal;
mod search;
mod signals;
mod store;
mod transfer;
mod watch;

pub use batch::*;
pub use history::*;
pub use learning::*;
pub use list::*;
pub use mem0::*;
pub use memory::*;
pub use refusal::*;
pub use search::*;
pub use signals::*;
pub use store::*;
pub use transfer::*;
pub use watch::*;
