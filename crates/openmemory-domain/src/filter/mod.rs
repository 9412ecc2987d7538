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
mod field;
mod operator;
mod parse;
mod parts;
#[cfg(test)]
mod tests;
mod values;

use std::borrow::Cow;

use serde_json::Value;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick, is_nfkc_quick};

pub use field::Field;
pub use parse::parse;
use parts::Parts;
use values::Values;

/// A filter that has been checked.
#[derive(Debug, Clone)]
pub enum Filter {
    /// Every one holds.
    And(Vec<Self>),
    /// At least one holds.
    Or(Vec<Self>),
    Not(Box<Self>),
    Is(Field, Test),
}

/// What is asked of a field's value. Times are numbers here: milliseconds since 1970.
#[derive(Debug, Clone)]
pub enum Test {
    /// There is a value, and it is not null.
    Exists,
    /// It equals one of these.
    OneOf(Values),
    /// It is greater (`true`) or less (`false`) than a value, or equal to it if `or_equal`.
    Beyond { greater: bool, or_equal: bool, limit: Value },
    /// It has one of these as a part of a text or as an element of a list.
    Contains { values: Values, parts: Parts },
    /// The same for texts, which are in lower case here, ignoring case.
    ContainsIgnoringCase { values: Values, parts: Parts },
}

impl Filter {
    /// The values of `field` that a match can have, where the filter settles them: for
    /// choosing an index or a partition, not instead of [`matches`](Self::matches).
    ///
    /// Each match has one of them, once each here; `None` among them stands for no value.
    /// No answer if the filter admits others, or values that are not texts. A list
    /// such as `tags` has one of them among its elements.
    pub fn required(&self, field: &Field) -> Option<Vec<Option<&str>>> {
        let mut values = match self {
            Self::And(parts) => parts.iter().filter_map(|part| part.required(field)).min_by_key(Vec::len)?,
            Self::Or(parts) => {
                let parts: Option<Vec<_>> = parts.iter().map(|part| part.required(field)).collect();
                parts?.concat()
            }
            Self::Not(_) => return None,
            Self::Is(tested, test) if tested == field => match test {
                Test::OneOf(values) => values.texts()?,
                Test::Contains { values, .. } if field.is_list() => values.texts()?,
                _ => return None,
            },
            Self::Is(..) => return None,
        };
        values.sort_unstable();
        values.dedup();
        Some(values)
    }

    /// Whether a memory that has one of the values [`required`](Self::required) of `field` matches for sure.
    pub fn asks_only(&self, field: &Field) -> bool {
        match self {
            Self::And(parts) => matches!(&parts[..], [only] if only.asks_only(field)),
            Self::Or(parts) => parts.iter().all(|part| part.asks_only(field)),
            Self::Not(_) => false,
            Self::Is(tested, test) => {
                tested == field && matches!(test, Test::OneOf(_)) && self.required(field).is_some()
            }
        }
    }

    /// Whether a memory's text has to be read to decide.
    pub fn needs_content(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::needs_content),
            Self::Not(part) => part.needs_content(),
            Self::Is(field, _) => *field == Field::Keywords,
        }
    }
}

/// A text whose canonically equal forms are one: `é` typed as one character or as two.
pub(super) fn canonical(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.into(),
        _ => text.nfc().collect::<String>().into(),
    }
}

/// The same of all texts and keys in a value.
fn canonical_json(value: &Value) -> Cow<'_, Value> {
    fn is_canonical(value: &Value) -> bool {
        let is_text_canonical = |text: &String| matches!(canonical(text), Cow::Borrowed(_));
        match value {
            Value::String(text) => is_text_canonical(text),
            Value::Array(items) => items.iter().all(is_canonical),
            Value::Object(fields) => fields.iter().all(|(key, value)| is_text_canonical(key) && is_canonical(value)),
            _ => true,
        }
    }
    fn composed(value: &Value) -> Value {
        match value {
            Value::String(text) => canonical(text).into(),
            Value::Array(items) => items.iter().map(composed).collect(),
            Value::Object(fields) => fields.iter().map(|(key, value)| (canonical(key), composed(value))).collect(),
            other => other.clone(),
        }
    }
    if is_canonical(value) { Cow::Borrowed(value) } else { Cow::Owned(composed(value)) }
}

/// A text as searching sees it, but for its case: `ﬁ` is `fi`.
fn plain(text: &str) -> Cow<'_, str> {
    match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => text.into(),
        _ => text.nfkc().collect::<String>().into(),
    }
}

/// A text as searching sees it.
fn folded(text: &str) -> String {
    let lower = plain(text).to_lowercase();
    // Lower case may be composed anew: `İ` is an `i` with a dot.
    let composed = match plain(&lower) {
        Cow::Owned(composed) => Some(composed),
        Cow::Borrowed(_) => None,
    };
    composed.unwrap_or(lower)
}
