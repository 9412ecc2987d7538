//! Who has memories here, and how many? Counted by walking them.

use std::collections::BTreeMap;

use super::error::Error;
use super::open::Engine;
use crate::domain::Timestamp;
use crate::domain::filter::Filter;

/// A user, agent, app or run with at least one memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// `user_id`, `agent_id`, `app_id` or `run_id`.
    pub field: &'static str,
    pub value: String,
    pub memories: u64,
    pub first_created: Timestamp,
    pub last_updated: Timestamp,
}

impl Engine {
    /// Every holder, by field and value.
    pub fn holders(&self) -> Result<Vec<Holder>, Error> {
        let mut holders = BTreeMap::<(&str, String), Holder>::new();
        for head in self.store.heads() {
            let (_, head) = head?;
            for (field, value) in head.scope.fields() {
                let Some(value) = value else { continue };
                let holder = holders.entry((field, value.to_owned())).or_insert_with(|| Holder {
                    field,
                    value: value.to_owned(),
                    memories: 0,
                    first_created: head.created_at,
                    last_updated: head.updated_at,
                });
                holder.memories += 1;
                holder.first_created = holder.first_created.min(head.created_at);
                holder.last_updated = holder.last_updated.max(head.updated_at);
            }
        }
        Ok(holders.into_values().collect())
    }

    /// How many memories match.
    pub fn count_matching(&self, filter: Option<&Filter>, show_expired: bool) -> Result<u64, Error> {
        let mut count = 0;
        for head in self.store.heads() {
            let (number, head) = head?;
            let shown = show_expired || !head.expired(self.now());
            count += u64::from(shown && self.matches(number, &head, filter)?);
        }
        Ok(count)
    }
}
