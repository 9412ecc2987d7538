//! What does being found do to a memory? It gains salience, and its links to what was found with it grow stronger.

use std::collections::{BTreeSet, HashSet};

use openmemory_domain::{Dynamics, Memory, MemoryId, Timestamp};

use super::current::{current, dynamics, memory};
use super::links::connect;
use crate::changes::Changes;
use crate::error::Error;
use crate::number::Number;
use crate::waypoint::Waypoint;

/// A memory that was recalled, as it is afterwards.
pub type Reinforced = (Number, Option<String>, Dynamics);

pub fn reinforce(
    changes: &mut impl Changes,
    searches: &[Vec<Number>],
    now: Timestamp,
) -> Result<Vec<Reinforced>, Error> {
    let mut reinforced = Vec::new();
    for number in searches.iter().flatten().collect::<BTreeSet<_>>() {
        // Deleted meanwhile.
        let Some(head) = changes.head(*number)? else { continue };
        let dynamics = dynamics(changes, *number)?.recalled(now);
        changes.put_dynamics(*number, &dynamics)?;
        reinforced.push((*number, head.scope.user_id, dynamics));
    }
    let mut strengthened = HashSet::new();
    for together in searches {
        for one in together {
            for (other, waypoint) in changes.waypoints(*one)? {
                if *one < other && together.contains(&other) && strengthened.insert((*one, other)) {
                    connect(changes, *one, other, &stronger(&waypoint, now))?;
                }
            }
        }
    }
    Ok(reinforced)
}

/// Changes how much a memory counts; that is no new version.
pub fn change_dynamics(
    changes: &mut impl Changes,
    id: &MemoryId,
    change: impl FnOnce(&Dynamics) -> Dynamics,
    now: Timestamp,
) -> Result<(Number, Memory), Error> {
    let (number, version) = current(changes, id)?;
    let mut memory = memory(changes, number, version, now)?;
    memory.dynamics = change(&memory.dynamics);
    changes.put_dynamics(number, &memory.dynamics)?;
    Ok((number, memory))
}

/// w + 0.1 · (1 − w) · e^(−Δ / 1 h), with Δ since the link was made or last strengthened (HMD v2).
fn stronger(waypoint: &Waypoint, now: Timestamp) -> Waypoint {
    const HOUR_MS: f64 = 3_600_000.0;
    let since = (now.millis() - waypoint.updated_at.millis()).max(0) as f64;
    let gain = 0.1 * (1.0 - f64::from(waypoint.weight)) * (-since / HOUR_MS).exp();
    // The clock may have been ahead when the link was last strengthened: that is not kept.
    Waypoint { weight: waypoint.weight + gain as f32, updated_at: now.max(waypoint.created_at), ..waypoint.clone() }
}
