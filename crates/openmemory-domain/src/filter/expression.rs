//! What is a filter? A tree of conditions on fields.

use serde_json::Value;

use super::field::Field;

use super::substrings::Substrings;
use super::values::Values;

/// A valid filter.
#[derive(Debug, Clone)]
pub enum Filter {
    /// All match.
    And(Vec<Self>),
    /// At least one matches.
    Or(Vec<Self>),
    Not(Box<Self>),
    Is(Field, Test),
}

/// A condition on a field's value. Times are milliseconds since 1970 here.
#[derive(Debug, Clone)]
pub enum Test {
    /// Present and not null.
    Exists,
    /// Equal to one of these.
    OneOf(Values),
    /// Greater (`true`) or less (`false`) than a limit, or equal to it if `or_equal`.
    Beyond { greater: bool, or_equal: bool, limit: Value },
    /// A text that begins so, or a list with such an element.
    StartsWith(String),
    /// A text with one of these substrings, or a list with one of these elements.
    Contains { values: Values, substrings: Substrings },
    /// The same, ignoring case; the values are folded.
    ContainsIgnoringCase { values: Values, substrings: Substrings },
}

impl Filter {
    /// The only values of `field` that a match can have, if the filter determines them. Use them to choose an index or
    /// a partition; [`matches`](Self::matches) still decides.
    ///
    /// The values are distinct; `None` stands for a missing value. Returns `None` if the filter admits other values, or
    /// values that are not strings. For a list such as `tags`, one of its elements has one of the values.
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

    /// Whether having one of the [`required`](Self::required) values of `field` is all that the filter demands.
    pub fn constrains_only(&self, field: &Field) -> bool {
        match self {
            Self::And(parts) => matches!(&parts[..], [only] if only.constrains_only(field)),
            Self::Or(parts) => parts.iter().all(|part| part.constrains_only(field)),
            Self::Not(_) => false,
            Self::Is(tested, test) => {
                tested == field && matches!(test, Test::OneOf(_)) && self.required(field).is_some()
            }
        }
    }

    /// Whether the text of a memory is needed.
    pub fn needs_content(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::needs_content),
            Self::Not(part) => part.needs_content(),
            Self::Is(field, _) => *field == Field::Keywords,
        }
    }
}
