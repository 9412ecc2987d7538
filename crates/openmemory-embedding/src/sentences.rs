//! Where are the boundaries of statements?

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Shorter pieces ("Mr. ", "1. ", a line of dashes) are not statements and join the next one. This also bounds the
/// number of sentences per passage.
const MIN_TOKENS: usize = 3;

/// Ranges of bytes with their numbers of tokens. They cover `text` without a gap, and there is at least one. `starts`
/// has the start of each token, in order. Line ends are boundaries too.
pub(super) fn sentences(text: &str, starts: &[usize]) -> Vec<(Range<usize>, usize)> {
    let mut found: Vec<(Range<usize>, usize)> = Vec::new();
    let mut begin = 0;
    for (at, sentence) in text.split_sentence_bound_indices() {
        let end = at + sentence.len();
        let tokens = count(starts, &(begin..end));
        if tokens >= MIN_TOKENS {
            found.push((begin..end, tokens));
            begin = end;
        }
    }
    let remaining = count(starts, &(begin..text.len()));
    match found.last_mut() {
        Some((last, tokens)) => {
            last.end = text.len();
            *tokens += remaining;
        }
        None => found.push((0..text.len(), remaining)),
    }
    found
}

/// The number of tokens that start in `range`.
pub(super) fn count(starts: &[usize], range: &Range<usize>) -> usize {
    let before = |end: usize| starts.partition_point(|start| *start < end);
    before(range.end) - before(range.start)
}
