//! What does a process keep to search more memories than it holds? And which are the nearest of those?

use std::sync::atomic::AtomicBool;

use openmemory_rules::Error;

use crate::due::Due;
use crate::rows;
use crate::scope_key::ScopeKey;
use crate::session::{Param, Request, Session};
use crate::wide::marks::Marks;
use crate::wide::places::{Place, Within};
use crate::wide::sample::Samples;
use crate::wide::statements::{self, OfVectors, as_text};

/// The most that the index of the extension looks at before it filters.
const MAX_LOOKED_AT: i64 = 1000;
/// Vectors of a memory, about.
const VECTORS: i64 = 3;

pub(crate) struct Wide {
    /// Searches of more memories compare candidates.
    pub above: i64,
    pub marks: Marks,
    pub of_vectors: OfVectors,
    pub samples: Samples,
    pub is_following: AtomicBool,
    pub last_follow: Due,
}

impl Wide {
    pub(crate) fn new(tenant: &str, above: i64, dimensions: usize) -> Self {
        Self {
            above,
            marks: Marks::new(tenant),
            of_vectors: OfVectors::new(dimensions),
            samples: Samples::default(),
            is_following: AtomicBool::new(false),
            last_follow: Due::default(),
        }
    }

    /// About so many memories, those with the nearest vectors, some of them several times.
    pub(crate) fn nearest(
        &self,
        session: &Session,
        within: Within<'_>,
        (vector, memories): (&[f32], i64),
    ) -> Result<Vec<Place>, Error> {
        if vector.iter().all(|number| *number == 0.0) {
            return Ok(Vec::new());
        }
        let vectors = memories * VECTORS;
        let scopes = within.scopes.map(<[ScopeKey]>::to_vec);
        let wanted: Vec<Param> =
            vec![Box::new(within.tenant.to_owned()), Box::new(scopes), Box::new(as_text(vector)), Box::new(vectors)];
        let replies = session.pipeline(&[
            Request::new(rows::BEGIN, Vec::new()),
            Request::new(statements::LOOK_FAR, vec![Box::new(vectors.min(MAX_LOOKED_AT).to_string())]),
            Request::new(self.of_vectors.nearest.clone(), wanted),
            Request::new(rows::COMMIT, Vec::new()),
        ]);
        let replies = replies.inspect_err(|_| session.roll_back())?;
        Ok(replies[2].iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}
