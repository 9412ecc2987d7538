//! Are the tables of candidates new enough for a search? One that is not too far behind waits until they are.

use std::time::{Duration, Instant};

use openmemory_domain::{Invalid, ModelIdentity};
use openmemory_rules::Error;

use crate::current::Outside;
use crate::session::Session;
use crate::store::Tenant;
use crate::wide::follow::{Behind, behind};
use crate::wide::places::Within;
use crate::wide::wide::Wide;

/// Changes that a search takes along, rather than having them followed first.
const MAX_CHANGED: i64 = 2000;
/// How long a search waits.
const PATIENCE: Duration = Duration::from_secs(5);

impl Tenant {
    /// What is known of all memories in scope, and which scopes have changed since the tables were brought up to date.
    ///
    /// # Errors
    /// The tables are not ready.
    pub(crate) fn outside(
        &self,
        session: &Session,
        wide: &Wide,
        within: Within<'_>,
        identity: &ModelIdentity,
    ) -> Result<(Outside, Vec<Behind>), Error> {
        let behind = self.when_ready(session, wide, within, identity)?;
        let of = (within.tenant, within.scopes);
        let model = (identity.dimensions, identity.tag());
        let sample = wide.samples.of(session, of, within.memories, model, self.clock.now())?;
        Ok((Outside::new(within, sample), behind))
    }

    /// Sees to it that the tables know most of what is in scope.
    fn when_ready(
        &self,
        session: &Session,
        wide: &Wide,
        within: Within<'_>,
        identity: &ModelIdentity,
    ) -> Result<Vec<Behind>, Error> {
        let begin = Instant::now();
        loop {
            let behind = behind(session, &self.name, within.scopes)?;
            let changes: i64 = behind.iter().filter_map(|of| Some(of.clock - of.known?)).sum();
            let is_read = behind.iter().all(|of| of.known.is_some());
            if is_read && changes <= MAX_CHANGED {
                return Ok(behind);
            }
            for of in behind.iter().filter(|of| of.known.is_none() || changes > MAX_CHANGED) {
                patient(begin, within)?;
                while wide.step(session, &self.name, of, identity.tag())? {
                    patient(begin, within)?;
                }
            }
        }
    }
}

/// Refuses a search that has waited for long.
fn patient(begin: Instant, within: Within<'_>) -> Result<(), Error> {
    if begin.elapsed() <= PATIENCE {
        return Ok(());
    }
    let remedy = if within.scopes.is_none() { "name a user, or try again later" } else { "try again later" };
    let problem = format!(
        "cannot be searched yet: what finds candidates among {} memories is being brought up to date; {remedy}",
        within.memories
    );
    Err(Invalid::limit("filters", problem).into())
}
