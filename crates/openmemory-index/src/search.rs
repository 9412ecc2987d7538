//! How are the memories of several users searched? Words are rare or common among all of them, so their partitions are
//! counted before any is ranked.

use std::collections::HashSet;

use crate::centroid::Centroid;
use crate::cosine_scale::CosineScale;
use crate::dense::WrongDimensions;
use crate::lexical::{self, QueryWords, Totals};
use crate::partition::Partition;
use crate::prepared_query::PreparedQuery;
use crate::quantise::QueryVector;
use crate::query::{Query, RankedMemory};
use crate::query_names;
use crate::score::Features;
use crate::statistics::Statistics;
use crate::top_k::TopK;
use crate::words;

/// The most words of a query that are matched with a tag.
const TAG_WORDS: usize = 4;

/// The partitions of the users in the scope of a search.
pub trait Partitions {
    type Error: From<WrongDimensions>;

    /// Calls `visit` with each of them. A search visits them several times, so that not all need be in memory at once.
    fn each(&self, visit: &mut dyn FnMut(&Partition)) -> Result<(), Self::Error>;

    /// What is known of all memories, if the partitions have only candidates.
    fn statistics(&self) -> Option<Statistics<'_>> {
        None
    }
}

/// The `take` best memories, best first, ties by number.
pub fn search<P: Partitions>(partitions: &P, query: &Query<'_>, take: usize) -> Result<Vec<RankedMemory>, P::Error> {
    let totals = totals(partitions)?;
    let mut words = QueryWords::new(query.text, totals);
    let mut centroid = Centroid::new(query.vector.len());
    match partitions.statistics() {
        Some(statistics) => {
            words.count(|terms| statistics.memories_with(terms));
            centroid.merge(statistics.sample.centroid());
        }
        None => partitions.each(&mut |partition| {
            words.count(|terms| partition.lexical().memories_with(terms));
            centroid.merge(partition.centroid());
        })?,
    }
    let cosine_scale = CosineScale::with_contrast(query.spread, query.contrast, query.echo, query.unread());
    let features = Features::for_scope(
        totals.memories,
        totals.mean_length(),
        centroid.mean_cosine(query.vector).map(|mean| cosine_scale.background(mean)),
        cosine_scale.likely_background(query.is_foreign()),
    );
    let of_nothing = cosine_scale.of_nothing(features.background());
    let prepared = PreparedQuery {
        words,
        phrases: phrases(query.text),
        vector: QueryVector::new(query.vector).scaled(cosine_scale.factor).with_nothing(of_nothing),
        cosine_scale,
        features,
        mask: query.mask,
        shown: query.shown,
        now: query.now,
        window: query.window,
        candidates: query.candidates,
    };
    let (mut best, mut fits) = (TopK::new(take), Ok(()));
    partitions.each(&mut |partition| match partition.check(query.vector.len()) {
        Ok(()) => partition.search(&prepared, &mut best),
        Err(error) => fits = Err(error),
    })?;
    fits?;
    Ok(best.into_sorted())
}

/// The query to embed: without names that are common among the memories.
pub fn without_names<P: Partitions>(partitions: &P, query: &str) -> Result<String, P::Error> {
    let totals = totals(partitions)?;
    let mut result = Ok(());
    let text = query_names::without_names(query, totals.memories, |word| {
        let terms = lexical::variants_of(word, &totals);
        if let Some(statistics) = partitions.statistics() {
            return statistics.memories_with(&terms);
        }
        let mut count = 0;
        let counted = partitions.each(&mut |partition| count += partition.lexical().memories_with(&terms));
        if let Err(error) = counted {
            result = Err(error);
        }
        count
    });
    result.map(|()| text)
}

fn totals<P: Partitions>(partitions: &P) -> Result<Totals, P::Error> {
    if let Some(statistics) = partitions.statistics() {
        return Ok(statistics.totals());
    }
    let mut totals = Totals::default();
    partitions.each(&mut |partition| totals.add(partition.totals()))?;
    Ok(totals)
}

/// The phrases of a query that may name a tag: one to four consecutive words.
fn phrases(query: &str) -> HashSet<String> {
    let words = words::phrase_words(query);
    (1..=TAG_WORDS).flat_map(|count| words.windows(count)).map(|words| words.join(" ")).collect()
}
