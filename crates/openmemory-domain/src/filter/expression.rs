//! A filter that has been checked.

use serde_json::Value;

use super::field::Field;

use super::parts::Parts;
use super::values::Values;

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
