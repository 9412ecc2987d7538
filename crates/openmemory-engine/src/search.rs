//! Which memories answer a query? The index ranks all memories in scope; the store has their current state.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::engine::Engine;
use super::list;
use super::partitions::{FEW_USERS, Scoped, ScopedError};
use super::past::{FoundText, ScopedPast};
use openmemory_calls::query::{ModelTraits, query};
use openmemory_domain::filter::{Field, Filter};
use openmemory_domain::request::{Order, Search, TimeField};
use openmemory_domain::{Embedding, MemoryId, Sector, Sectors, Shown, Version};
use openmemory_index::{COMPARED, CandidateSet, RankedMemory, SectorMask, page, without_names};
use openmemory_rules::contract::{Control, EarlierText, Hit, ScoreFeature, Standing};
use openmemory_rules::{Error, Number, Rows};
use openmemory_storage as storage;

/// Candidates in the first round of a filtered search. Each further round takes eight times as many.
const FIRST_FILTERED: usize = 64;

/// Maximum number of attempts of a search whose results are changed by concurrent commits.
const MAX_ATTEMPTS: usize = 10;

/// Limits of a quick search: bytes of the query, vectors to compare, and hits.
const QUICK_QUERY_BYTES: usize = 1024;
const QUICK_VECTORS: usize = 16_384;
const QUICK_HITS: usize = 32;

/// Maximum number of memories of an agent or app that are looked up before a search, instead of filtering its results.
const MAX_LOOKED_UP_FIRST: usize = 1000;

impl Engine {
    /// Embeds a query with the model of the store.
    pub async fn embed_query(&self, request: &Search) -> Result<Arc<[f32]>, Error> {
        self.fitting_model().await?;
        if let Some(vector) = &request.vector {
            if self.store.model()?.is_some() {
                self.model.prototypes(&self.store).await?;
            }
            return Ok(self.checked_vector(vector).await?.into());
        }
        if self.store.model()?.is_none() {
            return self.model.query(request.query.clone()).await;
        }
        // The spread of the model's cosines is computed from the prototypes.
        self.model.prototypes(&self.store).await?;
        let users = users(request);
        let scoped = Scoped::of(&self.partitions, &self.store, users.as_deref())?;
        let query = match scoped.users().len() {
            ..=FEW_USERS => {
                self.partitions.load(&self.store, scoped.users().iter().cloned()).await?;
                without_names(&scoped, &request.query)
            }
            _ if scoped.vectors_in_memory().is_some() => without_names(&scoped, &request.query),
            _ => {
                let (partitions, store) = (Arc::clone(&self.partitions), Arc::clone(&self.store));
                let (users, text) = (scoped.users(), request.query.clone());
                let load = move || without_names(&Scoped::new(&partitions, &store, users), &text);
                tokio::task::spawn_blocking(load).await.map_err(|_| Error::Internal("loading a partition panicked"))?
            }
        };
        self.model.query(query.map_err(|ScopedError(error)| error)?).await
    }

    /// Whether a search is fast enough to run inline once its query is embedded: it compares few vectors, all in memory,
    /// and has no filter to apply to each candidate.
    pub fn is_quick(&self, request: &Search) -> bool {
        let compared = || {
            let scoped = Scoped::of(&self.partitions, &self.store, users(request).as_deref()).ok()?;
            scoped.vectors_in_memory()
        };
        request.query.len() <= QUICK_QUERY_BYTES
            && request.wanted() <= QUICK_HITS
            && !request.asks_each()
            && !request.reads_past()
            && compared().is_some_and(|vectors| vectors <= QUICK_VECTORS)
    }

    /// The best memories for a query embedded by [`Engine::embed_query`], best first.
    pub fn search(&self, request: &Search, vector: &[f32], control: &Control) -> Result<Vec<Hit>, Error> {
        let best = self.ranked(request, vector, control)?;
        if !request.reads_past() {
            self.reinforce_hits(best.iter().map(|(found, _)| Number(found.number)));
        }
        self.hits(request, vector, best, control)
    }

    /// A search that leaves no trace in the memories that it finds.
    pub(super) fn search_silently(
        &self,
        request: &Search,
        vector: &[f32],
        control: &Control,
    ) -> Result<Vec<Hit>, Error> {
        let best = self.ranked(request, vector, control)?;
        self.hits(request, vector, best, control)
    }

    fn ranked(
        &self,
        request: &Search,
        vector: &[f32],
        control: &Control,
    ) -> Result<Vec<(RankedMemory, Version)>, Error> {
        let reads_past = request.reads_past();
        // The index has the newest version of a memory, which may lack what an earlier one had.
        let candidates = self.candidates(request.filter.as_ref().filter(|_| !reads_past))?;
        let scoped = Scoped::of(&self.partitions, &self.store, users(request).as_deref())?;
        let texts = match reads_past {
            true => ScopedPast::of(&scoped, &self.past, &self.store)?,
            false => ScopedPast::without(&scoped),
        };
        let traits = ModelTraits {
            multilingual: self.model.embedding.is_multilingual(),
            spread: self.model.spread(),
            contrast: self.model.embedding.contrast(),
            echo: self.model.embedding.echo(),
        };
        let query = query(request, vector, traits, candidates.as_ref(), self.now());
        let find = |take| openmemory_index::search(&texts, &query, take).map_err(|ScopedError(error)| error);
        let mut best = Vec::new();
        for _ in 0..MAX_ATTEMPTS {
            let settled;
            (best, settled) = self.matching_best(request, control, &texts, find)?;
            if settled {
                break;
            }
        }
        let mut best = page(&texts, &query, best, request).map_err(|ScopedError(error)| error)?;
        for (found, _) in &mut best {
            found.number = texts.text(found.number).map_or(found.number, |text| text.memory().0);
        }
        Ok(best)
    }

    fn hits(
        &self,
        request: &Search,
        vector: &[f32],
        best: Vec<(RankedMemory, Version)>,
        control: &Control,
    ) -> Result<Vec<Hit>, Error> {
        best.into_iter()
            .filter_map(|(found, version)| {
                control.check().and_then(|()| self.hit(request, vector, &found, version)).transpose()
            })
            .collect()
    }

    /// The best matches, those that are compared with each other among them, and whether each is still in the state that
    /// the index compared. They have the numbers of their texts.
    fn matching_best(
        &self,
        request: &Search,
        control: &Control,
        texts: &ScopedPast<'_>,
        find: impl Fn(usize) -> Result<Vec<RankedMemory>, Error>,
    ) -> Result<(Vec<(RankedMemory, Version)>, bool), Error> {
        let filters = request.asks_each() || request.reads_past();
        let wanted = request.wanted().max(COMPARED);
        let mut take = match (request.asks_each(), request.reads_past()) {
            (true, _) => FIRST_FILTERED.max(4 * wanted),
            // A few are other texts of a memory that is found already.
            (false, true) => 2 * wanted,
            (false, false) => wanted,
        };
        let mut checked: HashMap<u64, Option<(Number, Version)>> = HashMap::new();
        loop {
            let candidates = find(take)?;
            let exhausted = candidates.len() < take;
            let (mut best, mut settled) = (Vec::with_capacity(request.limit), true);
            let below_min_score = |found: &RankedMemory| !found.may_score(request.min_score as f32);
            let all_seen = exhausted || candidates.last().is_some_and(below_min_score);
            let mut seen = HashSet::new();
            for found in candidates.into_iter().take_while(|found| !below_min_score(found)) {
                control.check()?;
                let version = match checked.get(&found.number) {
                    Some(known) => known.clone(),
                    None => {
                        let version = self.matching_version(&found, request, texts)?;
                        if filters {
                            checked.insert(found.number, version.clone());
                        }
                        version
                    }
                };
                // Several texts of a memory may be found; the best one is its hit.
                let first = version.filter(|(number, _)| !request.reads_past() || seen.insert(*number));
                let Some((_, version)) = first else {
                    // Without a filter, the memory was deleted or hidden meanwhile.
                    settled &= filters;
                    continue;
                };
                settled &= version.content == found.content
                    && SectorMask::of(version.sectors().as_slice()).meets(found.sectors);
                best.push((found, version));
                if best.len() == wanted {
                    return Ok((best, settled));
                }
            }
            if all_seen || !filters {
                return Ok((best, settled));
            }
            take *= 8;
        }
    }

    /// The version of a candidate; `None` if it is deleted, hidden or filtered out.
    fn matching_version(
        &self,
        found: &RankedMemory,
        request: &Search,
        texts: &ScopedPast<'_>,
    ) -> Result<Option<(Number, Version)>, Error> {
        let Some(text) = texts.text(found.number) else { return Ok(None) };
        let number = text.memory();
        let Some(head) = self.store.head(number)? else { return Ok(None) };
        let (version, shown) = match text {
            FoundText::Replaced(_) if request.point.is_now() => {
                // It was asked for although it is not true any longer.
                let shown = Shown { retired: true, ..request.shown };
                (self.version_with_text(number, head, found.content)?, shown)
            }
            _ => (self.version_in(number, head, &request.point)?, request.shown),
        };
        let is_found = |version: &Version| !request.reads_past() || version.content == found.content;
        let Some(version) = version.filter(is_found) else { return Ok(None) };
        if request.point.hides(&version, shown, self.now()) {
            return Ok(None);
        }
        Ok(self.matches(number, &version, request.filter.as_ref())?.then_some((number, version)))
    }

    /// Reads the memory of a hit; `None` if it was deleted meanwhile.
    fn hit(
        &self,
        request: &Search,
        vector: &[f32],
        found: &RankedMemory,
        version: Version,
    ) -> Result<Option<Hit>, Error> {
        let number = Number(found.number);
        // Text and vectors are immutable under their content hash, so they belong to this version.
        let (content, similarity) = match self.hit_cache.read(&self.store, number, &version)? {
            Some(cached) => {
                let similarity = similarity(&cached.embedding, &version.sectors(), request, vector);
                (cached.content.clone(), similarity)
            }
            None if self.store.head(number)?.is_some_and(|head| head.content == version.content) => {
                return Err(Error::Internal("a memory without its text or vectors"));
            }
            // A replaced text may lack vectors, and is found by those of the newest one.
            None if request.reads_past() => {
                let Some(content) = self.store.content(number, version.content)? else { return Ok(None) };
                let Some(newest) = self.store.indexed_text(number, &version.scope)? else { return Ok(None) };
                let newest: &Embedding = &newest.embedding;
                (
                    content,
                    similarity(newest, &newest.classified().unwrap_or_else(|| version.sectors()), request, vector),
                )
            }
            None => return Ok(None),
        };
        let (standing, before) = self.past_of(number, &version, request)?;
        let Some(memory) = self.memory_with(number, version, content)? else { return Ok(None) };
        let by = found.by.map(|number| self.store.head(Number(number))).transpose()?.flatten();
        let path = by.iter().map(|head| &head.id).chain([&memory.version.id]).map(MemoryId::to_string).collect();
        let feature = |(name, value, weight)| ScoreFeature { name, value, weight };
        let explain = request.explain.then(|| found.features.all().map(feature).collect());
        Ok(Some(Hit { score: found.features.score(), similarity, path, explain, standing, before, memory }))
    }

    /// What a hit says about the other versions of its memory, as far as the request asks.
    fn past_of(
        &self,
        number: Number,
        version: &Version,
        request: &Search,
    ) -> Result<(Option<Standing>, Option<Vec<EarlierText>>), Error> {
        if !request.reads_past() && request.history == 0 {
            return Ok((None, None));
        }
        let Some(head) = self.store.head(number)? else { return Ok((None, None)) };
        let as_of = request.point.as_of;
        let before = match request.history {
            0 => None,
            limit => Some(self.texts_before(number, head.clone(), version, as_of, limit)?),
        };
        let standing = match request.reads_past() {
            false => None,
            true if head.number == version.number => Some(Standing::Current),
            true => {
                let Some(content) = self.store.content(number, head.content)? else { return Ok((None, before)) };
                let newest = head.number;
                let until = self.until(number, head, version.number, as_of)?;
                Some(Standing::Replaced { until, version: newest, content })
            }
        };
        Ok((standing, before))
    }

    /// The candidates to which a filter confines a search, if they are known without reading each memory.
    fn candidates<'a>(&self, filter: Option<&'a Filter>) -> Result<Option<CandidateSet<'a>>, Error> {
        let Some(filter) = filter else { return Ok(None) };
        if let Some(ids) = filter.required(&Field::MemoryIds) {
            let mut numbers = Vec::with_capacity(ids.len());
            for id in ids.into_iter().flatten().filter_map(|id| MemoryId::read("memory_ids", id).ok()) {
                numbers.extend(self.store.number(&id)?.map(|number| number.0));
            }
            return Ok(Some(CandidateSet::Numbers(numbers)));
        }
        let run = || list::only_value(filter, &Field::RunId).map(CandidateSet::Run);
        if let Some(set) = run().or_else(|| list::only_value(filter, &Field::Tags).map(CandidateSet::Tag)) {
            return Ok(Some(set));
        }
        for (name, field) in [("agent_id", Field::AgentId), ("app_id", Field::AppId)] {
            if let Some(value) = list::only_value(filter, &field)
                && let Some(numbers) = self.few_of(name, value)?
            {
                return Ok(Some(CandidateSet::Numbers(numbers)));
            }
        }
        Ok(None)
    }

    /// The memories of an agent or app, unless there are more than [`MAX_LOOKED_UP_FIRST`].
    fn few_of(&self, field: &'static str, value: &str) -> Result<Option<Vec<u64>>, Error> {
        let range = storage::ScanRange::Scope { field, value: value.to_owned() };
        let order = Order { by: TimeField::Created, newest_first: false };
        let numbers = self.store.by_time(&range, order, None).take(MAX_LOOKED_UP_FIRST + 1);
        let numbers = numbers.map(|number| number.map(|number| number.0)).collect::<Result<Vec<_>, _>>()?;
        Ok((numbers.len() <= MAX_LOOKED_UP_FIRST).then_some(numbers))
    }
}

/// The users that a request's filter names; `None` means all.
fn users(request: &Search) -> Option<Vec<Option<&str>>> {
    request.filter.as_ref().and_then(|filter| filter.required(&Field::UserId))
}

fn similarity(embedding: &Embedding, sectors: &Sectors, request: &Search, query: &[f32]) -> f32 {
    let counts =
        |named: &[Sector]| request.sectors.is_empty() || named.iter().any(|sector| request.sectors.contains(sector));
    let roles = embedding.roles(sectors).into_iter().filter(|(_, named, _)| counts(named));
    roles.map(|(vector, ..)| vector.dot(query)).fold(f32::MIN, f32::max)
}
