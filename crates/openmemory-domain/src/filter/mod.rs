//! Which memories does a caller mean? One filter language for list, search, delete and watch.
//!
//! A filter is a JSON object. Its keys are fields, or `AND`, `OR` and `NOT` with nested filters, and all keys of an
//! object must match. The value of a field is a plain value, which means `eq`, or an object of operators, which must
//! all match:
//!
//! ```json
//! {"user_id": "ada", "OR": [{"tags": "work"}, {"metadata.score": {"gte": 3, "lt": 5}}], "NOT": {"run_id": "*"}}
//! ```
//!
//! `NOT` of a list matches if none of the list does. [`parse`] lists the operators and values of each field, and
//! [`Filter::matches`] defines the operators.

mod evaluate;
mod expression;
mod facet;
mod field;
mod normal_form;
mod operator;
mod parse;
mod substrings;
#[cfg(test)]
mod tests;
mod values;

pub use expression::{Filter, Test};
pub use facet::{FacetField, FacetValue};
pub use field::Field;
pub(crate) use normal_form::canonical;
pub use parse::parse;
