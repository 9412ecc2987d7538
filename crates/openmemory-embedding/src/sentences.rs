//! Where does one statement end and the next begin?

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Fewer tokens than this say nothing by themselves ("Mr. ", "1. ", a line of dashes): they join
/// what follows. It also bounds how many sentences a passage has.
const SHORTEST: usize = 3;

/// Ranges of bytes that cover `text` without a gap, at least one, each with its number of tokens.
/// `starts` says where each token begins, in order. Line ends are bounds as well.
pub(super) fn sentences(text: &str, starts: &[usize]) -> Vec<(Range<usize>, usize)> {
    let mut found: Vec<(Range<usize>, usize)> = Vec::new();
    let mut begin = 0;
    for (at, sentence) in text.split_sentence_bound_indices() {
        let end = at + sentence.len();
        let tokens = count(starts, &(begin..end));
        if tokens >= SHORTEST {
            found.push((begin..end, tokens));
            begin = end;
        }
    }
    let rest = count(starts, &(begin..text.len()));
    match found.last_mut() {
        Some((last, tokens)) => {
            last.end = text.len();
            *tokens += rest;
        }
        None => found.push((0..text.len(), rest)),
    }
    found
}

/// How many tokens begin in `range`.
pub(super) fn count(starts: &[usize], range: &Range<usize>) -> usize {
    let before = |end: usize| starts.partition_point(|start| *start < end);
    before(range.end) - before(range.start)
}
