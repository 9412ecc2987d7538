//! What does being found do to a memory? It gains salience, and its links to what was found with it grow stronger.

use std::collections::{BTreeSet, HashSet};

use super::apply;
use crate::error::Error;
use openmemory_domain::{Dynamics, Timestamp};
use openmemory_storage::{Number, Records, Transaction, Waypoint};

/// A memory that was recalled, as it is afterwards.
pub(crate) type Reinforced = (Number, Option<String>, Dynamics);

pub(crate) fn reinforce(
    transaction: &mut Transaction<'_>,
    searches: &[Vec<Number>],
    now: Timestamp,
) -> Result<Vec<Reinforced>, Error> {
    let mut reinforced = Vec::new();
    for number in searches.iter().flatten().collect::<BTreeSet<_>>() {
        // Deleted meanwhile.
        let Some(head) = transaction.head(*number)? else { continue };
        let dynamics = apply::dynamics(transaction, *number)?.recalled(now);
        transaction.put_dynamics(*number, &dynamics)?;
        reinforced.push((*number, head.scope.user_id, dynamics));
    }
    let mut strengthened = HashSet::new();
    for together in searches {
        for one in together {
            for (other, waypoint) in transaction.waypoints(*one)? {
                if *one < other && together.contains(&other) && strengthened.insert((*one, other)) {
                    transaction.link(*one, other, &stronger(&waypoint, now))?;
                }
            }
        }
    }
    Ok(reinforced)
}

/// w + 0.1 · (1 − w) · e^(−Δ / 1 h), with Δ since the link was made or last strengthened (HMD v2).
fn stronger(waypoint: &Waypoint, now: Timestamp) -> Waypoint {
    const HOUR_MS: f64 = 3_600_000.0;
    let since = (now.millis() - waypoint.updated_at.millis()).max(0) as f64;
    let gain = 0.1 * (1.0 - f64::from(waypoint.weight)) * (-since / HOUR_MS).exp();
    // The clock may have been ahead when the link was last strengthened: that is not kept.
    Waypoint { weight: waypoint.weight + gain as f32, updated_at: now.max(waypoint.created_at), ..waypoint.clone() }
}
