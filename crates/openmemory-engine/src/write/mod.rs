//! The rules of writing: what a change does inside its commit.

pub(crate) mod apply;
pub(crate) mod committed;
pub(crate) mod insert;
pub(crate) mod links;
pub(crate) mod reinforce;
pub(crate) mod text;
