//! What is learnt from a conversation? Messages, what a language model proposes about memories, and what became of it.

mod identifiers;
mod kept_message;
mod message;
mod operation;
mod outcome;
mod record;
pub mod text_form;

pub use identifiers::{LearningId, MessageId};
pub use kept_message::KeptMessage;
pub use message::{Message, Role};
pub use operation::{Change, ProposedOperation, VersionedId};
pub use outcome::{LearnedOperation, Quote, Refusal, RefusalCode, State};
pub use record::{Added, KeptLearning, KeptSource, Learning, LearningFailure, Status, Usage};
