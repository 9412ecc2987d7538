//! Which texts of all times answer a query? Current and replaced ones are ranked together, and each that is found is
//! compared with the versions of its memory.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use openmemory_calls::past_texts::PastTexts;
use openmemory_calls::query::query;
use openmemory_calls::timeline;
use openmemory_domain::request::Search;
use openmemory_domain::{Embedding, MemoryId, Shown, Version};
use openmemory_index::{COMPARED, Partition, Query, RankedMemory, SectorMask, page};
use openmemory_rules::contract::{Control, EarlierText, Hit, QueryVector, ScoreFeature, Standing};
use openmemory_rules::write::current::memory;
use openmemory_rules::{Error, Number, Rows};

use crate::partitions::{Hot, InScope, ScopedError};
use crate::past::HotPast;
use crate::scope_key::ScopeKey;
use crate::search::similarity;
use crate::store::Tenant;
use crate::workspace::Workspace;

/// Candidates in the first round of a filtered search. Each further round takes eight times as many.
const FIRST_FILTERED: usize = 64;
/// Maximum number of attempts of a search whose results are changed by concurrent commits.
const MAX_ATTEMPTS: usize = 10;

/// What a number that a search has found stands for.
#[derive(Debug, Clone, Copy)]
enum FoundText {
    Current(Number),
    Replaced(Number),
}

impl FoundText {
    fn memory(self) -> Number {
        match self {
            Self::Current(number) | Self::Replaced(number) => number,
        }
    }
}

/// The partitions of some scopes, and those of their replaced texts.
struct AllTexts {
    current: Vec<Arc<Hot>>,
    past: Vec<Arc<HotPast>>,
}

impl AllTexts {
    /// What was found with its scope, unless a commit has removed it meanwhile.
    fn text(&self, found: u64) -> Option<(ScopeKey, FoundText)> {
        if PastTexts::is_past(found) {
            let memory = self.past.iter().find_map(|past| past.memory(found));
            return memory.map(|(scope, number)| (scope, FoundText::Replaced(number)));
        }
        let holds = |hot: &&Arc<Hot>| hot.with(|partition| partition.contains(found)).unwrap_or(false);
        self.current.iter().find(holds).map(|hot| (hot.scope, FoundText::Current(Number(found))))
    }
}

impl openmemory_index::Partitions for AllTexts {
    type Error = ScopedError;

    fn each(&self, visit: &mut dyn FnMut(&Partition)) -> Result<(), ScopedError> {
        InScope(&self.current, None).each(visit)?;
        for past in &self.past {
            if let Some(texts) = past.texts() {
                visit(texts.partition());
            }
        }
        Ok(())
    }
}

impl Tenant {
    /// A search that reads the past. It reinforces nothing.
    pub(crate) async fn search_past(
        self: &Arc<Self>,
        request: Search,
        vector: QueryVector,
        control: Arc<Control>,
    ) -> Result<Vec<Hit>, Error> {
        if !self.has_model().await? {
            return Ok(Vec::new());
        }
        let identity = self.model.identity().await?.clone();
        let tenant = Arc::clone(self);
        self.read(Vec::new(), move |outer| {
            let (session, now) = (outer.session(), outer.now());
            let scopes = tenant.scopes(&request);
            for attempt in 1.. {
                let current = tenant.current(session, scopes.as_deref(), identity.dimensions, identity.tag())?;
                let at = |hot: &Arc<Hot>| {
                    let (name, dimensions, tag) = (&tenant.name, identity.dimensions, identity.tag());
                    tenant.past.at(session, name, hot.scope, hot.clock(), dimensions, tag)
                };
                let past = current.iter().map(at).collect::<Result<_, _>>()?;
                let texts = AllTexts { current, past };
                let query = query(&request, &vector, tenant.model.traits(), None, now);
                // Rows of this attempt only, so that another one sees what has changed.
                let rows = Workspace::reading(session, &tenant.name, now, &[]);
                let (best, settled) = matching_best(&rows, &request, &control, &texts, &query)?;
                if !settled && attempt < MAX_ATTEMPTS {
                    continue;
                }
                let best = page(&texts, &query, best, &request)?;
                let hit = |(mut found, version): (RankedMemory, Version)| {
                    found.number = texts.text(found.number).map_or(found.number, |(_, text)| text.memory().0);
                    control.check().and_then(|()| hit(&rows, &request, &vector, &found, version)).transpose()
                };
                return best.into_iter().filter_map(hit).collect();
            }
            Ok(Vec::new())
        })
        .await
    }
}

/// The best matches, and whether each is still in the state that the index compared.
fn matching_best(
    rows: &Workspace<'_>,
    request: &Search,
    control: &Control,
    texts: &AllTexts,
    query: &Query<'_>,
) -> Result<(Vec<(RankedMemory, Version)>, bool), Error> {
    // A few are other texts of a memory that is found already.
    let wanted = request.wanted().max(COMPARED);
    let mut take = if request.asks_each() { FIRST_FILTERED.max(4 * wanted) } else { 2 * wanted };
    let mut read: HashSet<Number> = HashSet::new();
    loop {
        let ranked = openmemory_index::search(texts, query, take)?;
        let exhausted = ranked.len() < take;
        let below_min_score = |found: &RankedMemory| !found.may_score(request.min_score as f32);
        let all_seen = exhausted || ranked.last().is_some_and(below_min_score);
        let (mut found, mut unread) = (Vec::new(), HashMap::<ScopeKey, Vec<i64>>::new());
        for ranked in ranked.into_iter().take_while(|ranked| !below_min_score(ranked)) {
            let Some((scope, text)) = texts.text(ranked.number) else { continue };
            if read.insert(text.memory()) {
                unread.entry(scope).or_default().push(text.memory().0 as i64);
            }
            found.push((ranked, text));
        }
        for (scope, numbers) in &unread {
            control.check()?;
            rows.know_past(*scope, numbers)?;
        }
        let (mut best, mut settled) = (Vec::with_capacity(request.limit), true);
        let mut seen = HashSet::new();
        for (found, text) in found {
            control.check()?;
            let number = text.memory();
            // Several texts of a memory may be found; the best one is its hit.
            let Some(version) = matching_version(rows, &found, request, text)?.filter(|_| seen.insert(number)) else {
                continue;
            };
            settled &= SectorMask::of(version.sectors().as_slice()).meets(found.sectors);
            best.push((found, version));
            if best.len() == wanted {
                return Ok((best, settled));
            }
        }
        if all_seen {
            return Ok((best, settled));
        }
        take *= 8;
    }
}

/// The version of a candidate; `None` if it is deleted, hidden or filtered out.
fn matching_version(
    rows: &Workspace<'_>,
    found: &RankedMemory,
    request: &Search,
    text: FoundText,
) -> Result<Option<Version>, Error> {
    let number = text.memory();
    let Some(head) = rows.head(number)? else { return Ok(None) };
    let (version, shown) = match text {
        FoundText::Replaced(_) if request.point.is_now() => {
            // It was asked for although it is not true any longer.
            let shown = Shown { retired: true, ..request.shown };
            (timeline::version_with_text(rows.known_versions(number, head, None)?, found.content)?, shown)
        }
        _ => (rows.version_in(number, head, &request.point)?, request.shown),
    };
    let Some(version) = version.filter(|version| version.content == found.content) else { return Ok(None) };
    if request.point.hides(&version, shown, rows.now()) {
        return Ok(None);
    }
    Ok(rows.matches(number, &version, request.filter.as_ref())?.then_some(version))
}

/// The memory of a hit; `None` if it was deleted meanwhile.
fn hit(
    rows: &Workspace<'_>,
    request: &Search,
    vector: &[f32],
    found: &RankedMemory,
    version: Version,
) -> Result<Option<Hit>, Error> {
    let number = Number(found.number);
    let similarity = match rows.embedding(number, &version.scope, version.content)? {
        Some(embedding) => similarity(&embedding, &version.sectors(), request, vector),
        // A replaced text may lack vectors, and is found by those of the newest one.
        None => {
            let Some(newest) = rows.indexed_text(number, &version.scope)? else { return Ok(None) };
            let newest: &Embedding = &newest.embedding;
            similarity(newest, &newest.classified().unwrap_or_else(|| version.sectors()), request, vector)
        }
    };
    let (standing, before) = past_of(rows, number, &version, request)?;
    let scope = rows.scope(number);
    let memory = memory(rows, number, version, rows.now())?;
    let by = match found.by.zip(scope) {
        Some((by, scope)) => {
            rows.know_scope(Number(by), scope);
            rows.head(Number(by))?
        }
        None => None,
    };
    let path = by.iter().map(|head| &head.id).chain([&memory.version.id]).map(MemoryId::to_string).collect();
    let feature = |(name, value, weight)| ScoreFeature { name, value, weight };
    let explain = request.explain.then(|| found.features.all().map(feature).collect());
    Ok(Some(Hit { score: found.features.score(), similarity, path, explain, standing, before, memory }))
}

/// What a hit says about the other versions of its memory.
fn past_of(
    rows: &Workspace<'_>,
    number: Number,
    version: &Version,
    request: &Search,
) -> Result<(Option<Standing>, Option<Vec<EarlierText>>), Error> {
    let Some(head) = rows.head(number)? else { return Ok((None, None)) };
    let known = |head| rows.known_versions(number, head, request.point.as_of);
    let before = match request.history {
        0 => None,
        limit => {
            let content = |hash| rows.content(number, hash);
            Some(timeline::texts_before(known(head.clone())?, version, limit, content)?)
        }
    };
    if head.number == version.number {
        return Ok((Some(Standing::Current), before));
    }
    let Some(content) = rows.content(number, head.content)? else { return Ok((None, before)) };
    let newest = head.number;
    let until = timeline::until(known(head)?, version.number)?;
    Ok((Some(Standing::Replaced { until, version: newest, content }), before))
}
