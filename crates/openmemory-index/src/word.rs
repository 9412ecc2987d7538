//! What is a word?

/// A searchable piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// Delimited by spaces and punctuation, or found in a dictionary; in lower case.
    Spaced(String),
    /// Two adjacent characters of a script without spaces, or a single one.
    Pair(String),
}
