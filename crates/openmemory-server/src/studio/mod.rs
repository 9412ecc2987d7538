//! How does a browser get the studio? From files that its build has made, which ask only this server for anything else.

mod files;
mod routes;

pub use files::{Files, FilesError};
pub use routes::routes;
