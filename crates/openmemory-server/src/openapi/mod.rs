//! How is all this described? As OpenAPI, gathered from the handlers, and as a page that needs no network.

mod document;
mod page;
mod properties;
pub mod schemas;
mod tables;

pub use document::{document, page, routes};
pub use properties::{object, parameters};
pub(crate) use tables::{bodies, queries};
