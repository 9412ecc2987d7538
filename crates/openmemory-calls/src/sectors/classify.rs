//! How do the sentences of a text, compared with the prototypes, yield its sectors and vectors?

use super::cues;
use super::prototypes;
use super::prototypes::TEXTS;

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use openmemory_domain::vector::dot;
use openmemory_domain::{Embedding, ModelTag, Sector};
use openmemory_embedding::{Passage, Sentence};

/// 1 minus the mean cosine of prototypes of different sectors, with the shipped model.
const SHIPPED_DISTANCE: f32 = 0.946;

/// Temperature of the softmax that turns scores into weights.
const TEMPERATURE: f32 = 0.07;
/// Minimum share of a text for a sector in addition to the primary one.
const MIN_SHARE: f32 = 0.27;
/// Minimum weight with which a sector dominates a sentence.
const DOMINANT_WEIGHT: f32 = 0.45;
/// Minimum share of a text in sentences that an additional sector dominates.
const MIN_DOMINATED_SHARE: f32 = 0.15;

/// The vectors of the prototypes by one model, in the order of [`TEXTS`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prototypes {
    pub model: ModelTag,
    /// A hash of the texts, by which a change of them is noticed.
    pub texts: [u8; 16],
    pub vectors: Vec<Vec<f32>>,
    /// Cached, because computing it takes longer than many searches.
    #[serde(skip)]
    spread: OnceLock<f32>,
}

impl Prototypes {
    /// Whether these are vectors of the current texts by `model`.
    pub fn fit(&self, model: ModelTag) -> bool {
        self.model == model && self.texts == prototypes::hash() && self.vectors.len() == TEXTS.len()
    }

    pub fn new(model: ModelTag, vectors: Vec<Vec<f32>>) -> Self {
        Self { model, texts: prototypes::hash(), vectors, spread: OnceLock::new() }
    }

    /// The factor by which unrelated texts are farther apart under the shipped model than under this one. Prototypes of
    /// different sectors serve as unrelated texts, because they share nothing but their form.
    pub fn spread(&self) -> f32 {
        *self.spread.get_or_init(|| self.compute_spread())
    }

    fn compute_spread(&self) -> f32 {
        let (mut sum, mut pairs) = (0.0, 0.0);
        for (at, (sector, _)) in TEXTS.iter().enumerate() {
            for (other, (other_sector, _)) in TEXTS.iter().enumerate().skip(at + 1) {
                if sector != other_sector {
                    sum += dot(&self.vectors[at], &self.vectors[other]);
                    pairs += 1.0;
                }
            }
        }
        let distance: f32 = 1.0 - sum / pairs;
        if distance > 0.0 { (SHIPPED_DISTANCE / distance).clamp(0.5, 10.0) } else { 1.0 }
    }

    /// The vectors of a text with these passages.
    pub fn embedding(&self, text: &str, passages: &[Passage]) -> Embedding {
        let whole = mean(passages.iter().map(|passage| (passage.tokens as f32, passage.vector.as_slice())));
        let sentences: Vec<&Sentence> = passages.iter().flat_map(|passage| &passage.sentences).collect();
        let weights: Vec<[f32; 5]> = sentences.iter().map(|sentence| self.weights(text, sentence)).collect();
        let vectors = passages.iter().map(|passage| passage.vector.clone()).collect();
        let sectors = sectors_of(&sentences, &weights)
            .into_iter()
            .map(|sector| {
                // The vector of the only sentence is the vector of the whole text.
                let vector = if let [_] = sentences[..] {
                    whole.clone()
                } else {
                    let own = sentences.iter().zip(&weights);
                    mean(own.map(|(sentence, weights)| {
                        (sentence.tokens as f32 * weights[sector.index()], sentence.vector.as_slice())
                    }))
                };
                (sector, vector)
            })
            .collect();
        Embedding::new(self.model, whole, vectors, sectors)
    }

    /// How much a sentence belongs to each sector; the sum is 1.
    fn weights(&self, text: &str, sentence: &Sentence) -> [f32; 5] {
        let cues = text.get(sentence.range.clone()).map_or([0.0; 5], cues::cues);
        let mut scores = Sector::ALL.map(|sector| {
            let cosines = TEXTS.iter().zip(&self.vectors).filter(|((of, _), _)| *of == sector);
            let (first, second) = cosines.map(|(_, vector)| dot(vector, &sentence.vector)).fold(
                (f32::MIN, f32::MIN),
                |(first, second), cosine| {
                    if cosine > first { (cosine, first) } else { (first, second.max(cosine)) }
                },
            );
            // As far apart as under the shipped model, to which the cues and the temperature belong.
            f32::midpoint(first, second) * self.spread() + cues[sector.index()]
        });
        let highest = scores.iter().copied().fold(f32::MIN, f32::max);
        for score in &mut scores {
            *score = ((*score - highest) / TEMPERATURE).exp();
        }
        let sum: f32 = scores.iter().sum();
        scores.map(|score| score / sum)
    }
}

/// The sectors of a text by the weights of its sentences: the primary one, then the others by descending share.
fn sectors_of(sentences: &[&Sentence], weights: &[[f32; 5]]) -> Vec<Sector> {
    let tokens: Vec<f32> = sentences.iter().map(|sentence| sentence.tokens.max(1) as f32).collect();
    let all: f32 = tokens.iter().sum();
    let share = |counted: &dyn Fn(&[f32; 5]) -> f32| {
        tokens.iter().zip(weights).map(|(tokens, weights)| tokens * counted(weights)).sum::<f32>() / all
    };
    let shares = Sector::ALL.map(|sector| share(&|weights| weights[sector.index()]));
    let mut descending = Sector::ALL;
    descending.sort_by(|a, b| shares[b.index()].total_cmp(&shares[a.index()]));
    let (primary, others) = descending.split_at(1);
    let belongs = |sector: &Sector| {
        let dominated = share(&|weights| f32::from(u8::from(weights[sector.index()] >= DOMINANT_WEIGHT)));
        shares[sector.index()] >= MIN_SHARE || dominated >= MIN_DOMINATED_SHARE
    };
    primary.iter().chain(others.iter().filter(|sector| belongs(sector))).copied().collect()
}

/// The weighted mean of vectors, of length 1.
fn mean<'a>(vectors: impl Iterator<Item = (f32, &'a [f32])> + Clone) -> Vec<f32> {
    if let Some((_, only)) = vectors.clone().next()
        && vectors.clone().count() == 1
    {
        return only.to_vec();
    }
    let mut sum: Vec<f32> = Vec::new();
    for (weight, vector) in vectors {
        sum.resize(vector.len(), 0.0);
        for (sum, value) in sum.iter_mut().zip(vector) {
            *sum += weight * value;
        }
    }
    let length = dot(&sum, &sum).sqrt();
    if length > 0.0 {
        sum.iter_mut().for_each(|value| *value /= length);
    }
    sum
}
