//! What does a change do inside its commit?

pub mod add;
pub mod committed;
pub mod current;
pub mod delete;
pub mod forget;
pub mod import;
pub mod links;
pub mod merge;
pub mod reinforce;
pub mod restore;
pub mod retire;
pub mod text;
pub mod update;
