//! How do other programs hear of changes? Each webhook is a position in the changes of a store, and each change after it is sent
//! until its receiver has taken it.
//!
//! | file | question |
//! |---|---|
//! | `call` | who sends? |
//! | `record` | what is kept of a webhook? |
//! | `event` | which events does a change mean? |
//! | `schedule` | when is a delivery tried again? |
//! | `follow` | how does one webhook follow the changes? |
//! | `registry` | which webhooks are followed? |

mod call;
mod event;
mod follow;
mod record;
mod registry;
mod schedule;

pub use call::{Delivery, WebhookAnswer, WebhookCall, WebhookOutcome};
pub(crate) use event::Event;
pub(crate) use record::{
    EventType, POSITIONS, Position, Webhook, all, name, new_id, new_secret, position_name, read, read_position,
};
pub(crate) use registry::Webhooks;
