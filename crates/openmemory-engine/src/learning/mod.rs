//! How does a store learn from a conversation? It finds what the messages may concern, asks the model once, checks the
//! answer and applies what is left in one commit.

mod apply;
mod ask;
mod conversation;
mod decide;
mod documents;
mod forget;
mod learn;
mod queue;
mod read;
mod recall;
mod undo;

pub(super) use queue::LearningQueue;
