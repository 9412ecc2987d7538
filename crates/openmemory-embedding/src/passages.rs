//! How is a long text split to fit the model's window?

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::sentences::count;
use super::texts::texts;

/// Splits the texts of `content` into ranges of at most `budget` tokens: at sentence boundaries if possible, else at word
/// boundaries, else between characters. The ranges cover the content without a gap, and there is at least one. `starts`
/// has the start of each token, in order.
///
/// The last two ranges have similar lengths: 260 tokens with a budget of 250 become 130 each, because a remainder of 10
/// tokens would lack context. Those before are as full as they can be, so that a text that grows keeps them.
pub(super) fn passages(content: &str, starts: &[usize], budget: usize) -> Vec<Range<usize>> {
    let passages_of = |text: Range<usize>| {
        let first = starts.partition_point(|start| *start < text.start);
        let own = &starts[first..first + count(starts, &text)];
        let own: Vec<usize> = own.iter().map(|start| start - text.start).collect();
        let shifted = move |range: Range<usize>| range.start + text.start..range.end + text.start;
        passages_of_text(&content[text], &own, budget.max(1)).into_iter().map(shifted)
    };
    match &texts(content)[..] {
        [_] => passages_of_text(content, starts, budget.max(1)),
        texts => texts.iter().cloned().flat_map(passages_of).collect(),
    }
}

fn passages_of_text(text: &str, starts: &[usize], budget: usize) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let (mut filled, mut enough) = (budget, budget);
    for piece in pieces(text, starts, budget) {
        let tokens = count(starts, &piece);
        match found.last_mut() {
            Some(last) if filled + tokens <= budget && filled < enough => {
                last.end = piece.end;
                filled += tokens;
            }
            Some(last) if tokens == 0 => last.end = piece.end,
            _ => {
                let left = starts.len() - starts.partition_point(|start| *start < piece.start);
                enough = if left > 2 * budget { budget } else { left.div_ceil(left.div_ceil(budget).max(1)) };
                found.push(piece);
                filled = tokens;
            }
        }
    }
    if found.is_empty() {
        found.push(0..text.len());
    }
    found
}

/// Sentences. Those over budget are split into words, and words over budget into parts.
fn pieces(text: &str, starts: &[usize], budget: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, sentence) in text.split_sentence_bound_indices() {
        let whole = at..at + sentence.len();
        if count(starts, &whole) <= budget {
            found.push(whole);
            continue;
        }
        for (from, word) in sentence.split_word_bound_indices() {
            split(text, starts, at + from..at + from + word.len(), budget, &mut found);
        }
    }
    found
}

fn split(text: &str, starts: &[usize], word: Range<usize>, budget: usize, found: &mut Vec<Range<usize>>) {
    let first = starts.partition_point(|start| *start < word.start);
    let inside = &starts[first..first + count(starts, &word)];
    let mut begin = word.start;
    // A byte-level tokenizer may produce several tokens for one character.
    for next in inside.iter().skip(budget).step_by(budget) {
        let end = text.floor_char_boundary(*next);
        if end > begin {
            found.push(begin..end);
            begin = end;
        }
    }
    found.push(begin..word.end);
}

/// The character boundary nearest to the middle; `None` for a single character.
pub(super) fn middle(text: &str, range: &Range<usize>) -> Option<usize> {
    let half = range.start + range.len() / 2;
    let after = (half..range.end).find(|at| *at > range.start && text.is_char_boundary(*at));
    after.or_else(|| (range.start + 1..half).rev().find(|at| text.is_char_boundary(*at)))
}
