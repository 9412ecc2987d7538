//! How is a query over the length limit shortened? To its end: integrations send whole conversations, whose last
//! messages matter most.

use openmemory_domain::limits::QUERY_CHARACTERS;
use serde_json::Value;

/// Shortens a query over the limit to its last characters, and returns whether it did.
pub fn keep_end(query: &mut Value) -> bool {
    let Value::String(text) = query else { return false };
    let Some((start, _)) = text.char_indices().rev().nth(QUERY_CHARACTERS - 1).filter(|(start, _)| *start > 0) else {
        return false;
    };
    *text = text.split_off(start);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_query_is_kept() {
        let (short, long) = ("é".repeat(QUERY_CHARACTERS), format!("a{}", "é".repeat(QUERY_CHARACTERS)));
        let mut query = Value::from(short.clone());
        assert!(!keep_end(&mut query));
        query = long.into();
        assert!(keep_end(&mut query));
        assert_eq!(query, short);
        assert!(!keep_end(&mut Value::Null) && !keep_end(&mut Value::from("")));
    }
}
