//! Which memories are wanted for a prompt, and how much room is there?

use serde_json::{Value, json};

use super::properties::{AS_OF, AT, FILTERS, REFERENCE_TIME, SHOW_EXPIRED, SHOW_RETIRED};
use super::{Fields, Kind, Property, Search, vector};
use crate::{Invalid, limits};

/// A search with its own defaults, and `{tokens?, order?}`.
#[derive(Debug, Clone)]
pub struct ContextRequest {
    pub search: Search,
    /// The most tokens that the block may have.
    pub tokens: usize,
    pub order: ContextOrder,
}

/// How the lines of a block are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextOrder {
    /// Newest truth first.
    Time,
    /// Best match first.
    Relevance,
}

impl ContextRequest {
    pub const PROPERTIES: &[Property] = &[
        Property::new("query", Kind::Text { least: 0, most: Some(limits::QUERY_CHARACTERS) })
            .about("Required unless there is a `vector`"),
        vector::PROPERTY.about("That of the query by the model of the store, which then does not embed it"),
        Property::new("tokens", Kind::Integer { least: 1, most: limits::CONTEXT_TOKENS as u64 })
            .about("The most tokens of the block, one for each three bytes")
            .default("1000"),
        Property::new("order", Kind::OneOf(&["time", "relevance"]))
            .about("Newest truth first, or best match first")
            .default("\"time\""),
        Property::new("limit", Kind::Integer { least: 1, most: limits::HITS as u64 })
            .about("How many memories to look at")
            .default("32"),
        Property::new("history", Kind::Integer { least: 0, most: limits::EARLIER_TEXTS as u64 })
            .about("How many texts that were true before are told with each memory")
            .default("2"),
        Property::new("minScore", Kind::Number { least: 0.0, open: false, most: Some(1.0) }).default("0.1"),
        FILTERS,
        Property::new("sectors", Kind::Sectors),
        SHOW_EXPIRED,
        SHOW_RETIRED,
        AT,
        AS_OF,
        REFERENCE_TIME,
        Property::new("includeHistory", Kind::Boolean).about("Finds texts that were replaced too"),
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let tokens = fields.whole("tokens", 1, limits::CONTEXT_TOKENS as u64)?.unwrap_or(1000) as usize;
        let order = match fields.string("order")?.as_deref() {
            None | Some("time") => ContextOrder::Time,
            Some("relevance") => ContextOrder::Relevance,
            Some(_) => return Err(Invalid::argument("order", "must be time or relevance")),
        };
        let mut search = fields.rest();
        for (name, default) in [("history", json!(2)), ("limit", json!(32)), ("minScore", json!(0.1))] {
            search.entry(name).or_insert(default);
        }
        Ok(Self { search: Search::read(search.into())?, tokens, order })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_for_a_prompt_has_defaults_of_its_own() {
        let request = ContextRequest::read(json!({ "query": "tea" })).unwrap();
        let ContextRequest { search, tokens, order } = request;
        assert_eq!((search.limit, search.history, search.min_score), (32, 2, 0.1));
        assert_eq!((tokens, order), (1000, ContextOrder::Time));
        let request =
            json!({ "query": "tea", "history": 0, "minScore": 0, "limit": 3, "tokens": 9, "order": "relevance" });
        let ContextRequest { search, tokens, order } = ContextRequest::read(request).unwrap();
        assert_eq!((search.limit, search.history, search.min_score), (3, 0, 0.0));
        assert_eq!((tokens, order), (9, ContextOrder::Relevance));
    }

    #[test]
    fn what_a_block_cannot_use_is_refused_by_name() {
        for (field, value) in [
            ("tokens", json!(0)),
            ("tokens", json!(1.5)),
            ("order", json!("best")),
            ("explain", json!(true)),
            ("offset", json!(1)),
            ("k", json!(1)),
            ("history", json!(-1)),
        ] {
            let refused = ContextRequest::read(json!({ "query": "tea", field: value })).unwrap_err();
            assert_eq!(&*refused.field, field);
        }
    }
}
