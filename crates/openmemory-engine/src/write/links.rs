//! Which memories does a new or changed text link?

use openmemory_domain::Timestamp;
use openmemory_storage::{Number, Records, Transaction, Waypoint};

use crate::error::Error;

/// Links that a memory gets at most by its own texts.
pub(crate) const MAX_LINKS: usize = 3;
/// The similarity below which memories are not linked.
pub(crate) const MIN_SIMILARITY: f32 = 0.6;

/// A memory that another will be linked to.
#[derive(Clone)]
pub(crate) struct Related {
    pub number: Number,
    pub weight: f32,
}

/// Links a memory whose text has changed to those of `related` that are still there, as far as there is room.
pub(crate) fn link_more(
    transaction: &mut Transaction<'_>,
    number: Number,
    related: &[Related],
    now: Timestamp,
) -> Result<(), Error> {
    if related.is_empty() {
        return Ok(());
    }
    let known: Vec<Number> = transaction.waypoints(number)?.into_iter().map(|(other, _)| other).collect();
    let new = related.iter().filter(|other| !known.contains(&other.number)).cloned();
    let new: Vec<Related> = new.take(MAX_LINKS.saturating_sub(known.len())).collect();
    link(transaction, number, &new, now)
}

/// Links a memory to those of `related` that are still there.
pub(crate) fn link(
    transaction: &mut Transaction<'_>,
    number: Number,
    related: &[Related],
    now: Timestamp,
) -> Result<(), Error> {
    for other in related {
        if transaction.head(other.number)?.is_some() {
            let waypoint = Waypoint { weight: other.weight, created_at: now, updated_at: now };
            transaction.link(number, other.number, &waypoint)?;
        }
    }
    Ok(())
}
