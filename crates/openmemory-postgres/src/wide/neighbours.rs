//! Which memories are beside the best candidates in their runs? They lend context to them, and borrow it: an answer may share
//! nothing with its question, so that neither list has it.

use openmemory_domain::ModelIdentity;
use openmemory_index::{Query, Statistics};
use openmemory_rules::Error;

use crate::partitions::InScope;
use crate::session::Session;
use crate::wide::passing::{Member, Passing};
use crate::wide::statements;

/// Candidates whose neighbours are added.
const BEST: usize = 100;
/// Neighbours on each side: the two that lend, and of each the two that lend to it.
const BESIDE: i64 = 4;

impl Passing {
    /// Adds the neighbours of the best memories for a query.
    pub(crate) fn add_neighbours(
        &mut self,
        session: &Session,
        statistics: Statistics<'_>,
        query: &Query<'_>,
        identity: &ModelIdentity,
    ) -> Result<(), Error> {
        if self.members.is_empty() {
            return Ok(());
        }
        let best = openmemory_index::search(&InScope(&self.hot, Some(statistics)), query, BEST)?;
        let (mut scopes, mut runs, mut times, mut numbers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for number in best.iter().map(|found| found.number) {
            if let Some(Member { scope, run, created_at }) = self.members.get(&number) {
                scopes.push(*scope);
                runs.push(*run);
                times.push(*created_at);
                numbers.push(number as i64);
            }
        }
        let rows = session.query(statements::NEIGHBOURS, &[&scopes, &runs, &times, &numbers, &BESIDE])?;
        self.add(session, rows.iter().map(|row| (row.get(0), row.get(1))), identity)
    }
}
