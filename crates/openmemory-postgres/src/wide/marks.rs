//! By what is a memory found among many? By its words, and by what a filter may ask for: its tags, run, agent and app.

use openmemory_calls::list_cursor::only_value;
use openmemory_domain::Version;
use openmemory_domain::filter::{Field, Filter};
use openmemory_index::{Tags, Terms};
use openmemory_rules::{Error, IndexedText};

use crate::scope_key;

/// Longer marks do not fit into the index, and are replaced by a hash.
const MAX_BYTES: usize = 64;

/// The marks of a tenant. Each begins with what tells it from those of others, or its words would be found among all of them.
pub(crate) struct Marks {
    tenant: String,
}

impl Marks {
    pub(crate) fn new(tenant: &str) -> Self {
        let key = scope_key::of_user(tenant, None).simple().to_string();
        Self { tenant: key[..12].to_owned() }
    }

    fn mark(&self, kind: char, value: &str) -> String {
        let tenant = &self.tenant;
        if value.len() <= MAX_BYTES && !value.chars().any(char::is_control) {
            return format!("{tenant}{kind}{value}");
        }
        format!("{tenant}{}{}", kind.to_ascii_uppercase(), scope_key::of_user("", Some(value)).simple())
    }

    pub(crate) fn word(&self, term: &str) -> String {
        self.mark('w', term)
    }

    /// All marks of a memory.
    pub(crate) fn of(&self, version: &Version, text: &IndexedText) -> Result<Vec<String>, Error> {
        let terms = Terms::decode(text.words.as_bytes()).map_err(|_| Error::Internal("terms of another version"))?;
        let mut marks: Vec<String> = terms.terms().map(|term| self.word(term)).collect();
        marks.extend(Tags::of(version.tags.as_slice()).phrases().map(|phrase| self.mark('t', phrase)));
        let scope = &version.scope;
        for (kind, value) in [('r', &scope.run_id), ('a', &scope.agent_id), ('p', &scope.app_id)] {
            marks.extend(value.iter().map(|value| self.mark(kind, value)));
        }
        Ok(marks)
    }

    /// What all memories have that match a filter.
    pub(crate) fn of_filter(&self, filter: &Filter) -> Vec<String> {
        let fields = [('r', Field::RunId), ('a', Field::AgentId), ('p', Field::AppId)];
        let of_field = |(kind, field): (char, Field)| Some(self.mark(kind, only_value(filter, &field)?));
        let mut marks: Vec<String> = fields.into_iter().filter_map(of_field).collect();
        if let Some(tag) = only_value(filter, &Field::Tags) {
            marks.extend(Tags::of(&[tag.to_owned()]).phrases().map(|phrase| self.mark('t', phrase)));
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_fit_and_no_two_tenants_kinds_or_values_share_one() {
        let (one, other) = (Marks::new("one"), Marks::new("other"));
        let (long, longer) = ("x".repeat(MAX_BYTES + 1), "x".repeat(9000));
        let marks = [
            one.mark('w', "tea"),
            other.mark('w', "tea"),
            one.mark('t', "tea"),
            one.mark('w', "milk"),
            one.mark('r', &long),
            one.mark('r', &longer),
            one.mark('r', "a\u{1}b"),
            one.mark('a', &long),
        ];
        assert_eq!(marks.iter().collect::<std::collections::BTreeSet<_>>().len(), marks.len());
        assert!(marks.iter().all(|mark| mark.len() < 100 && !mark.contains('\u{1}')), "{marks:?}");
    }
}
