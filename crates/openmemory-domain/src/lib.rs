//! What is a memory, and which values may it have? Pure types and rules: no I/O, no clock.

#![forbid(unsafe_code)]

pub mod clock;
pub mod content;
pub mod dynamics;
pub mod embedding;
pub mod error_code;
pub mod export;
pub mod fault;
pub mod filter;
pub mod invalid;
pub mod json;
pub mod learning;
pub mod limits;
pub mod memory;
pub mod memory_id;
pub mod metadata;
pub mod patch;
pub mod request;
pub mod scope;
pub mod sector;
pub mod tags;
pub mod text_key;
pub mod timestamp;
pub mod unique;
pub mod valid_time;
pub mod vector;
pub mod version;
pub mod when;

pub use clock::{Clock, SystemClock};
pub use content::{Content, ContentHash, TEXT_SEPARATOR};
pub use dynamics::{Dynamics, Feedback, Salience};
pub use embedding::{Embedding, ModelIdentity, ModelTag};
pub use error_code::ErrorCode;
pub use fault::Fault;
pub use invalid::{Invalid, InvalidKind};
pub use memory::Memory;
pub use memory_id::MemoryId;
pub use metadata::Metadata;
pub use patch::{Patch, Setting};
pub use scope::Scope;
pub use sector::{Sector, Sectors};
pub use tags::Tags;
pub use text_key::TextKey;
pub use timestamp::Timestamp;
pub use valid_time::{PartialDate, Retired, Validity};
pub use vector::Vector;
pub use version::{Change, Event, Provenance, Shown, Version};
