//! Which parts of a text are secrets? Keys and tokens that their shape gives away. Names and addresses stay: remembering
//! them is what memories are for.

mod card;
mod prefixes;
mod text;

pub use text::redacted;
