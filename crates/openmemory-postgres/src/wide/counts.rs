//! How many memories have the words of a query? An estimate by the sample is too far off: with a tenth more or less, others than
//! the best ten come first.

use std::collections::HashMap;

use openmemory_index::QueryTerms;
use openmemory_rules::Error;

use crate::current::Outside;
use crate::scope_key::ScopeKey;
use crate::session::{Param, Request, Session};
use crate::wide::places::Within;
use crate::wide::statements;
use crate::wide::wide::Wide;

/// Memories to which a word is counted. If there are more, that is still nearer than the lower estimate that led to counting.
/// The sample says well enough how many have a word that it estimates above this.
const COUNTED_TO: u32 = 50_000;
/// A word of more memories is counted once for each sample. Rarer ones are counted for each search: it takes little, and what
/// has just been written may be the first to have one.
const KEPT_ABOVE: u32 = 1000;

impl Wide {
    /// How many memories have each term of these words, except of those that the sample estimates well enough.
    pub(crate) fn counted(
        &self,
        session: &Session,
        within: Within<'_>,
        words: &[QueryTerms],
        outside: &Outside,
    ) -> Result<HashMap<String, u32>, Error> {
        let statistics = outside.statistics();
        let countable = words.iter().filter(|word| statistics.memories_with(&word.terms) < COUNTED_TO);
        let (mut known, mut uncounted) = (HashMap::new(), Vec::new());
        for term in countable.flat_map(|word| &word.terms) {
            match outside.sample.counted(term) {
                Some(count) => drop(known.insert(term.clone(), count)),
                None => uncounted.push(term),
            }
        }
        for (term, count) in uncounted.iter().zip(self.counts(session, within, &uncounted)?) {
            if count > KEPT_ABOVE {
                outside.sample.keep_count((*term).clone(), count);
            }
            known.insert((*term).clone(), count);
        }
        Ok(known)
    }

    /// How many memories have each of these terms.
    fn counts(&self, session: &Session, within: Within<'_>, terms: &[&String]) -> Result<Vec<u32>, Error> {
        let request = |term: &&String| {
            let scopes = within.scopes.map(<[ScopeKey]>::to_vec);
            let of: Vec<Param> = vec![Box::new(within.tenant.to_owned()), Box::new(scopes)];
            let mark: Vec<Param> = vec![Box::new(self.marks.word(term)), Box::new(i64::from(COUNTED_TO))];
            Request::new(statements::COUNT_MARK, of.into_iter().chain(mark).collect())
        };
        let requests: Vec<Request> = terms.iter().map(request).collect();
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let count = |rows: &Vec<tokio_postgres::Row>| rows.first().map_or(0, |row| row.get::<_, i64>(0) as u32);
        Ok(session.pipeline(&requests)?.iter().map(count).collect())
    }
}
