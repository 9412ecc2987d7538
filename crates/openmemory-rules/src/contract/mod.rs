//! What do callers get?

mod added;
mod deleted;

pub use added::Added;
pub use deleted::{Deleted, DeletedMany};
