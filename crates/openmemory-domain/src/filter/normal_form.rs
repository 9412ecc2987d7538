//! When does a filter treat two texts, or two values, as equal?

use std::borrow::Cow;

use serde_json::Value;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick, is_nfkc_quick};

// ASCII is in every normal form, and is told faster than by looking at each character.

/// Canonical composition (NFC): `é` as one character equals `é` as two.
pub(crate) fn canonical(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.into(),
        _ => text.nfc().collect::<String>().into(),
    }
}

/// The same for all strings and keys of a value.
pub(super) fn canonical_json(value: Value) -> Value {
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
    if is_canonical(&value) { value } else { composed(&value) }
}

/// Compatibility composition (NFKC), which text searches use: `ﬁ` becomes `fi`.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => text.into(),
        _ => text.nfkc().collect::<String>().into(),
    }
}

/// The same in lower case.
pub(super) fn folded(text: &str) -> String {
    let lower = plain(text).to_lowercase();
    // Lower-casing may decompose a character again: `İ` becomes an `i` with a combining dot.
    let composed = match plain(&lower) {
        Cow::Owned(composed) => Some(composed),
        Cow::Borrowed(_) => None,
    };
    composed.unwrap_or(lower)
}
