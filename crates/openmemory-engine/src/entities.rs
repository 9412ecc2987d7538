//! Which users, agents, apps, runs and sectors have memories, and how many? A full scan counts them.

use std::collections::BTreeMap;

use super::engine::Engine;
use openmemory_domain::filter::Filter;
use openmemory_domain::{Sector, Shown};
use openmemory_rules::contract::{Control, EntityStats, SectorStats};
use openmemory_rules::{Error, Rows};

impl Engine {
    /// Statistics of every sector, in the order of the sectors.
    pub fn sector_stats(&self, control: &Control) -> Result<Vec<SectorStats>, Error> {
        let now = self.now();
        let mut counted = Sector::ALL.map(|_| (0, 0.0));
        for head in self.store.heads() {
            control.check()?;
            let (number, head) = head?;
            // The memory was deleted during the scan.
            let Some(dynamics) = self.store.dynamics(number, &head.scope)? else { continue };
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

    /// All users, agents, apps and runs, sorted by field and value.
    pub fn entities(&self, control: &Control) -> Result<Vec<EntityStats>, Error> {
        let mut entities = BTreeMap::<(&str, String), EntityStats>::new();
        for head in self.store.heads() {
            control.check()?;
            let (_, head) = head?;
            for (field, value) in head.scope.fields() {
                let Some(value) = value else { continue };
                let entity = entities.entry((field, value.to_owned())).or_insert_with(|| EntityStats {
                    field,
                    value: value.to_owned(),
                    memories: 0,
                    first_created: head.created_at,
                    last_updated: head.updated_at,
                });
                entity.memories += 1;
                entity.first_created = entity.first_created.min(head.created_at);
                entity.last_updated = entity.last_updated.max(head.updated_at);
            }
        }
        Ok(entities.into_values().collect())
    }

    /// Counts the memories that match.
    pub fn count_matching(&self, filter: Option<&Filter>, shown: Shown, control: &Control) -> Result<u64, Error> {
        let (mut count, now) = (0, self.now());
        for head in self.heads_of(&self.among(filter, control)?) {
            control.check()?;
            let (number, head) = head?;
            let is_shown = !head.is_hidden(shown, now);
            count += u64::from(is_shown && self.matches(number, &head, filter)?);
        }
        Ok(count)
    }
}
