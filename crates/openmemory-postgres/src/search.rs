//! Which memories answer a query? The partitions rank all memories in scope, as new as the database; the rows have their
//! current state.

use std::collections::HashMap;
use std::sync::Arc;

use openmemory_calls::list_cursor::only_value;
use openmemory_calls::query::query;
use openmemory_calls::timeline;
use openmemory_domain::filter::{Field, Filter};
use openmemory_domain::request::Search;
use openmemory_domain::{Embedding, MemoryId, Sector, Sectors, Version};
use openmemory_index::{COMPARED, CandidateSet, Query, RankedMemory, SectorMask, page, without_names};
use openmemory_rules::contract::{Control, Hit, QueryVector, ScoreFeature};
use openmemory_rules::{Error, Number, Rows};

use crate::current::Compared;
use crate::partitions::Hot;
use crate::rows::{self, Whole, whole};
use crate::scope_key::{self, ScopeKey};
use crate::session::Request;
use crate::store::Tenant;
use crate::workspace::Workspace;

/// Candidates in the first round of a filtered search. Each further round takes eight times as many.
const FIRST_FILTERED: usize = 64;
/// Maximum number of attempts of a search whose results are changed by concurrent commits.
const MAX_ATTEMPTS: usize = 10;

/// A candidate with its memory.
type Found = (RankedMemory, Whole);

impl Tenant {
    pub(crate) async fn embed_query(self: &Arc<Self>, request: &Search) -> Result<QueryVector, Error> {
        self.fitting_model().await?;
        let has_model = self.has_model().await?;
        if has_model {
            // The spread of the model's cosines is computed from the prototypes.
            self.model.prototypes().await?;
        }
        if let Some(vector) = &request.vector {
            return Ok(self.model.checked_vector(vector).await?.into());
        }
        if !has_model {
            return self.model.query(request.query.clone()).await;
        }
        let identity = self.model.identity().await?.clone();
        let (tenant, request) = (Arc::clone(self), request.clone());
        let query = self.database.read(move |session| {
            let foreseen = tenant.foreseen(session, &request, &identity)?;
            Ok(without_names(&foreseen.in_scope(), &request.query)?)
        });
        self.model.query(query.await?).await
    }

    /// The scopes that a request's filter names; `None` means all.
    pub(crate) fn scopes(&self, request: &Search) -> Option<Vec<ScopeKey>> {
        let users = request.filter.as_ref()?.required(&Field::UserId)?;
        Some(users.into_iter().map(|user| scope_key::of_user(&self.name, user)).collect())
    }

    pub(crate) async fn search(
        self: &Arc<Self>,
        request: Search,
        vector: QueryVector,
        control: Arc<Control>,
    ) -> Result<Vec<Hit>, Error> {
        let (hits, recalled) = self.ranked(request, vector, control).await?;
        self.recalled(recalled.into_iter());
        Ok(hits)
    }

    /// The hits of a search, and which memories it recalls.
    pub(crate) async fn ranked(
        self: &Arc<Self>,
        request: Search,
        vector: QueryVector,
        control: Arc<Control>,
    ) -> Result<(Vec<Hit>, Vec<(ScopeKey, Number)>), Error> {
        if !self.has_model().await? {
            return Ok(Default::default());
        }
        self.follow_now_and_then();
        let identity = self.model.identity().await?.clone();
        let tenant = Arc::clone(self);
        self.read(Vec::new(), move |rows| {
            let candidates = candidates(rows, request.filter.as_ref())?;
            let (mut best, mut approximate) = (Vec::new(), false);
            for attempt in 1..=MAX_ATTEMPTS {
                let query = query(&request, &vector, tenant.model.traits(), candidates.as_ref(), rows.now());
                let compared = tenant.compared(rows, &request, &query, &identity)?;
                let (found, settled) = matching_best(rows, &request, &control, &compared, &query)?;
                if settled || attempt == MAX_ATTEMPTS {
                    best = page(&compared.in_scope(), &query, found, &request)?;
                    approximate = compared.outside.is_some();
                    break;
                }
            }
            let recalled: Vec<(ScopeKey, Number)> = best.iter().map(|(_, whole)| (whole.scope, whole.number)).collect();
            Ok((hits(rows, &request, &vector, &control, best, approximate)?, recalled))
        })
        .await
    }
}

/// The best matches, and whether each is still in the state that the index compared.
fn matching_best(
    rows: &Workspace<'_>,
    request: &Search,
    control: &Control,
    compared: &Compared,
    query: &Query<'_>,
) -> Result<(Vec<Found>, bool), Error> {
    let filters = request.asks_each();
    let wanted = request.wanted().max(COMPARED);
    let mut take = if filters { FIRST_FILTERED.max(4 * wanted) } else { wanted };
    let mut known: HashMap<u64, Whole> = HashMap::new();
    let mut asked: std::collections::HashSet<u64> = std::collections::HashSet::new();
    loop {
        let ranked = openmemory_index::search(&compared.in_scope(), query, take)?;
        let exhausted = ranked.len() < take;
        let below_min_score = |found: &RankedMemory| !found.may_score(request.min_score as f32);
        let all_seen = exhausted || ranked.last().is_some_and(below_min_score);
        let found: Vec<RankedMemory> = ranked.into_iter().take_while(|found| !below_min_score(found)).collect();
        let unknown: Vec<u64> = found.iter().map(|found| found.number).filter(|number| asked.insert(*number)).collect();
        for whole in read_whole(rows, &compared.hot, &unknown)? {
            known.insert(whole.number.0, whole);
        }
        let (mut best, mut settled) = (Vec::with_capacity(request.limit), true);
        for found in found {
            control.check()?;
            let matching = known.remove(&found.number).filter(|whole| {
                let version = &whole.memory.version;
                !version.is_hidden(request.shown, rows.now())
                    && request.filter.as_ref().is_none_or(|filter| filter.matches(version, &whole.memory.content))
            });
            let Some(whole) = matching else {
                // Without a filter, the memory was deleted or hidden meanwhile.
                settled &= filters;
                continue;
            };
            let version = &whole.memory.version;
            settled &=
                version.content == found.content && SectorMask::of(version.sectors().as_slice()).meets(found.sectors);
            best.push((found, whole));
            if best.len() == wanted {
                return Ok((best, settled));
            }
        }
        if all_seen || !filters {
            return Ok((best, settled));
        }
        // The next round finds these again.
        for (found, whole) in best {
            known.insert(found.number, whole);
        }
        take *= 8;
    }
}

/// The current state of memories of these partitions.
fn read_whole(rows: &Workspace<'_>, hot: &[Arc<Hot>], numbers: &[u64]) -> Result<Vec<Whole>, Error> {
    let request = |(scope, numbers)| Request::new(rows::HITS, vec![Box::new(scope), Box::new(numbers)]);
    let requests: Vec<Request> = by_scope(hot, numbers).into_iter().map(request).collect();
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let replies = rows.session().pipeline(&requests)?;
    replies.iter().flatten().map(|row| whole(row, rows.now())).collect()
}

fn by_scope(hot: &[Arc<Hot>], numbers: &[u64]) -> Vec<(ScopeKey, Vec<i64>)> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let of = |hot: &Arc<Hot>| {
        let contained = |partition: &openmemory_index::Partition| {
            numbers.iter().filter(|number| partition.contains(**number)).map(|number| *number as i64).collect()
        };
        let numbers: Vec<i64> = hot.with(contained).unwrap_or_default();
        (!numbers.is_empty()).then_some((hot.scope, numbers))
    };
    hot.iter().filter_map(of).collect()
}

fn hits(
    rows: &Workspace<'_>,
    request: &Search,
    vector: &[f32],
    control: &Control,
    best: Vec<Found>,
    approximate: bool,
) -> Result<Vec<Hit>, Error> {
    let mut current = read_hits(rows, &best)?;
    let mut hits = Vec::with_capacity(best.len());
    for (found, whole) in best {
        control.check()?;
        // It may have changed, or have been deleted, since it was found.
        let Some((whole, embedding)) = current.remove(&whole.number.0) else { continue };
        rows.know_scope(whole.number, whole.scope);
        let version = &whole.memory.version;
        if request.filter.as_ref().is_some_and(|filter| !filter.matches(version, &whole.memory.content)) {
            continue;
        }
        let similarity = similarity(&embedding, &version.sectors(), request, vector);
        let by = match found.by {
            Some(number) => {
                rows.know_scope(Number(number), whole.scope);
                rows.head(Number(number))?
            }
            None => None,
        };
        let path = by.iter().map(|head| &head.id).chain([&version.id]).map(MemoryId::to_string).collect();
        let feature = |(name, value, weight)| ScoreFeature { name, value, weight };
        // Counts nothing, but says how it was found.
        let how = approximate.then_some(("approximate", 1.0, 0.0));
        let explain = request.explain.then(|| found.features.all().chain(how).map(feature).collect());
        let before = match request.history {
            0 => None,
            limit => Some(texts_before(rows, whole.number, version, limit)?),
        };
        let score = found.features.score();
        hits.push(Hit { score, similarity, path, explain, standing: None, before, memory: whole.memory });
    }
    Ok(hits)
}

fn texts_before(
    rows: &Workspace<'_>,
    number: Number,
    version: &Version,
    limit: usize,
) -> Result<Vec<openmemory_rules::contract::EarlierText>, Error> {
    let known = rows.known_versions(number, version.clone(), None)?;
    timeline::texts_before(known, version, limit, |hash| rows.content(number, hash))
}

/// The current state of hits with their vectors, by number.
fn read_hits(rows: &Workspace<'_>, best: &[Found]) -> Result<HashMap<u64, (Whole, Arc<Embedding>)>, Error> {
    let mut by_scope: HashMap<ScopeKey, Vec<i64>> = HashMap::new();
    for (_, whole) in best {
        by_scope.entry(whole.scope).or_default().push(whole.number.0 as i64);
    }
    let request = |(scope, numbers)| Request::new(rows::HITS_WITH_VECTORS, vec![Box::new(scope), Box::new(numbers)]);
    let requests: Vec<Request> = by_scope.into_iter().map(request).collect();
    let mut hits = HashMap::new();
    if requests.is_empty() {
        return Ok(hits);
    }
    for row in rows.session().pipeline(&requests)?.iter().flatten() {
        let found = whole(row, rows.now())?;
        hits.insert(found.number.0, (found, rows::entry(row.get(5))?.embedding));
    }
    Ok(hits)
}

/// The candidates to which a filter confines a search, if they are known without reading each memory.
fn candidates<'a>(rows: &Workspace<'_>, filter: Option<&'a Filter>) -> Result<Option<CandidateSet<'a>>, Error> {
    let Some(filter) = filter else { return Ok(None) };
    if let Some(ids) = filter.required(&Field::MemoryIds) {
        let mut numbers = Vec::with_capacity(ids.len());
        for id in ids.into_iter().flatten().filter_map(|id| MemoryId::read("memory_ids", id).ok()) {
            numbers.extend(rows.number(&id)?.map(|number| number.0));
        }
        return Ok(Some(CandidateSet::Numbers(numbers)));
    }
    let run = || only_value(filter, &Field::RunId).map(CandidateSet::Run);
    Ok(run().or_else(|| only_value(filter, &Field::Tags).map(CandidateSet::Tag)))
}

pub(crate) fn similarity(embedding: &Embedding, sectors: &Sectors, request: &Search, query: &[f32]) -> f32 {
    let counts =
        |named: &[Sector]| request.sectors.is_empty() || named.iter().any(|sector| request.sectors.contains(sector));
    let roles = embedding.roles(sectors).into_iter().filter(|(_, named, _)| counts(named));
    roles.map(|(vector, ..)| vector.dot(query)).fold(f32::MIN, f32::max)
}
