//! How is all this described? As OpenAPI, gathered from the handlers, and as a page that needs no network.

mod document;
mod page;
pub mod schemas;

pub use document::{document, routes};
