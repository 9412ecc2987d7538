//! Which data of a memory does the index need?

use openmemory_domain::{Embedding, Memory, Sector, Sectors};
use openmemory_index::{Entry, SectorMask};
use openmemory_rules::Number;

pub(super) fn entry<'a>(number: Number, memory: &'a Memory, embedding: &'a Embedding) -> Entry<'a> {
    let version = &memory.version;
    Entry {
        number: number.0,
        user: version.scope.user_id.as_deref(),
        run: version.scope.run_id.as_deref(),
        content: version.content,
        text: &memory.content,
        tags: version.tags.as_slice(),
        created_at: version.created_at,
        expires_at: version.expires_at,
        dynamics: &memory.dynamics,
        vectors: roles(&version.sectors(), embedding),
    }
}

/// Each vector of a memory with the sectors that it stands for, and whether it is of a passage.
fn roles<'a>(sectors: &Sectors, embedding: &'a Embedding) -> Vec<(&'a [f32], SectorMask)> {
    let role = |(vector, sectors, passage): (&'a [f32], Vec<Sector>, bool)| {
        let mask = SectorMask::of(&sectors);
        (vector, if passage { mask.union(SectorMask::PASSAGE) } else { mask })
    };
    embedding.roles(sectors).into_iter().map(role).collect()
}
