//! Which memories does a new or changed text link?

use openmemory_domain::Timestamp;

use crate::changes::Changes;
use crate::error::Error;
use crate::number::Number;
use crate::waypoint::Waypoint;

/// Links that a memory gets at most by its own texts.
pub const MAX_OWN_LINKS: usize = 3;
/// Links that a memory keeps at most: all of them are read and written together.
const MAX_LINKS: usize = 64;
/// The similarity below which memories are not linked.
pub const MIN_SIMILARITY: f32 = 0.6;

/// A memory that another will be linked to.
#[derive(Clone)]
pub struct Related {
    pub number: Number,
    pub weight: f32,
}

/// Links a memory whose text has changed to those of `related` that are still there, as far as there is room.
pub fn link_more(changes: &mut impl Changes, number: Number, related: &[Related], now: Timestamp) -> Result<(), Error> {
    if related.is_empty() {
        return Ok(());
    }
    let known: Vec<Number> = changes.waypoints(number)?.into_iter().map(|(other, _)| other).collect();
    let new = related.iter().filter(|other| !known.contains(&other.number)).cloned();
    let new: Vec<Related> = new.take(MAX_OWN_LINKS.saturating_sub(known.len())).collect();
    link(changes, number, &new, now)
}

/// Links a memory to those of `related` that are still there.
pub fn link(changes: &mut impl Changes, number: Number, related: &[Related], now: Timestamp) -> Result<(), Error> {
    for other in related {
        if changes.head(other.number)?.is_some() {
            let waypoint = Waypoint { weight: other.weight, created_at: now, updated_at: now };
            connect(changes, number, other.number, &waypoint)?;
        }
    }
    Ok(())
}

/// Links two memories, both ways. A memory that then has too many links loses its weakest.
pub fn connect(changes: &mut impl Changes, one: Number, other: Number, waypoint: &Waypoint) -> Result<(), Error> {
    for (from, to) in [(one, other), (other, one)] {
        let mut links = changes.waypoints(from)?;
        match links.binary_search_by_key(&to, |(number, _)| *number) {
            Ok(at) => links[at].1 = waypoint.clone(),
            Err(at) => links.insert(at, (to, waypoint.clone())),
        }
        changes.put_waypoints(from, &links)?;
    }
    for number in [one, other] {
        let links = changes.waypoints(number)?;
        if links.len() > MAX_LINKS
            && let Some((lost, _)) = links.iter().min_by(|(_, a), (_, b)| a.weight.total_cmp(&b.weight))
        {
            forget_link(changes, number, *lost)?;
            forget_link(changes, *lost, number)?;
        }
    }
    Ok(())
}

/// Takes the links of a memory out of the rows of their other ends.
pub(super) fn disconnect(changes: &mut impl Changes, number: Number) -> Result<(), Error> {
    for (other, _) in changes.waypoints(number)? {
        forget_link(changes, other, number)?;
    }
    Ok(())
}

/// Takes a link out of the row of one of its ends.
fn forget_link(changes: &mut impl Changes, from: Number, to: Number) -> Result<(), Error> {
    let mut links = changes.waypoints(from)?;
    links.retain(|(number, _)| *number != to);
    changes.put_waypoints(from, &links)
}
