//! What does the index keep of a memory's rows?

use openmemory_domain::{Dynamics, Embedding, Sector, Sectors, Vector};
use openmemory_index::{Entry, Partition, SectorMask, Tags, Terms};
use openmemory_rules::{Error, IndexedText, Labels, Number};

/// The vectors of a memory in `sectors`, each with what it represents.
pub fn vectors<'e>(embedding: &'e Embedding, sectors: &Sectors) -> Vec<(&'e Vector, SectorMask)> {
    let role = |(vector, sectors, passage): (_, Vec<Sector>, bool)| {
        let mask = SectorMask::of(&sectors);
        (vector, if passage { mask.union(SectorMask::PASSAGE) } else { mask })
    };
    embedding.roles(sectors).into_iter().map(role).collect()
}

/// Indexes a memory.
pub fn put(
    partition: &mut Partition,
    number: Number,
    labels: &Labels,
    tags: Tags,
    dynamics: &Dynamics,
    text: &IndexedText,
) -> Result<(), Error> {
    let terms = Terms::decode(text.words.as_bytes()).map_err(|_| Error::Internal("terms of another version"))?;
    let entry = Entry {
        number: number.0,
        run: labels.run.as_deref(),
        content: text.content,
        terms: &terms,
        tags,
        created_at: labels.created_at,
        expires_at: labels.expires_at,
        validity: labels.validity,
        dynamics,
        vectors: vectors(&text.embedding, &labels.sectors),
    };
    partition.put(&entry).map_err(|_| Error::Internal("a vector of another model's dimensions"))
}
