//! What does a caller ask for? Each request is parsed from JSON and validated completely before it has any effect.

mod batch;
mod by_id;
mod context;
mod facets;
mod fields;
mod if_exists;
mod learn;
mod learnings;
mod list;
mod merge;
mod new_memory;
mod on_conflict;
mod operations;
mod properties;
mod property;
mod retire;
mod search;
mod transfer;
mod update;
mod vector;
mod watch;

#[cfg(test)]
mod tests;

pub use batch::{AddMany, DeleteMany, Item, Touch, UpdateMany};
pub use by_id::{ById, Delete, FeedbackRequest, Get, History, Reinforce, Restore};
pub use context::{ContextOrder, ContextRequest};
pub use facets::Facets;
pub use fields::{Fields, check_names};
pub use if_exists::IfExists;
pub use learn::{Allow, Category, Consolidate, KeepMessages, Learn, LearnMode, Relearn};
pub use learnings::{Decide, Decision, Decisions, LearningById, ListLearnings, ListMessages, Sources};
pub use list::{List, Order, TimeField};
pub use merge::Merge;
pub use new_memory::{Duplicates, NewMemory};
pub use on_conflict::OnConflict;
pub use operations::{Operation, Operations};
pub use properties::{AGENT_ID, APP_ID, RUN_ID, USER_ID};
pub use property::{Kind, Property, join, without_id};
pub use retire::Retire;
pub use search::Search;
pub use transfer::{Export, Import};
pub use update::Update;
pub use watch::Watch;
