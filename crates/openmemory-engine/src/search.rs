//! Which memories answer a question? The index ranks all that are in scope; the store tells what they say now.

use openmemory_rules::contract::{Control, Hit, ScoreFeature};
use std::collections::HashMap;
use std::sync::Arc;

use super::engine::Engine;
use super::index_state::foreign_dimensions;
use super::list;
use openmemory_domain::embedding::dot;
use openmemory_domain::filter::{Field, Filter};
use openmemory_domain::request::{Order, Search, TimeField};
use openmemory_domain::{Embedding, MemoryId, Sector, Sectors, Version};
use openmemory_index::{CandidateSet, Found, MemoryIndex, Query, Scope, SectorMask};
use openmemory_rules::{Error, Number, Rows};
use openmemory_storage as storage;

/// Candidates that a filter is first tried on; eight times as many each time they do not suffice.
const FIRST_FILTERED: usize = 64;

/// How often a search begins again because a commit has changed one of its results meanwhile.
const TRIES: usize = 10;

/// What a quick search has at most: bytes of a question, vectors to compare, and hits.
const QUICK_QUESTION: usize = 1024;
const QUICK_VECTORS: usize = 16_384;
const QUICK_HITS: usize = 32;

/// Memories of an agent or an application up to which they are looked up first.
const MAX_LOOKED_UP_FIRST: usize = 1000;

impl Engine {
    /// The query as a vector of the store's model. The index is ready afterwards.
    pub async fn embed_query(&self, request: &Search) -> Result<Arc<[f32]>, Error> {
        self.fitting_model().await?;
        self.index.ready().await?;
        let query = match self.index.index() {
            Some(index) => {
                // How the model spreads its cosines is known from them.
                self.model.prototypes(&self.store).await?;
                in_scope(request, |scope| index.without_names(scope, &request.query))
            }
            None => request.query.clone(),
        };
        self.model.query(query).await
    }

    /// Whether a search takes about a millisecond at most, once its query is embedded: among few memories, all of which
    /// match.
    pub fn is_quick(&self, request: &Search) -> bool {
        let compared = |index: &MemoryIndex| in_scope(request, |scope| index.vectors(scope));
        request.query.len() <= QUICK_QUESTION
            && request.limit <= QUICK_HITS
            && !request.asks_each()
            && self.index.index().is_some_and(|index| compared(&index) <= QUICK_VECTORS)
    }

    /// The best memories for a query embedded by [`Engine::embed_query`], best first.
    pub fn search(&self, request: &Search, vector: &[f32], control: &Control) -> Result<Vec<Hit>, Error> {
        let Some(index) = self.index.index() else { return Ok(Vec::new()) };
        let among = self.among(request.filter.as_ref())?;
        let mask = (!request.sectors.is_empty()).then(|| SectorMask::of(&request.sectors));
        in_scope(request, |scope| {
            let query = Query {
                scope,
                text: &request.query,
                vector,
                multilingual: self.model.embedding.is_multilingual(),
                spread: self.model.spread(),
                mask,
                candidates: among.as_ref(),
                now: self.now(),
                show_expired: request.show_expired,
            };
            let find = |take| index.search(&query, take).map_err(foreign_dimensions);
            let mut best = Vec::new();
            for _ in 0..TRIES {
                let settled;
                (best, settled) = self.matching_best(request, control, find)?;
                if settled {
                    break;
                }
            }
            self.reinforce_hits(best.iter().map(|(found, _)| Number(found.number)));
            best.into_iter()
                .filter_map(|(found, version)| {
                    control.check().and_then(|()| self.hit(request, vector, &found, version)).transpose()
                })
                .collect()
        })
    }

    /// The best that match, and whether each still is what the index has compared.
    fn matching_best(
        &self,
        request: &Search,
        control: &Control,
        find: impl Fn(usize) -> Result<Vec<Found>, Error>,
    ) -> Result<(Vec<(Found, Version)>, bool), Error> {
        let filters = request.asks_each();
        let mut take = if filters { FIRST_FILTERED.max(4 * request.limit) } else { request.limit };
        let mut asked: HashMap<u64, Option<Version>> = HashMap::new();
        loop {
            let candidates = find(take)?;
            let exhausted = candidates.len() < take;
            let (mut best, mut settled) = (Vec::with_capacity(request.limit), true);
            let hopeless = |found: &Found| found.features.score() < request.min_score as f32;
            let all_seen = exhausted || candidates.last().is_some_and(hopeless);
            for found in candidates.into_iter().take_while(|found| !hopeless(found)) {
                control.check()?;
                let version = match asked.get(&found.number) {
                    Some(known) => known.clone(),
                    None => {
                        let version = self.matching_version(&found, request)?;
                        if filters {
                            asked.insert(found.number, version.clone());
                        }
                        version
                    }
                };
                let Some(version) = version else {
                    // Without a filter only what was deleted or has expired meanwhile is none.
                    settled &= filters;
                    continue;
                };
                settled &= version.content == found.content
                    && SectorMask::of(version.sectors().as_slice()).meets(found.sectors);
                best.push((found, version));
                if best.len() == request.limit {
                    return Ok((best, settled));
                }
            }
            if all_seen || !filters {
                return Ok((best, settled));
            }
            take *= 8;
        }
    }

    /// The newest version of what was found; none if it is gone, hidden or filtered out.
    fn matching_version(&self, found: &Found, request: &Search) -> Result<Option<Version>, Error> {
        let number = Number(found.number);
        let Some(head) = self.store.head(number)? else { return Ok(None) };
        if !request.show_expired && head.expired(self.now()) {
            return Ok(None);
        }
        Ok(self.matches(number, &head, request.filter.as_ref())?.then_some(head))
    }

    /// Reads the best whole; none for one that was deleted meanwhile.
    fn hit(&self, request: &Search, vector: &[f32], found: &Found, version: Version) -> Result<Option<Hit>, Error> {
        let number = Number(found.number);
        // Text and vectors never change under their names, so they are those of this version.
        let Some(said) = self.hit_cache.read(&self.store, number, version.content)? else {
            let head = self.store.head(number)?;
            return match head.is_some_and(|head| head.content == version.content) {
                true => Err(Error::Internal("a memory without its text or vectors")),
                false => Ok(None),
            };
        };
        let similarity = similarity(&said.embedding, &version.sectors(), request, vector);
        let Some(memory) = self.memory_with(number, version, said.content.clone())? else { return Ok(None) };
        let by = found.by.map(|number| self.store.head(Number(number))).transpose()?.flatten();
        let path = by.iter().map(|head| &head.id).chain([&memory.version.id]).map(MemoryId::to_string).collect();
        let feature = |(name, value, weight)| ScoreFeature { name, value, weight };
        let explain = request.explain.then(|| found.features.all().map(feature).collect());
        Ok(Some(Hit { score: found.features.score(), similarity, path, explain, memory }))
    }

    /// To which memories a filter confines a search, where that can be known without asking each.
    fn among<'a>(&self, filter: Option<&'a Filter>) -> Result<Option<CandidateSet<'a>>, Error> {
        let Some(filter) = filter else { return Ok(None) };
        if let Some(ids) = filter.required(&Field::MemoryIds) {
            let mut numbers = Vec::with_capacity(ids.len());
            for id in ids.into_iter().flatten().filter_map(|id| MemoryId::read("memory_ids", id).ok()) {
                numbers.extend(self.store.number(&id)?.map(|number| number.0));
            }
            return Ok(Some(CandidateSet::Numbers(numbers)));
        }
        let run = || list::one(filter, &Field::RunId).map(CandidateSet::Run);
        if let Some(among) = run().or_else(|| list::one(filter, &Field::Tags).map(CandidateSet::Tag)) {
            return Ok(Some(among));
        }
        for (name, field) in [("agent_id", Field::AgentId), ("app_id", Field::AppId)] {
            if let Some(value) = list::one(filter, &field)
                && let Some(numbers) = self.few_of(name, value)?
            {
                return Ok(Some(CandidateSet::Numbers(numbers)));
            }
        }
        Ok(None)
    }

    /// The memories of an agent or an application, if they are few.
    fn few_of(&self, field: &'static str, value: &str) -> Result<Option<Vec<u64>>, Error> {
        let among = storage::ScanRange::Scope { field, value: value.to_owned() };
        let order = Order { by: TimeField::Created, newest_first: false };
        let numbers = self.store.by_time(&among, order, None).take(MAX_LOOKED_UP_FIRST + 1);
        let numbers = numbers.map(|number| number.map(|number| number.0)).collect::<Result<Vec<_>, _>>()?;
        Ok((numbers.len() <= MAX_LOOKED_UP_FIRST).then_some(numbers))
    }
}

/// Runs `search` in the users that a request's filter names.
fn in_scope<T>(request: &Search, search: impl FnOnce(Scope<'_>) -> T) -> T {
    let users = request.filter.as_ref().and_then(|filter| filter.required(&Field::UserId));
    search(users.as_deref().map_or(Scope::All, Scope::Users))
}

fn similarity(embedding: &Embedding, sectors: &Sectors, request: &Search, query: &[f32]) -> f32 {
    let counts =
        |named: &[Sector]| request.sectors.is_empty() || named.iter().any(|sector| request.sectors.contains(sector));
    let roles = embedding.roles(sectors).into_iter().filter(|(_, named, _)| counts(named));
    roles.map(|(vector, ..)| dot(vector, query)).fold(f32::MIN, f32::max)
}
