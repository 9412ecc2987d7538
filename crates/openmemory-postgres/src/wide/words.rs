//! Which memories have the words of a query? Its rarest words say most, and few memories have them.

use openmemory_index::{QueryTerms, query_terms};
use openmemory_rules::Error;

use crate::current::Outside;
use crate::session::Session;
use crate::wide::places::{Place, Within};
use crate::wide::statements;
use crate::wide::wide::Wide;

/// Words of a query that are looked for.
const MAX_WORDS: usize = 64;
/// Memories that are looked at.
const LOOKED_AT: i64 = 50_000;

/// The words of a query that memories are found by, the rarest of the sample first.
pub(crate) fn words_of(text: &str, outside: &Outside) -> Vec<QueryTerms> {
    let mut words = query_terms(text, &outside.sample.partition);
    words.sort_by_key(|word| word.in_sample);
    words.truncate(MAX_WORDS);
    words
}

impl Wide {
    /// The memories that have the rarest words of a query, the best first.
    pub(crate) fn with_words(
        &self,
        session: &Session,
        within: Within<'_>,
        words: &[QueryTerms],
        outside: &Outside,
    ) -> Result<Vec<Place>, Error> {
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
        let rows = session.query(
            statements::WORDED,
            &[&within.tenant, &within.scopes, &marks, &weights, &all, &within.candidates()],
        )?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}
