//! What are the memories of a large scope like? A sample tells, which is drawn anew from time to time.

use std::collections::HashMap;
use std::sync::Arc;

use openmemory_domain::{ModelTag, Timestamp};
use openmemory_index::Partition;
use openmemory_rules::Error;
use parking_lot::Mutex;

use crate::scope_key::ScopeKey;
use crate::session::Session;
use crate::wide::places::{Place, entries};
use crate::wide::statements;

/// Memories in a sample.
pub(crate) const SAMPLED: i64 = 2000;
/// Of a sample that is smaller than this, although there are more memories, too little was looked at.
const MIN_SAMPLED: usize = 200;
const KEPT_MS: i64 = 10 * 60_000;
/// Scopes whose samples are kept.
const MAX_KEPT: usize = 16;

/// Words whose counts are kept with a sample.
const MAX_COUNTED: usize = 10_000;

/// Some memories of a scope, and how many of all have a word, where those were counted.
pub(crate) struct Sample {
    pub partition: Partition,
    counted: Mutex<HashMap<String, u32>>,
}

/// When a sample was drawn, and the sample.
type Drawn = (Timestamp, Arc<Sample>);

/// The samples of a process, by scopes; `None`: of all.
#[derive(Default)]
pub(crate) struct Samples(Mutex<HashMap<Option<Vec<ScopeKey>>, Drawn>>);

impl Samples {
    /// The sample of these scopes, or of all, if one is kept.
    pub(crate) fn kept(&self, scopes: Option<&[ScopeKey]>, now: Timestamp) -> Option<Arc<Sample>> {
        let key = scopes.map(<[ScopeKey]>::to_vec);
        self.0.lock().get(&key).filter(|(at, _)| is_new(*at, now)).map(|(_, sample)| Arc::clone(sample))
    }

    /// The sample of these scopes of a tenant, or of all, which have so many memories.
    pub(crate) fn of(
        &self,
        session: &Session,
        (tenant, scopes): (&str, Option<&[ScopeKey]>),
        memories: i64,
        (dimensions, tag): (usize, ModelTag),
        now: Timestamp,
    ) -> Result<Arc<Sample>, Error> {
        if let Some(sample) = self.kept(scopes, now) {
            return Ok(sample);
        }
        let places = draw(session, (tenant, scopes), memories)?;
        let mut partition = Partition::new(dimensions);
        for (_, change) in entries(session, &places)? {
            crate::partitions::put(&mut partition, &mut Default::default(), &change, tag)?;
        }
        let sample = Arc::new(Sample { partition, counted: Mutex::default() });
        let mut kept = self.0.lock();
        kept.retain(|_, (at, _)| is_new(*at, now));
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(scopes.map(<[ScopeKey]>::to_vec), (now, Arc::clone(&sample)));
        Ok(sample)
    }
}

impl Sample {
    /// How many of all have a term, if it was counted.
    pub(crate) fn counted(&self, term: &str) -> Option<u32> {
        self.counted.lock().get(term).copied()
    }

    pub(crate) fn keep_count(&self, term: String, count: u32) {
        let mut counted = self.counted.lock();
        if counted.len() >= MAX_COUNTED {
            counted.clear();
        }
        counted.insert(term, count);
    }
}

fn is_new(at: Timestamp, now: Timestamp) -> bool {
    (0..KEPT_MS).contains(&(now.millis() - at.millis()))
}

fn draw(session: &Session, (tenant, scopes): (&str, Option<&[ScopeKey]>), memories: i64) -> Result<Vec<Place>, Error> {
    let mut percent = (100.0 * SAMPLED as f32 / memories.max(1) as f32).min(100.0);
    loop {
        let rows = session.query(statements::SAMPLE, &[&percent, &tenant, &scopes, &(2 * SAMPLED)])?;
        if rows.len() >= MIN_SAMPLED || percent >= 100.0 {
            return Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect());
        }
        percent = (8.0 * percent).min(100.0);
    }
}
