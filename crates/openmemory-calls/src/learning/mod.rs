//! How does a store learn from a conversation? It finds what the messages may concern, asks the model once, checks the
//! answer and applies what is left in one commit.

mod apply;
mod ask;
mod conversation;
mod decide;
mod learn;
mod queue;
mod read;
mod recall;
mod store;
mod undo;

pub use decide::{decide, kept_learning};
pub use learn::learn;
pub use queue::LearningQueue;
pub use read::{learning_page, message_page, source_texts};
pub use store::{LearningStore, LearningWork};
pub use undo::undo_learning;
