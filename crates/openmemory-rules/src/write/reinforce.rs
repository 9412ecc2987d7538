//! How does retrieval reinforce memories? Each hit gains salience, and links between hits of one search are
//! strengthened.

use std::collections::{BTreeSet, HashSet};

use openmemory_domain::{Dynamics, Memory, MemoryId, Timestamp};

use super::current::{current, dynamics, memory};
use super::links::connect;
use crate::changes::Changes;
use crate::error::Error;
use crate::number::Number;
use crate::waypoint::Waypoint;

/// A reinforced memory: its number, its user and its new dynamics.
pub type Reinforced = (Number, Option<String>, Dynamics);

pub fn reinforce(
    changes: &mut impl Changes,
    searches: &[Vec<Number>],
    now: Timestamp,
) -> Result<Vec<Reinforced>, Error> {
    let mut reinforced = Vec::new();
    for number in searches.iter().flatten().collect::<BTreeSet<_>>() {
        // The memory was deleted after the search.
        let Some(head) = changes.head(*number)? else { continue };
        let dynamics = dynamics(changes, *number, &head.scope)?.recalled(now);
        changes.put_dynamics(*number, &head.scope, &dynamics)?;
        reinforced.push((*number, head.scope.user_id, dynamics));
    }
    let mut strengthened = HashSet::new();
    for hits in searches {
        for one in hits {
            for (other, waypoint) in changes.waypoints(*one)? {
                if *one < other && hits.contains(&other) && strengthened.insert((*one, other)) {
                    connect(changes, *one, &[(other, stronger(&waypoint, now))])?;
                }
            }
        }
    }
    Ok(reinforced)
}

/// Changes a memory's salience or feedback without creating a version.
pub fn change_dynamics(
    changes: &mut impl Changes,
    id: &MemoryId,
    change: impl FnOnce(&Dynamics) -> Dynamics,
    now: Timestamp,
) -> Result<(Number, Memory), Error> {
    let (number, version) = current(changes, id)?;
    let mut memory = memory(changes, number, version, now)?;
    memory.dynamics = change(&memory.dynamics);
    changes.put_dynamics(number, &memory.version.scope, &memory.dynamics)?;
    Ok((number, memory))
}

/// w + 0.1 · (1 − w) · e^(−Δ / 1 h), with Δ the time since the link was created or last strengthened (HMD v2).
fn stronger(waypoint: &Waypoint, now: Timestamp) -> Waypoint {
    const HOUR_MS: f64 = 3_600_000.0;
    let since = (now.millis() - waypoint.updated_at.millis()).max(0) as f64;
    let gain = 0.1 * (1.0 - f64::from(waypoint.weight)) * (-since / HOUR_MS).exp();
    // `updated_at` may lie in the future, if the clock was ahead when the link was last strengthened.
    Waypoint { weight: waypoint.weight + gain as f32, updated_at: now.max(waypoint.created_at), ..waypoint.clone() }
}
