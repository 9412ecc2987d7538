//! How are pieces that were embedded in groups reassembled into the passages of their texts?

use std::collections::VecDeque;
use std::ops::Range;

use futures_util::stream::{Stream, StreamExt};

use super::{EmbeddingError, Passage};
use crate::embedder::collect;

/// The ranges of a text, or why it could not be split.
pub(super) type Cut = Result<Vec<Range<usize>>, EmbeddingError>;

/// One embedded group of pieces.
pub(super) type Group = Vec<Result<Passage, EmbeddingError>>;

/// The passages of each text, in order. `groups` has the pieces of all `cuts`, concatenated. `progress` gets the number
/// of finished texts.
pub(super) async fn reassemble(
    cuts: Vec<Cut>,
    mut groups: impl Stream<Item = Group> + Unpin,
    mut progress: impl FnMut(usize),
) -> Vec<Result<Vec<Passage>, EmbeddingError>> {
    let mut embedded = VecDeque::new();
    let mut found = Vec::with_capacity(cuts.len());
    for cut in cuts {
        let needed = cut.as_ref().map_or(0, Vec::len);
        while embedded.len() < needed
            && let Some(group) = groups.next().await
        {
            embedded.extend(group);
        }
        let ready = needed.min(embedded.len());
        found.push(cut.and_then(|ranges| collect(ranges, &mut embedded.drain(..ready))));
        progress(found.len());
    }
    found
}
