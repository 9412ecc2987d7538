//! How does a SentencePiece Unigram model cut a word into pieces?
//!
//! The cut is that of the crate tokenizers, which keeps the vocabulary in hash maps of hash maps: 330 MB for the 250,000
//! pieces of XLM-R, and a second to build them. Here the pieces are sorted one after the other in one text, and the
//! pieces that begin a word are found by bisection, a byte at a time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokenizers::models::unigram::UnigramTrainer;
use tokenizers::{Model, Token};

/// How much less likely an unknown character is than the least likely piece, as SentencePiece has it.
const UNKNOWN_PENALTY: f64 = 10.0;

#[derive(Deserialize)]
#[serde(try_from = "Stored")]
pub(super) struct Unigram {
    /// All pieces in the order of their bytes, and where each ends.
    text: String,
    ends: Vec<u32>,
    /// By place in that order.
    ids: Vec<u32>,
    scores: Vec<f64>,
    /// The places of the pieces that begin with byte b are `firsts[b]..firsts[b + 1]`.
    firsts: Vec<u32>,
    /// By id.
    places: Vec<u32>,
    unknown: u32,
    unknown_score: f64,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Stored {
    Unigram {
        vocab: Vec<(String, f64)>,
        unk_id: u32,
        #[serde(default)]
        byte_fallback: bool,
    },
}

impl TryFrom<Stored> for Unigram {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored::Unigram { vocab, unk_id, byte_fallback } = stored;
        if byte_fallback || unk_id as usize >= vocab.len() {
            return Err("a vocabulary that tokenizers must read");
        }
        let mut order: Vec<u32> = (0..).take(vocab.len()).collect();
        let piece = |id: u32| vocab[id as usize].0.as_str();
        order.sort_unstable_by(|a, b| piece(*a).cmp(piece(*b)));
        if order.windows(2).any(|two| piece(two[0]) == piece(two[1])) {
            return Err("a piece that is there twice");
        }
        let least = vocab.iter().map(|(_, score)| *score).fold(f64::INFINITY, f64::min);
        let mut found = Self {
            text: String::with_capacity(vocab.iter().map(|(piece, _)| piece.len()).sum()),
            ends: Vec::with_capacity(vocab.len()),
            scores: order.iter().map(|id| vocab[*id as usize].1).collect(),
            firsts: Vec::new(),
            places: vec![0; vocab.len()],
            unknown: unk_id,
            unknown_score: least - UNKNOWN_PENALTY,
            ids: order,
        };
        for (place, id) in (0..).zip(&found.ids) {
            found.text.push_str(piece(*id));
            found.ends.push(u32::try_from(found.text.len()).map_err(|_| "a vocabulary of 4 GB")?);
            found.places[*id as usize] = place;
        }
        let all = 0..found.ids.len();
        let before =
            |byte: usize| first_place(&all, |at| found.bytes(at).first().is_some_and(|b| usize::from(*b) >= byte));
        found.firsts = (0..=256).map(|byte| before(byte) as u32).collect();
        Ok(found)
    }
}

/// The first place in `range` from which on `reached` holds.
fn first_place(range: &std::ops::Range<usize>, reached: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low.midpoint(high);
        if reached(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

impl Unigram {
    fn range(&self, place: usize) -> std::ops::Range<usize> {
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        start..self.ends[place] as usize
    }

    fn bytes(&self, place: usize) -> &[u8] {
        &self.text.as_bytes()[self.range(place)]
    }

    /// Calls `found` with the length and the place of each piece that `word` begins with.
    fn beginnings(&self, word: &[u8], mut found: impl FnMut(usize, usize)) {
        let Some(first) = word.first().copied().map(usize::from) else { return };
        let mut range = self.firsts[first] as usize..self.firsts[first + 1] as usize;
        for (depth, next) in word.iter().skip(1).map(Some).chain([None]).enumerate().map(|(at, next)| (at + 1, next)) {
            // Of the pieces that share their first `depth` bytes, the one that has no more comes first.
            if !range.is_empty() && self.bytes(range.start).len() == depth {
                found(depth, range.start);
                range.start += 1;
            }
            let Some(next) = next.filter(|_| !range.is_empty()) else { return };
            range.start = first_place(&range, |at| self.bytes(at)[depth] >= *next);
            range.end = first_place(&range, |at| self.bytes(at)[depth] > *next);
        }
    }

    /// The likeliest pieces of a word, as ids and lengths; adjacent unknown characters are one piece.
    fn cut(&self, word: &str) -> Vec<(u32, usize)> {
        struct Best {
            score: f64,
            start: usize,
            id: u32,
        }
        let mut best: Vec<Option<Best>> = (0..=word.len()).map(|_| None).collect();
        for (start, character) in word.char_indices() {
            let so_far = best[start].as_ref().map_or(0.0, |best| best.score);
            let mut reach = |length: usize, id: u32, score: f64| {
                let score = so_far + score;
                let end = &mut best[start + length];
                if end.as_ref().is_none_or(|end| score > end.score) {
                    *end = Some(Best { score, start, id });
                }
            };
            let mut known = false;
            self.beginnings(&word.as_bytes()[start..], |length, place| {
                known |= length == character.len_utf8();
                reach(length, self.ids[place], self.scores[place]);
            });
            if !known {
                reach(character.len_utf8(), self.unknown, self.unknown_score);
            }
        }
        let mut pieces: Vec<(u32, usize)> = Vec::new();
        let mut end = word.len();
        while let Some(piece) = best[end].as_ref().filter(|_| end > 0) {
            match pieces.last_mut() {
                Some((id, length)) if *id == self.unknown && piece.id == self.unknown => *length += end - piece.start,
                _ => pieces.push((piece.id, end - piece.start)),
            }
            end = piece.start;
        }
        pieces.reverse();
        pieces
    }
}

impl Model for Unigram {
    type Trainer = UnigramTrainer;

    fn tokenize(&self, word: &str) -> tokenizers::Result<Vec<Token>> {
        let mut start = 0;
        let token = |(id, length): (u32, usize)| {
            let range = start..start + length;
            start = range.end;
            Token { id, value: word[range.clone()].to_owned(), offsets: (range.start, range.end) }
        };
        Ok(self.cut(word).into_iter().map(token).collect())
    }

    fn token_to_id(&self, token: &str) -> Option<u32> {
        let place = first_place(&(0..self.ids.len()), |at| self.bytes(at) >= token.as_bytes());
        (place < self.ids.len() && self.bytes(place) == token.as_bytes()).then(|| self.ids[place])
    }

    fn id_to_token(&self, id: u32) -> Option<String> {
        let place = self.places.get(id as usize)?;
        Some(self.text[self.range(*place as usize)].to_owned())
    }

    fn get_vocab(&self) -> HashMap<String, u32> {
        (0..).take(self.ids.len()).filter_map(|id| Some((self.id_to_token(id)?, id))).collect()
    }

    fn get_vocab_size(&self) -> usize {
        self.ids.len()
    }

    fn save(&self, _: &Path, _: Option<&str>) -> tokenizers::Result<Vec<PathBuf>> {
        Err("a vocabulary is only read".into())
    }

    fn get_trainer(&self) -> UnigramTrainer {
        UnigramTrainer::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokenizers::models::unigram;

    use super::*;

    const PIECES: [(&str, f64); 15] = [
        ("<s>", 0.0),
        ("<unk>", 0.0),
        ("▁", -3.2),
        ("▁a", -4.5),
        ("a", -5.1),
        ("ab", -4.0),
        ("abc", -7.7),
        ("abcd", -9.9),
        ("b", -5.2),
        ("bc", -6.0),
        ("c", -5.0),
        ("é", -8.0),
        ("生", -8.5),
        ("生日", -8.6),
        ("日", -9.0),
    ];

    fn pieces() -> Vec<(String, f64)> {
        PIECES.map(|(piece, score)| (piece.to_owned(), score)).into()
    }

    fn model() -> Unigram {
        Stored::Unigram { vocab: pieces(), unk_id: 1, byte_fallback: false }.try_into().ok().unwrap()
    }

    proptest! {
        #[test]
        fn words_are_cut_as_the_library_cuts_them(word in "[▁abcdé生日x🎉]{0,40}") {
            let theirs = unigram::Unigram::from(pieces(), Some(1), false).unwrap();
            prop_assert_eq!(model().tokenize(&word).unwrap(), theirs.tokenize(&word).unwrap());
        }
    }

    #[test]
    fn pieces_are_found_by_name_and_number() {
        let model = model();
        for (id, (piece, _)) in (0..).zip(PIECES) {
            assert_eq!((model.token_to_id(piece), model.id_to_token(id)), (Some(id), Some(piece.to_owned())));
        }
        assert_eq!((model.token_to_id("abx"), model.token_to_id("zz"), model.id_to_token(15)), (None, None, None));
        assert_eq!((model.get_vocab().len(), model.get_vocab_size()), (15, 15));
    }

    #[test]
    fn vocabularies_that_mean_something_else_are_left_to_the_library() {
        let twice = [pieces(), pieces()].concat();
        for stored in [
            Stored::Unigram { vocab: pieces(), unk_id: 15, byte_fallback: false },
            Stored::Unigram { vocab: pieces(), unk_id: 1, byte_fallback: true },
            Stored::Unigram { vocab: twice, unk_id: 1, byte_fallback: false },
        ] {
            assert!(Unigram::try_from(stored).is_err());
        }
    }
}
