//! Would one answer change too much? Then its changes wait for a person; what it adds does not.

use crate::proposal::Proposal;

/// So many changes are never too much.
const ALWAYS: usize = 3;
/// Nor is this share of the shown memories.
const SHARE: usize = 4;

/// Whether the changes among `proposals` have to wait.
pub fn exceeded<'a>(shown: usize, proposals: impl Iterator<Item = &'a Proposal>) -> bool {
    // A merge changes all memories that it names.
    let changed: usize =
        proposals.filter(|proposal| proposal.changes_memories()).map(|each| each.memories().count()).sum();
    changed > ALWAYS.max(shown / SHARE)
}
