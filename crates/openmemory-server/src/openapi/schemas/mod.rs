//! Which shapes do requests and answers have? Described here for OpenAPI; the engine reads and writes them.

#![expect(dead_code, reason = "shapes that are described and never made")]

mod batch;
mod list;
mod marks;
mod mem0;
mod memory;
mod past;
mod refusal;
mod search;
mod store;
mod transfer;
mod watch;

pub use batch::*;
pub use list::*;
pub use marks::*;
pub use mem0::*;
pub use memory::*;
pub use past::*;
pub use refusal::*;
pub use search::*;
pub use store::*;
pub use transfer::*;
pub use watch::*;
