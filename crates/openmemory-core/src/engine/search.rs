//! Which memories answer a question? Candidates by the index, exact scores by the stored vectors.

use std::collections::HashMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::error::Error;
use super::open::Engine;
use crate::domain::filter::Field;
use crate::domain::request::Search;
use crate::domain::{Embedding, Memory, Sectors, Version};
use crate::index::{Query, Scope, SectorMask};
use crate::storage::{Number, Records};

/// A memory that answers, and how well.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub memory: Memory,
    /// 0 to 1, comparable between queries.
    pub score: f32,
    /// The highest cosine of the query and one of the memory's vectors, −1 to 1.
    pub similarity: f32,
    /// The memories by which this one was reached, itself last.
    pub path: Vec<String>,
    pub explain: bool,
}

impl Engine {
    /// The query as a vector of the store's model. The index is ready afterwards.
    pub async fn embed_query(&self, query: String) -> Result<Vec<f32>, Error> {
        self.fitting_model().await?;
        let vector = self.model.pool.query(&self.model.embedder, query.into()).await?;
        self.vectors.ready().await?;
        Ok(vector)
    }

    /// The `k` best memories for a query embedded by [`Engine::embed_query`], best first.
    pub fn search(&self, request: &Search, vector: &[f32]) -> Result<Vec<Hit>, Error> {
        let users = request.filter.as_ref().and_then(|filter| filter.required(&Field::UserId));
        let scope = users.as_deref().map_or(Scope::All, Scope::Users);
        let masks = request.sectors.iter().filter_map(|sector| SectorMask::sector(sector.index()));
        let query = Query { scope, vector, mask: masks.reduce(SectorMask::union) };
        let Some(ranked) = self.vectors.ranked(&query)? else { return Ok(Vec::new()) };
        let mut found = HashMap::new();
        let best = ranked.best(request.k, request.min_score as f32, |number| -> Result<Option<f32>, Error> {
            let scored = self.score(Number(number), request, vector)?;
            Ok(scored.map(|(version, similarity)| {
                found.insert(number, version);
                similarity
            }))
        })?;
        let mut hits = Vec::with_capacity(best.len());
        for best in best {
            let Some(version) = found.remove(&best.memory) else { continue };
            // Only the best are read whole; one that was deleted meanwhile is left out.
            if let Some(memory) = self.memory(Number(best.memory), version)? {
                let path = vec![memory.version.id.to_string()];
                let score = best.score.clamp(0.0, 1.0);
                hits.push(Hit { memory, score, similarity: best.score, path, explain: request.explain });
            }
        }
        Ok(hits)
    }

    /// A memory's newest version and its exact similarity; none where it is gone, hidden or filtered out.
    fn score(&self, number: Number, request: &Search, query: &[f32]) -> Result<Option<(Version, f32)>, Error> {
        let Some(head) = self.store.head(number)? else { return Ok(None) };
        if !request.show_expired && head.expired(self.now()) {
            return Ok(None);
        }
        let sectors = head.sectors();
        if !request.sectors.is_empty() && !request.sectors.iter().any(|wanted| sectors.as_slice().contains(wanted)) {
            return Ok(None);
        }
        // Text and vectors are rows that never change under their names, so they are those of this head.
        let Some(embedding) = self.store.embedding(number, head.content)? else { return Ok(None) };
        let similarity = similarity(&embedding, &sectors, request, query);
        if similarity.clamp(0.0, 1.0) < request.min_score as f32 {
            return Ok(None);
        }
        Ok(self.matches(number, &head, request.filter.as_ref())?.then_some((head, similarity)))
    }
}

fn similarity(embedding: &Embedding, sectors: &Sectors, request: &Search, query: &[f32]) -> f32 {
    let counts = |named: &[crate::domain::Sector]| {
        request.sectors.is_empty() || named.iter().any(|sector| request.sectors.contains(sector))
    };
    let roles = embedding.roles(sectors).into_iter().filter(|(_, named, _)| counts(named));
    let cosines = roles.map(|(vector, ..)| vector.iter().zip(query).map(|(a, b)| a * b).sum());
    cosines.fold(f32::MIN, f32::max)
}

impl Serialize for Hit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.memory.serialize_fields(&mut map)?;
        map.serialize_entry("score", &self.score)?;
        map.serialize_entry("similarity", &self.similarity)?;
        map.serialize_entry("path", &self.path)?;
        if self.explain {
            map.serialize_entry("explain", &serde_json::json!({ "dense": self.similarity }))?;
        }
        map.end()
    }
}
