//! How do files become durable and stay private, whatever the system? Where Linux, macOS and Windows differ.
//!
//! | module | question |
//! |---|---|
//! | `durable` | how do the contents and the names of files survive a power cut? |
//! | `in_use` | how are files renamed and removed that another program has open? |
//! | `private` | who can read what is created? |
//! | `access_list` | … on Windows? |

#![forbid(unsafe_code)]

mod access_list;
mod durable;
mod in_use;
mod private;

pub use access_list::restrict_to_owner;
pub use durable::{DirectoryHandle, rename_durably, sync, sync_data, sync_directory};
pub use in_use::{keep_name, remove_directory, remove_file, rename, replace, unless_in_use};
pub use private::{create, create_directory, create_subdirectory, private};
