//! What are the vectors of a text? One for the whole text, one for each passage, and one for each of its sectors.

use serde::{Deserialize, Serialize};

use super::{Sector, Sectors, Vector};

/// The model that made a vector: its id and its number of dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelIdentity {
    pub id: String,
    pub dimensions: usize,
}

impl ModelIdentity {
    /// Eight bytes that distinguish the vectors of one model from those of another.
    pub fn tag(&self) -> ModelTag {
        let mut tag = [0; 8];
        tag.copy_from_slice(&blake3::hash(format!("{}\0{}", self.id, self.dimensions).as_bytes()).as_bytes()[..8]);
        ModelTag(tag)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelTag([u8; 8]);

/// The vectors of one text by one model, all of length 1. Equal vectors are stored once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedding {
    pub model: ModelTag,
    vectors: Vec<Vector>,
    whole: u32,
    passages: Vec<u32>,
    sectors: Vec<(Sector, u32)>,
}

impl Embedding {
    /// `sectors` has at least one entry, the primary sector first.
    pub fn new(model: ModelTag, whole: Vec<f32>, passages: Vec<Vec<f32>>, sectors: Vec<(Sector, Vec<f32>)>) -> Self {
        let mut embedding = Self { model, vectors: vec![], whole: 0, passages: vec![], sectors: vec![] };
        embedding.whole = embedding.intern(whole);
        embedding.passages = passages.into_iter().map(|vector| embedding.intern(vector)).collect();
        embedding.sectors = sectors.into_iter().map(|(sector, vector)| (sector, embedding.intern(vector))).collect();
        embedding
    }

    /// The fields as they are stored; see [`Embedding::is_whole`].
    pub fn from_parts(
        model: ModelTag,
        vectors: Vec<Vector>,
        whole: u32,
        passages: Vec<u32>,
        sectors: Vec<(Sector, u32)>,
    ) -> Self {
        Self { model, vectors, whole, passages, sectors }
    }

    fn intern(&mut self, vector: Vec<f32>) -> u32 {
        let vector = Vector::new(&vector);
        let known = self.vectors.iter().position(|kept| *kept == vector);
        known.unwrap_or_else(|| {
            self.vectors.push(vector);
            self.vectors.len() - 1
        }) as u32
    }

    /// The sectors that the model assigns to the text.
    pub fn classified(&self) -> Option<Sectors> {
        let primary = self.sectors.first()?.0;
        Some(Sectors::new(primary, self.sectors.iter().map(|(sector, _)| *sector)))
    }

    /// The vector for `sector`: its own if the model assigned the sector, otherwise that of the whole text (a pinned
    /// sector).
    pub fn sector(&self, sector: Sector) -> &Vector {
        let own = self.sectors.iter().find(|(known, _)| *known == sector);
        &self.vectors[own.map_or(self.whole, |(_, vector)| *vector) as usize]
    }

    /// The mean of the passages, weighted by length.
    pub fn whole(&self) -> &Vector {
        &self.vectors[self.whole as usize]
    }

    /// Approximate bytes in memory.
    pub fn bytes(&self) -> usize {
        let references = self.passages.len() * size_of::<u32>() + self.sectors.len() * size_of::<(Sector, u32)>();
        let vectors: usize = self.vectors.iter().map(Vector::bytes).sum();
        size_of::<Self>() + references + vectors
    }

    /// The distinct vectors of a memory in `sectors`, each with the sectors it represents and whether it is a passage.
    pub fn roles(&self, sectors: &Sectors) -> Vec<(&Vector, Vec<Sector>, bool)> {
        let mut roles: Vec<(u32, Vec<Sector>, bool)> = self.passages.iter().map(|p| (*p, vec![], true)).collect();
        for sector in sectors.as_slice() {
            let own = self.sectors.iter().find(|(known, _)| known == sector);
            let vector = own.map_or(self.whole, |(_, vector)| *vector);
            match roles.iter_mut().find(|(known, ..)| *known == vector) {
                Some((_, named, _)) => named.push(*sector),
                None => roles.push((vector, vec![*sector], false)),
            }
        }
        roles.into_iter().map(|(v, sectors, passage)| (&self.vectors[v as usize], sectors, passage)).collect()
    }

    /// Whether every reference points to a vector and all vectors have the same dimensions; false for a damaged record.
    pub fn is_whole(&self) -> bool {
        let count = self.vectors.len() as u32;
        let dimensions = self.vectors.first().map_or(0, Vector::dimensions);
        dimensions > 0
            && !self.sectors.is_empty()
            && !self.passages.is_empty()
            && self.vectors.iter().all(|vector| vector.dimensions() == dimensions)
            && self.passages.iter().chain(self.sectors.iter().map(|(_, v)| v)).chain([&self.whole]).all(|v| *v < count)
    }
}
