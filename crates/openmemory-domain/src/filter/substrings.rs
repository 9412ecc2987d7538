//! Does a text contain one of several others? All of them are searched in one pass.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use serde_json::Value;

use super::normal_form::plain;

/// Texts of which a match contains at least one.
#[derive(Debug, Clone)]
pub struct Substrings {
    texts: Vec<String>,
    /// Built at the first search, since that costs more than parsing a filter. `None` if it would be too large.
    automaton: OnceLock<Option<AhoCorasick>>,
}

impl Substrings {
    /// The strings among `values`.
    pub(super) fn new(values: &[Value]) -> Self {
        let texts = values.iter().filter_map(|value| Some(plain(value.as_str()?).into_owned())).collect();
        Self { texts, automaton: OnceLock::new() }
    }

    /// Whether `text`, which is in [`plain`] form, contains one of them.
    pub(super) fn any_in(&self, text: &str) -> bool {
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
    // The other kinds take up to a kilobyte per byte of pattern.
    AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(texts).ok()
}
