//! How does a request become a query of the index?

use openmemory_domain::request::Search;
use openmemory_domain::when::asked_time;
use openmemory_domain::{Shown, Timestamp};
use openmemory_index::{CandidateSet, Query, SectorMask};

/// What is known of the model that has made the vectors, as [`Query`] has it.
#[derive(Debug, Clone, Copy)]
pub struct ModelTraits {
    pub multilingual: bool,
    pub spread: f32,
    pub contrast: f32,
    pub echo: f32,
}

/// `candidates` are not for a search of the past: the index has the newest version of a memory, which may lack what an earlier
/// one had.
pub fn query<'a>(
    request: &'a Search,
    vector: &'a [f32],
    model: ModelTraits,
    candidates: Option<&'a CandidateSet<'a>>,
    now: Timestamp,
) -> Query<'a> {
    let ModelTraits { multilingual, spread, contrast, echo } = model;
    Query {
        text: &request.query,
        vector,
        multilingual,
        spread,
        contrast,
        echo,
        mask: (!request.sectors.is_empty()).then(|| SectorMask::of(&request.sectors)),
        candidates,
        now,
        window: asked_time(&request.query, request.reference_time.unwrap_or(now)),
        shown: if request.reads_past() { Shown { expired: true, retired: true } } else { request.shown },
    }
}
