//! Is a value in a set? Values are hashed, so a set of a thousand costs as much as one value.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;

use serde_json::Value;

/// A set of JSON values. Numbers are compared by value (1 is 1.0), lists and objects by their entries.
#[derive(Debug, Clone)]
pub struct Values {
    keys: HashSet<Key<'static>>,
    /// Whether the set has lists or objects. Their keys are long, so scalar sets do not build keys for nested values.
    nested: bool,
}

/// Equal for equal values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key<'a> {
    Null,
    Bool(bool),
    /// The bits of a double.
    Number(u64),
    Text(Cow<'a, str>),
    Nested(String),
}

impl Values {
    pub(super) fn new(values: &[Value]) -> Self {
        let keys: HashSet<_> = values.iter().map(|value| Key::of(value).into_owned()).collect();
        let nested = keys.iter().any(|key| matches!(key, Key::Nested(_)));
        Self { keys, nested }
    }

    pub(super) fn has_null(&self) -> bool {
        self.has_key(&Key::Null)
    }

    pub(super) fn has_bool(&self, yes: bool) -> bool {
        self.has_key(&Key::Bool(yes))
    }

    pub(super) fn has_number(&self, number: f64) -> bool {
        self.has_key(&Key::of_number(number))
    }

    pub(super) fn has_text(&self, text: &str) -> bool {
        self.has_key(&Key::Text(text.into()))
    }

    pub(super) fn has(&self, value: &Value) -> bool {
        (self.nested || !is_nested(value)) && self.has_key(&Key::of(value))
    }

    /// The strings in order, with `None` for null. Returns `None` if the set has other values.
    pub(super) fn texts(&self) -> Option<Vec<Option<&str>>> {
        let mut texts = self.keys.iter().map(Key::text_or_nothing).collect::<Option<Vec<_>>>()?;
        texts.sort_unstable();
        Some(texts)
    }

    fn has_key<'a>(&self, key: &Key<'a>) -> bool {
        let keys: &HashSet<Key<'a>> = &self.keys;
        keys.contains(key)
    }
}

impl<'a> Key<'a> {
    fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(yes) => Self::Bool(*yes),
            Value::Number(number) => Self::of_number(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => Self::Text(text.as_str().into()),
            Value::Array(_) | Value::Object(_) => {
                let mut text = String::new();
                write_canonical(value, &mut text);
                Self::Nested(text)
            }
        }
    }

    fn of_number(number: f64) -> Self {
        // The two zeros are equal but have different bits.
        Self::Number(if number == 0.0 { 0 } else { number.to_bits() })
    }

    fn text_or_nothing(&self) -> Option<Option<&str>> {
        match self {
            Self::Null => Some(None),
            Self::Text(text) => Some(Some(text)),
            _ => None,
        }
    }

    fn into_owned(self) -> Key<'static> {
        match self {
            Self::Null => Key::Null,
            Self::Bool(yes) => Key::Bool(yes),
            Self::Number(bits) => Key::Number(bits),
            Self::Text(text) => Key::Text(text.into_owned().into()),
            Self::Nested(text) => Key::Nested(text),
        }
    }
}

fn is_nested(value: &Value) -> bool {
    value.is_array() || value.is_object()
}

/// Each text is preceded by its length, so that no two values are written alike.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            items.iter().for_each(|item| write_canonical(item, out));
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (name, value) in fields {
                let _ = write!(out, "{}:{name}", name.len());
                write_canonical(value, out);
            }
            out.push('}');
        }
        scalar => match Key::of(scalar) {
            Key::Bool(yes) => out.push(if yes { 't' } else { 'f' }),
            Key::Number(bits) => {
                let _ = write!(out, "{bits:x};");
            }
            Key::Text(text) => {
                let _ = write!(out, "\"{}:{text}", text.len());
            }
            Key::Null | Key::Nested(_) => out.push('n'),
        },
    }
}
