//! What does a text mean to a model? The vectors of one text: the whole, its passages, and one for each of its sectors.

use serde::{Deserialize, Serialize};

use super::{Sector, Sectors};

/// Which model made a vector: its id and how many numbers a vector has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelIdentity {
    pub id: String,
    pub dimensions: usize,
}

impl ModelIdentity {
    /// Eight bytes that tell the vectors of one model from those of another.
    pub fn tag(&self) -> ModelTag {
        let mut tag = [0; 8];
        tag.copy_from_slice(&blake3::hash(format!("{}\0{}", self.id, self.dimensions).as_bytes()).as_bytes()[..8]);
        ModelTag(tag)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelTag([u8; 8]);

/// The vectors of one text by one model; equal ones are kept once, and all have length 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedding {
    pub model: ModelTag,
    vectors: Vec<Vec<f32>>,
    whole: u32,
    passages: Vec<u32>,
    sectors: Vec<(Sector, u32)>,
}

impl Embedding {
    /// `sectors` come primary first, and there is at least one.
    pub fn new(model: ModelTag, whole: Vec<f32>, passages: Vec<Vec<f32>>, sectors: Vec<(Sector, Vec<f32>)>) -> Self {
        let mut embedding = Self { model, vectors: vec![], whole: 0, passages: vec![], sectors: vec![] };
        embedding.whole = embedding.keep(whole);
        embedding.passages = passages.into_iter().map(|vector| embedding.keep(vector)).collect();
        embedding.sectors = sectors.into_iter().map(|(sector, vector)| (sector, embedding.keep(vector))).collect();
        embedding
    }

    fn keep(&mut self, vector: Vec<f32>) -> u32 {
        let known = self.vectors.iter().position(|kept| *kept == vector);
        known.unwrap_or_else(|| {
            self.vectors.push(vector);
            self.vectors.len() - 1
        }) as u32
    }

    /// The sectors that the text means.
    pub fn classified(&self) -> Option<Sectors> {
        let primary = self.sectors.first()?.0;
        Some(Sectors::new(primary, self.sectors.iter().map(|(sector, _)| *sector)))
    }

    /// The vector that stands for `sector`: the text's own for a sector that it means, the whole text's otherwise
    /// (a pinned sector).
    pub fn sector(&self, sector: Sector) -> &[f32] {
        let own = self.sectors.iter().find(|(known, _)| *known == sector);
        &self.vectors[own.map_or(self.whole, |(_, vector)| *vector) as usize]
    }

    /// The mean of the passages, weighted by their lengths.
    pub fn whole(&self) -> &[f32] {
        &self.vectors[self.whole as usize]
    }

    /// Bytes in memory, roughly.
    pub fn bytes(&self) -> usize {
        let references = self.passages.len() * size_of::<u32>() + self.sectors.len() * size_of::<(Sector, u32)>();
        let vectors: usize =
            self.vectors.iter().map(|vector| size_of::<Vec<f32>>() + size_of_val(vector.as_slice())).sum();
        size_of::<Self>() + references + vectors
    }

    /// Each different vector that counts for a memory of `sectors`, with the sectors it stands for and whether it is
    /// a passage.
    pub fn roles(&self, sectors: &Sectors) -> Vec<(&[f32], Vec<Sector>, bool)> {
        let mut roles: Vec<(u32, Vec<Sector>, bool)> = self.passages.iter().map(|p| (*p, vec![], true)).collect();
        for sector in sectors.as_slice() {
            let own = self.sectors.iter().find(|(known, _)| known == sector);
            let vector = own.map_or(self.whole, |(_, vector)| *vector);
            match roles.iter_mut().find(|(known, ..)| *known == vector) {
                Some((_, named, _)) => named.push(*sector),
                None => roles.push((vector, vec![*sector], false)),
            }
        }
        roles.into_iter().map(|(v, sectors, passage)| (self.vectors[v as usize].as_slice(), sectors, passage)).collect()
    }

    /// Whether every reference points at a vector of `dimensions` numbers; false for a damaged record.
    pub fn is_whole(&self) -> bool {
        let count = self.vectors.len() as u32;
        let dimensions = self.vectors.first().map_or(0, Vec::len);
        dimensions > 0
            && !self.sectors.is_empty()
            && !self.passages.is_empty()
            && self.vectors.iter().all(|vector| vector.len() == dimensions)
            && self.passages.iter().chain(self.sectors.iter().map(|(_, v)| v)).chain([&self.whole]).all(|v| *v < count)
    }
}

/// The dot product; of vectors of length 1 it is their cosine.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    /// Sums that do not wait for each other.
    const SUMS: usize = 16;
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<SUMS>(), b.as_chunks::<SUMS>());
    let mut sums = [0.0; SUMS];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::dot;

    #[test]
    fn a_dot_product_counts_every_dimension_once() {
        for dimensions in [1, 15, 16, 17, 384] {
            let a: Vec<f32> = (1..=dimensions).map(|n| n as f32).collect();
            for place in 0..dimensions as usize {
                let mut b = vec![0.0; a.len()];
                b[place] = 2.0;
                assert_eq!(dot(&a, &b), 2.0 * a[place], "{place} of {dimensions}");
            }
        }
    }
}
