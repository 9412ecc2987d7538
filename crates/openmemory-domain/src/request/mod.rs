//! What does a caller ask for? Each request is parsed from JSON and validated completely before it has any effect.

mod batch;
mod by_id;
mod fields;
mod if_exists;
mod list;
mod new_memory;
mod operations;
mod properties;
mod property;
mod retire;
mod search;
mod transfer;
mod update;
mod watch;

#[cfg(test)]
mod tests;

pub use batch::{AddMany, DeleteMany, Item, UpdateMany};
pub use by_id::{ById, Delete, FeedbackRequest, Get, History, Reinforce, Restore};
pub use fields::{Fields, check_names};
pub use if_exists::IfExists;
pub use list::{List, Order, TimeField};
pub use new_memory::NewMemory;
pub use operations::{Operation, Operations};
pub use properties::{AGENT_ID, APP_ID, RUN_ID, USER_ID};
pub use property::{Kind, Property, join, without_id};
pub use retire::Retire;
pub use search::Search;
pub use transfer::{Export, Import, OnConflict};
pub use update::Update;
pub use watch::Watch;
