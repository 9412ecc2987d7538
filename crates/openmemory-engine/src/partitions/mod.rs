//! Which memories are in memory? Those of the users who are asked about, within a budget.

mod budget;
mod by_user;
mod fill;
mod loaders;
mod resident;
mod scoped;
mod user;
mod users;

pub use budget::set_index_memory;
pub(super) use by_user::Partitions;
pub(super) use scoped::{FEW_USERS, Scoped, ScopedError};
pub(super) use user::{User, user_of};
