//! How large is a tenant, and what is in it?

use std::collections::BTreeMap;
use std::sync::Arc;

use openmemory_domain::Sector;
use openmemory_rules::contract::{Control, EntityStats, SectorStats, Stats};
use openmemory_rules::{Error, Rows};

use crate::rows::{self, Whole, whole};
use crate::store::Tenant;
use crate::workspace::Workspace;

/// Memories that are read together.
const READ_TOGETHER: i64 = 1024;

/// Calls `visit` with every memory of a tenant, in the order of their numbers.
pub(crate) fn each_memory(
    rows: &Workspace<'_>,
    tenant: &str,
    control: &Control,
    mut visit: impl FnMut(Whole) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut last = -1_i64;
    loop {
        let found = rows.session().query(rows::TENANT_HEADS, &[&tenant, &last, &READ_TOGETHER])?;
        for row in &found {
            control.check()?;
            last = row.get(0);
            visit(whole(row, rows.now())?)?;
        }
        if (found.len() as i64) < READ_TOGETHER {
            return Ok(());
        }
    }
}

impl Tenant {
    pub(crate) async fn stats(self: &Arc<Self>) -> Result<Stats, Error> {
        let usage = self.partitions.usage();
        let tenant = Arc::clone(self);
        self.read(Vec::new(), move |rows| {
            let counted = rows.session().query(rows::COUNT, &[&tenant.name])?;
            let memories: i64 = counted.first().map_or(0, |row| row.get(0));
            Ok(Stats {
                memories: memories as u64,
                users: usage.users,
                vectors: usage.vectors,
                index_bytes: usage.bytes,
                index_memory: usage.budget,
                // What the database takes is shared by all tenants, and its own tools tell it.
                bytes_on_disk: 0,
                live_bytes: 0,
                repaired: None,
                checkpoint_problem: None,
                model: rows.model()?,
                reindexing_to: rows.reindex()?.map(|reindex| reindex.target),
            })
        })
        .await
    }

    pub(crate) async fn sector_stats(self: &Arc<Self>, control: Arc<Control>) -> Result<Vec<SectorStats>, Error> {
        let tenant = Arc::clone(self);
        self.read(Vec::new(), move |rows| {
            let mut counted = Sector::ALL.map(|_| (0_u64, 0.0));
            each_memory(rows, &tenant.name, &control, |Whole { memory, .. }| {
                let (count, sum) = &mut counted[memory.version.sectors().primary().index()];
                *count += 1;
                *sum += memory.dynamics.salience().at(rows.now());
                Ok(())
            })?;
            let stats = Sector::ALL.into_iter().zip(counted).map(|(sector, (count, sum))| SectorStats {
                sector: sector.name(),
                count,
                avg_salience: if count == 0 { 0.0 } else { sum / count as f64 },
            });
            Ok(stats.collect())
        })
        .await
    }

    pub(crate) async fn entities(self: &Arc<Self>, control: Arc<Control>) -> Result<Vec<EntityStats>, Error> {
        let tenant = Arc::clone(self);
        self.read(Vec::new(), move |rows| {
            let mut entities = BTreeMap::<(&str, String), EntityStats>::new();
            each_memory(rows, &tenant.name, &control, |Whole { memory, .. }| {
                let head = memory.version;
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
                Ok(())
            })?;
            Ok(entities.into_values().collect())
        })
        .await
    }
}
