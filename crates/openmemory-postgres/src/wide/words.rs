//! Which memories have the words of a query? Its rarest words say most, and few memories have them.

use openmemory_index::query_terms;
use openmemory_rules::Error;

use crate::current::Outside;
use crate::scope_key::ScopeKey;
use crate::session::{Param, Request, Session};
use crate::wide::places::{Place, Within};
use crate::wide::statements;
use crate::wide::wide::Wide;

/// A word that fewer of the sample have is counted.
const RARE_IN_SAMPLE: u32 = 10;
/// Words of a query that are looked for.
const MAX_WORDS: usize = 64;
/// Memories that are looked at, and to which a word is counted.
const LOOKED_AT: i64 = 50_000;

impl Wide {
    /// The memories that have the rarest words of a query, the best first. Notes how many have a word.
    pub(crate) fn with_words(
        &self,
        session: &Session,
        tenant: &str,
        within: Within<'_>,
        text: &str,
        outside: &mut Outside,
    ) -> Result<Vec<Place>, Error> {
        let mut words = query_terms(text, &outside.sample);
        words.sort_by_key(|word| word.in_sample);
        words.truncate(MAX_WORDS);
        let rare = words.iter().filter(|word| word.in_sample < RARE_IN_SAMPLE);
        let terms: Vec<&String> = rare.flat_map(|word| &word.terms).collect();
        for (term, count) in terms.iter().zip(self.counts(session, tenant, within, &terms)?) {
            outside.known.insert((*term).clone(), count);
        }
        let known = outside.statistics();
        let count = |terms: &[String]| i64::from(known.memories_with(terms));
        let mut counted: Vec<(i64, &[String])> =
            words.iter().map(|word| (count(&word.terms), &*word.terms)).filter(|(count, _)| *count > 0).collect();
        counted.sort_by_key(|(count, _)| *count);
        let (mut marks, mut weights, mut looked_at) = (Vec::new(), Vec::new(), 0);
        for (count, terms) in counted {
            looked_at += count;
            if looked_at > LOOKED_AT {
                break;
            }
            marks.extend(terms.iter().map(|term| self.marks.word(term)));
            weights.resize(marks.len(), (within.memories as f32 / count as f32).max(1.0).ln());
        }
        if marks.is_empty() {
            return Ok(Vec::new());
        }
        let all = within.filter.map(|filter| self.marks.of_filter(filter)).unwrap_or_default();
        let rows = session
            .query(statements::WORDED, &[&tenant, &within.scopes, &marks, &weights, &all, &within.candidates()])?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// How many memories have each of these terms.
    fn counts(
        &self,
        session: &Session,
        tenant: &str,
        within: Within<'_>,
        terms: &[&String],
    ) -> Result<Vec<u32>, Error> {
        let request = |term: &&String| {
            let scopes = within.scopes.map(<[ScopeKey]>::to_vec);
            let of: Vec<Param> = vec![Box::new(tenant.to_owned()), Box::new(scopes)];
            let mark: Vec<Param> = vec![Box::new(self.marks.word(term)), Box::new(LOOKED_AT)];
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
