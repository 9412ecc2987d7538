//! Which memories is a new or changed text linked to?

use openmemory_domain::Timestamp;

use crate::changes::Changes;
use crate::error::Error;
use crate::number::Number;
use crate::waypoint::Waypoint;

/// Maximum number of links that a memory's own texts create.
pub const MAX_OWN_LINKS: usize = 3;
/// Maximum number of links of a memory: all of them are read and written together.
const MAX_LINKS: usize = 64;
/// The similarity below which memories are not linked.
pub const MIN_SIMILARITY: f32 = 0.6;

/// A candidate for a link.
#[derive(Clone)]
pub struct Related {
    pub number: Number,
    pub weight: f32,
}

/// Links a memory with a changed text to the memories of `related` that still exist, up to [`MAX_OWN_LINKS`] in total.
pub fn link_more(changes: &mut impl Changes, number: Number, related: &[Related], now: Timestamp) -> Result<(), Error> {
    if related.is_empty() {
        return Ok(());
    }
    let known: Vec<Number> = changes.waypoints(number)?.into_iter().map(|(other, _)| other).collect();
    let new = related.iter().filter(|other| !known.contains(&other.number)).cloned();
    let new: Vec<Related> = new.take(MAX_OWN_LINKS.saturating_sub(known.len())).collect();
    link(changes, number, &new, now)
}

/// Links a memory to the memories of `related` that still exist.
pub fn link(changes: &mut impl Changes, number: Number, related: &[Related], now: Timestamp) -> Result<(), Error> {
    for other in related {
        if changes.exists(other.number)? {
            let waypoint = Waypoint { weight: other.weight, created_at: now, updated_at: now };
            connect(changes, number, other.number, &waypoint)?;
        }
    }
    Ok(())
}

/// Links two memories in both directions. If one of them then has too many links, its weakest link is removed, which may
/// be this one.
pub fn connect(changes: &mut impl Changes, one: Number, other: Number, waypoint: &Waypoint) -> Result<(), Error> {
    for (from, to) in [(one, other), (other, one)] {
        let mut links = changes.waypoints(from)?;
        match links.binary_search_by_key(&to, |(number, _)| *number) {
            Ok(at) => links[at].1 = waypoint.clone(),
            Err(at) => links.insert(at, (to, waypoint.clone())),
        }
        let weakest = links.iter().enumerate().min_by(|(_, (_, a)), (_, (_, b))| a.weight.total_cmp(&b.weight));
        let dropped = weakest.map(|(at, _)| at).filter(|_| links.len() > MAX_LINKS).map(|at| links.remove(at).0);
        changes.put_waypoints(from, &links)?;
        if let Some(dropped) = dropped {
            remove_link(changes, dropped, from)?;
        }
        if dropped == Some(to) {
            break;
        }
    }
    Ok(())
}

/// Removes all links to a memory from the memories at their other ends.
pub(super) fn disconnect(changes: &mut impl Changes, number: Number) -> Result<(), Error> {
    for (other, _) in changes.waypoints(number)? {
        remove_link(changes, other, number)?;
    }
    Ok(())
}

/// Removes one direction of a link.
fn remove_link(changes: &mut impl Changes, from: Number, to: Number) -> Result<(), Error> {
    let mut links = changes.waypoints(from)?;
    match links.binary_search_by_key(&to, |(number, _)| *number) {
        Ok(at) => drop(links.remove(at)),
        Err(_) => return Ok(()),
    }
    changes.put_waypoints(from, &links)
}
