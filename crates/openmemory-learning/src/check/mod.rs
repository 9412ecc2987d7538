//! Which proposals hold? One rule per file; each passes a proposal on, turns it into a harmless one, or refuses it.

pub mod categories;
mod context;
pub mod dates;
pub mod duplicate;
pub mod figures;
pub mod once;
pub mod permitted;
pub mod quote;
pub mod radius;
pub mod rejected;
pub mod target;
pub mod text;

pub use context::{Checked, Context, Neighbour};
