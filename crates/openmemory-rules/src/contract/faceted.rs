//! Which values does a field have, and how many memories have each?

use serde::Serialize;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Faceted {
    /// The most frequent values first.
    pub values: Vec<Facet>,
    /// How many distinct values there are, with those that are not listed.
    pub distinct: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facet {
    pub value: Value,
    pub count: u64,
}
