//! Who has memories here, and how many? Counted by walking them.

use openmemory_rules::contract::{Control, EntityStats, SectorStats};
use std::collections::BTreeMap;

use super::engine::Engine;
use super::list::among;
use openmemory_domain::Sector;
use openmemory_domain::filter::Filter;
use openmemory_domain::request::{Order, TimeField};
use openmemory_rules::{Error, Rows};

impl Engine {
    /// Of every sector, in their order.
    pub fn sector_stats(&self, control: &Control) -> Result<Vec<SectorStats>, Error> {
        let now = self.now();
        let mut counted = Sector::ALL.map(|_| (0, 0.0));
        for head in self.store.heads() {
            control.check()?;
            let (number, head) = head?;
            // One that has been deleted meanwhile is not counted.
            let Some(dynamics) = self.store.dynamics(number)? else { continue };
            let (count, sum) = &mut counted[head.sectors().primary().index()];
            *count += 1;
            *sum += dynamics.salience().at(now);
        }
        let stats = Sector::ALL.into_iter().zip(counted).map(|(sector, (count, sum))| SectorStats {
            sector: sector.name(),
            count,
            avg_salience: if count == 0 { 0.0 } else { sum / count as f64 },
        });
        Ok(stats.collect())
    }

    /// Every holder, by field and value.
    pub fn entities(&self, control: &Control) -> Result<Vec<EntityStats>, Error> {
        let mut holders = BTreeMap::<(&str, String), EntityStats>::new();
        for head in self.store.heads() {
            control.check()?;
            let (_, head) = head?;
            for (field, value) in head.scope.fields() {
                let Some(value) = value else { continue };
                let holder = holders.entry((field, value.to_owned())).or_insert_with(|| EntityStats {
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
