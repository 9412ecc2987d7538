//! Which keys are valid, and for which tenant? Keys are stored as hashes and compared in constant time.

mod error;
mod file;
mod given;
mod hash;
mod ring;

pub use error::KeysError;
pub use file::{Key, KeyError, KeyFile, NewKey, Role};
pub use given::GivenKeyError;
pub(crate) use ring::{Caller, Keyring};
