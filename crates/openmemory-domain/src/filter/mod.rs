//! Which memories does a caller mean? One language for list, search, delete and watch.
//!
//! A filter is a JSON object. Its keys are fields, or `AND`, `OR` and `NOT` with filters
//! below them, and all keys of one object must hold. A field takes a value, which means
//! `eq`, or an object of operators, which must all hold:
//!
//! ```json
//! {"user_id": "ada", "OR": [{"tags": "work"}, {"metadata.score": {"gte": 3, "lt": 5}}], "NOT": {"run_id": "*"}}
//! ```
//!
//! `NOT` of a list means none of them. [`parse`] tells what each field and operator takes,
//! [`Filter::matches`] what each means.

mod evaluate;
mod expression;
mod field;
mod normal_form;
mod operator;
mod parse;
mod parts;
#[cfg(test)]
mod tests;
mod values;

pub use expression::{Filter, Test};
pub use field::Field;
pub(crate) use normal_form::canonical;
pub use parse::parse;
