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
    let mut links = Vec::with_capacity(related.len());
    for other in related {
        if changes.exists(other.number)? {
            links.push((other.number, Waypoint { weight: other.weight, created_at: now, updated_at: now }));
        }
    }
    connect(changes, number, &links)
}

/// Links a memory to others, in both directions. If one of them then has too many links, its weakest link is removed, which
/// may be the new one.
pub fn connect(changes: &mut impl Changes, one: Number, others: &[(Number, Waypoint)]) -> Result<(), Error> {
    if others.is_empty() {
        return Ok(());
    }
    let mut links = changes.waypoints(one)?;
    for (other, waypoint) in others {
        if let Some(dropped) = add(&mut links, *other, waypoint) {
            remove_link(changes, dropped, one)?;
            if dropped == *other {
                continue;
            }
        }
        let mut back = changes.waypoints(*other)?;
        let dropped = add(&mut back, one, waypoint);
        changes.put_waypoints(*other, &back)?;
        match dropped {
            Some(dropped) if dropped == one => links.retain(|(linked, _)| linked != other),
            Some(dropped) => remove_link(changes, dropped, *other)?,
            None => {}
        }
    }
    changes.put_waypoints(one, &links)
}

/// Adds a link to those of a memory, in the order of their numbers. Returns whose link it removed, if there were too many.
fn add(links: &mut Vec<(Number, Waypoint)>, to: Number, waypoint: &Waypoint) -> Option<Number> {
    match links.binary_search_by_key(&to, |(number, _)| *number) {
        Ok(at) => links[at].1 = waypoint.clone(),
        Err(at) => links.insert(at, (to, waypoint.clone())),
    }
    if links.len() <= MAX_LINKS {
        return None;
    }
    let weakest = links.iter().enumerate().min_by(|(_, (_, a)), (_, (_, b))| a.weight.total_cmp(&b.weight));
    weakest.map(|(at, _)| at).map(|at| links.remove(at).0)
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
