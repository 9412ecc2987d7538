//! Which memories may the messages concern? The store's own search finds them, once for each turn.

use std::collections::HashMap;

use openmemory_domain::filter::{self, Filter};
use openmemory_domain::limits::QUERY_CHARACTERS;
use openmemory_domain::request::Search;
use openmemory_domain::valid_time::PointInTime;
use openmemory_domain::{Retired, Scope, Shown, Timestamp};
use openmemory_learning::{Candidate, Candidates, Neighbour, Part, RawOperation, Standing};
use openmemory_rules::Error;
use openmemory_rules::contract::Hit;
use serde_json::{Map, Value, json};

use super::store::LearningStore;

/// Hits of a turn that are looked at.
const HITS: usize = 10;
/// Turns that are searched for: the last ones of a part, which often say what the others meant.
const TURNS: usize = 32;
/// Memories that are compared with a proposed text.
const NEIGHBOURS: usize = 5;
/// In the metadata of memories that are messages themselves.
pub(super) const MESSAGE_ID: &str = "message_id";

/// What a call may see and change.
pub(super) struct Reach {
    scope: Filter,
    /// Further restrictions on what may be changed.
    changeable: Option<Filter>,
}

impl Reach {
    /// The memories of the same user, and of the same agent and app where the call names them. Runs of a user share what
    /// is known about the user; without user, agent and app a run is on its own.
    pub fn of(scope: &Scope, changeable: Option<Filter>) -> Result<Self, Error> {
        let mut fields = Map::new();
        fields.insert("user_id".into(), json!(scope.user_id));
        for (name, value) in [("agent_id", &scope.agent_id), ("app_id", &scope.app_id)] {
            if let Some(value) = value {
                fields.insert(name.into(), json!({ "eq": value }));
            }
        }
        if scope.user_id.is_none() && scope.agent_id.is_none() && scope.app_id.is_none() {
            fields.insert("run_id".into(), json!(scope.run_id));
        }
        Ok(Self { scope: filter::parse(&Value::Object(fields))?, changeable })
    }

    fn candidate(&self, hit: &Hit, now: Timestamp) -> Option<Candidate> {
        let version = &hit.memory.version;
        if version.metadata.field(MESSAGE_ID).is_some() {
            return None;
        }
        let validity = &version.validity;
        let standing = match validity.retired {
            Some(Retired::Wrong) => Standing::Wrong { since: version.updated_at },
            _ if validity.is_over(now) => Standing::Ended,
            _ => Standing::Current,
        };
        let is_changeable = |filter: &Filter| filter.matches(version, &hit.memory.content);
        Some(Candidate {
            id: version.id.clone(),
            version: version.number,
            content: hit.memory.content.clone(),
            since: validity.from,
            until: validity.to,
            said: version.created_at,
            standing,
            immutable: version.immutable,
            protected: !self.changeable.as_ref().is_none_or(is_changeable),
        })
    }
}

/// The memories that a part is shown with: in turns from each search, best first.
pub(super) async fn candidates_for(
    store: &impl LearningStore,
    part: &Part,
    reach: &Reach,
) -> Result<Candidates, Error> {
    let mut found = Vec::new();
    for turn in part.turns.iter().rev().take(TURNS) {
        found.push(near(store, &turn.text, HITS, reach).await?.into_iter());
    }
    found.reverse();
    let (mut mixed, now) = (Vec::new(), store.now());
    for _ in 0..HITS {
        mixed.extend(found.iter_mut().filter_map(|hits| hits.next()).filter_map(|hit| reach.candidate(&hit, now)));
    }
    Ok(Candidates::choose(mixed))
}

/// The memories that may say what a proposed text says.
pub(super) async fn neighbours_of(
    store: &impl LearningStore,
    answer: &[RawOperation],
    reach: &Reach,
) -> Result<HashMap<String, Vec<Neighbour>>, Error> {
    let (mut neighbours, now) = (HashMap::new(), store.now());
    for text in answer.iter().filter_map(|raw| raw.text.as_deref()).map(str::trim) {
        if text.is_empty() || neighbours.contains_key(text) {
            continue;
        }
        let near = near(store, text, NEIGHBOURS, reach)
            .await?
            .into_iter()
            .filter_map(|hit| Some(Neighbour { memory: reach.candidate(&hit, now)?, similarity: hit.similarity }));
        neighbours.insert(text.to_owned(), near.collect());
    }
    Ok(neighbours)
}

/// The memories nearest to a text, with those that were retired.
async fn near(store: &impl LearningStore, text: &str, limit: usize, reach: &Reach) -> Result<Vec<Hit>, Error> {
    let query: String = text.chars().take(QUERY_CHARACTERS).collect();
    if query.trim().is_empty() {
        return Ok(Vec::new());
    }
    let search = Search {
        query,
        vector: None,
        limit,
        offset: 0,
        filter: Some(reach.scope.clone()),
        sectors: Vec::new(),
        min_score: 0.0,
        explain: false,
        shown: Shown { expired: false, retired: true },
        point: PointInTime::default(),
        reference_time: None,
        history: 0,
        include_history: false,
    };
    store.search_silently(search).await
}
