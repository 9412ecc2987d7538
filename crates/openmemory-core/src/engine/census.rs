//! Who has memories here, and how many? Counted by walking them.

use std::collections::BTreeMap;

use super::control::Control;
use super::error::Error;
use super::list::among;
use super::open::Engine;
use crate::domain::Timestamp;
use crate::domain::filter::Filter;
use crate::domain::request::{Order, TimeField};
use crate::storage::Records;

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
    pub fn holders(&self, control: &Control) -> Result<Vec<Holder>, Error> {
        let mut holders = BTreeMap::<(&str, String), Holder>::new();
        for head in self.store.heads() {
            control.check()?;
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
    pub fn count_matching(&self, filter: Option<&Filter>, show_expired: bool, control: &Control) -> Result<u64, Error> {
        let mut count = 0;
        let order = Order { by: TimeField::Created, newest_first: false };
        for number in self.store.by_time(&among(filter, order), order, None) {
            control.check()?;
            let number = number?;
            let Some(head) = self.store.head(number)? else { continue };
            let shown = show_expired || !head.expired(self.now());
            count += u64::from(shown && self.matches(number, &head, filter)?);
        }
        Ok(count)
    }
}
