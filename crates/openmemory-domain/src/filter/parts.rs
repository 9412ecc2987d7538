//! Which texts are looked for in another one? All of them in one pass.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use serde_json::Value;

use super::normal_form::plain;

/// Texts any of which may be a part of another.
#[derive(Debug, Clone)]
pub struct Parts {
    texts: Vec<String>,
    /// Made where texts are read, since it takes longer than reading a filter; none if it would be too large.
    automaton: OnceLock<Option<AhoCorasick>>,
}

impl Parts {
    /// The texts among `values`.
    pub(super) fn new(values: &[Value]) -> Self {
        let texts = values.iter().filter_map(|value| Some(plain(value.as_str()?).into_owned())).collect();
        Self { texts, automaton: OnceLock::new() }
    }

    /// Whether one of them is a part of a text in the form of [`plain`].
    pub(super) fn is_in(&self, text: &str) -> bool {
        if let [only] = &self.texts[..] {
            return text.contains(only);
        }
        match self.automaton.get_or_init(|| automaton(&self.texts)) {
            Some(automaton) => automaton.is_match(text),
            None => self.texts.iter().any(|part| text.contains(part)),
        }
    }
}

fn automaton(texts: &[String]) -> Option<AhoCorasick> {
    // The other kinds take up to a kilobyte for each byte that is looked for.
    AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(texts).ok()
}
