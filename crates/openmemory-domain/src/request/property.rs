//! Which fields does a request have? One table for each request: its reader refuses what the table does not list, and the
//! server describes the request by it.

use serde_json::Value;

/// One field of a request; a property in the words of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Property {
    pub name: &'static str,
    pub kind: Kind,
    /// What the name does not say; may be empty.
    pub about: &'static str,
    pub required: bool,
    /// Whether null is accepted, as a value or as an absent one.
    pub nullable: bool,
    /// What an absent one means, as JSON.
    pub default: Option<&'static str>,
}

/// Which values a field takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Characters of a text.
    Text {
        least: usize,
        most: Option<usize>,
    },
    /// A regular expression that the text matches.
    Pattern(&'static str),
    /// A text of at most so many characters, or several texts.
    Content {
        most: usize,
    },
    OneOf(&'static [&'static str]),
    /// ISO 8601.
    Time,
    /// A year, a month, a day, or ISO 8601.
    Date,
    Integer {
        least: u64,
        most: u64,
    },
    /// Milliseconds since 1970.
    Millis,
    Number {
        /// Accepted itself unless it is `open`.
        least: f64,
        open: bool,
        most: Option<f64>,
    },
    Boolean,
    /// Of any fields.
    Object,
    /// The filter language; JSON text in the query of an address.
    Filters,
    Texts {
        most: Option<usize>,
    },
    /// A list of numbers.
    Numbers {
        most: usize,
    },
    /// A list of numbers, or several such lists.
    Vectors {
        most: usize,
    },
    /// Of the sectors.
    Sectors,
    /// 1 to [`BATCH`](crate::limits::BATCH) objects.
    Items(&'static [Property]),
    /// An object of these.
    Nested(&'static [Property]),
}

impl Property {
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, about: "", required: false, nullable: false, default: None }
    }

    pub const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub const fn or_null(self) -> Self {
        Self { nullable: true, ..self }
    }

    pub const fn default(self, json: &'static str) -> Self {
        Self { default: Some(json), ..self }
    }

    pub fn default_value(&self) -> Option<Value> {
        self.default.and_then(|json| serde_json::from_str(json).ok())
    }
}

/// Two tables as one, with the length that both have together.
pub const fn join<const LENGTH: usize>(first: &[Property], second: &[Property]) -> [Property; LENGTH] {
    assert!(first.len() + second.len() == LENGTH, "a table of another length");
    let mut all = [Property::new("", Kind::Object); LENGTH];
    let mut at = 0;
    while at < LENGTH {
        all[at] = if at < first.len() { first[at] } else { second[at - first.len()] };
        at += 1;
    }
    all
}

/// The table of what is asked of the memory whose id comes from elsewhere.
pub const fn without_id(properties: &'static [Property]) -> &'static [Property] {
    match properties {
        [_, rest @ ..] => rest,
        [] => properties,
    }
}
