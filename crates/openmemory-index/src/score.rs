//! How well does a memory answer a query?
//!
//! A weighted sum of features ranks memories, and maps to a probability, the score. The weights were fitted on
//! questions about conversations, with and without runs (`benchmark/fit-ranking.mjs`, docs/internals/search.md); that of
//! time on the same with dates (ADR 80); those of salience and feedback are small and chosen by hand.
//!
//! The score calibrates the sum. The more memories there are and the longer they are, the likelier one is near by chance,
//! so each doubling subtracts a little. Where all of them are near to the query, because they share its language or subject, nearness
//! proves less, so what an average memory has is subtracted too. Evidence against an answer is reliable; evidence for it
//! is not, because a memory can be about the right subject without answering, unless it stands out from all others:
//! the margin. With x = bias + Σ weight · value, the score is 1 / (1 + e^−z), where z = x below 0 and 0.055 x above. `benchmark/fit-scores.mjs` fits these numbers and draws a reliability diagram.

use super::runs::Context;

/// The constant term: a single memory of eight words answers as likely as not if its features sum
/// to 2.15.
const BIAS: f32 = -2.15;
/// The weight of the amount of text in the scope.
const AMONG_WEIGHT: f32 = -0.57;
/// The mean length of memories that count as one each, in words.
const USUAL_LENGTH: f32 = 8.0;
/// The weight of the background: what all memories have in common with the query, they do not count as evidence.
const BACKGROUND_WEIGHT: f32 = -Feature::Dense.weight();
/// The background that is likely without looking counts as much as so many memories. One of few memories may be what
/// makes the mean high.
const LIKELY_BACKGROUND: f32 = 10.0;
/// The slopes of the calibration below and above 0.
const NEGATIVE_SLOPE: f32 = 1.0;
const POSITIVE_SLOPE: f32 = 0.055;
/// The weight of the margin (`margin.rs`).
const MARGIN_WEIGHT: f32 = 15.0;
/// The dense values from which on two texts are near-duplicates and equal.
const NEAR_DUPLICATE: f32 = 0.85;
const EQUAL: f32 = 0.95;

/// A feature of the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// The share of the query's words that the memory has, weighted by specificity; 0 to 1.9.
    Lexical,
    /// The highest cosine of the query and the memory's vectors, on the scale of the shipped model. For the share of
    /// the query in a script that the model cannot read, the lexical coverage.
    Dense,
    /// 1 if the memory states the same as the query (dense 0.95 or more), 0 if dense is 0.85 or less.
    Same,
    /// 1 if the memory is a question.
    IsQuestion,
    /// 1 if the query names one of the memory's tags.
    TagNamed,
    /// 1 if the memory is in a run. Its negative weight compensates for context in runs that contain no answer.
    InRun,
    /// 1 if the previous memory of the run is a question.
    AfterQuestion,
    /// The lexical and dense score of the previous memory, if it is a question.
    Question,
    /// The same of the next memory.
    Next,
    /// The same of the memory before the previous one.
    BeforeLast,
    /// The same of the memory after the next one.
    AfterNext,
    /// The mean of the run's three best scores; the memory's own score if it has no run.
    Run,
    /// How close the memory is to the time that the query names: 1 if it happened then, else e^(−distance ÷ length of that
    /// time); two thirds of this by when it was told, if it is not known when it happened; 0 if the query names none.
    Time,
    /// The current salience, 0 to 1.
    Salience,
    /// 1 for positive feedback, −1 for negative, −2 for very negative.
    Feedback,
}

impl Feature {
    pub const ALL: [Self; 15] = [
        Self::Lexical,
        Self::Dense,
        Self::Same,
        Self::IsQuestion,
        Self::TagNamed,
        Self::InRun,
        Self::AfterQuestion,
        Self::Question,
        Self::Next,
        Self::BeforeLast,
        Self::AfterNext,
        Self::Run,
        Self::Time,
        Self::Salience,
        Self::Feedback,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Lexical => "lexical",
            Self::Dense => "dense",
            Self::Same => "same",
            Self::IsQuestion => "is_question",
            Self::TagNamed => "tag_named",
            Self::InRun => "in_run",
            Self::AfterQuestion => "after_question",
            Self::Question => "question",
            Self::Next => "next",
            Self::BeforeLast => "before_last",
            Self::AfterNext => "after_next",
            Self::Run => "run",
            Self::Time => "time",
            Self::Salience => "salience",
            Self::Feedback => "feedback",
        }
    }

    pub const fn weight(self) -> f32 {
        match self {
            Self::Lexical => 4.45,
            Self::Dense => 7.18,
            Self::Same => 14.0,
            Self::IsQuestion => -1.29,
            Self::TagNamed => 0.86,
            Self::InRun => -1.0,
            Self::AfterQuestion => -0.72,
            Self::Question => 3.03,
            Self::Next => 0.93,
            Self::BeforeLast => 1.25,
            Self::AfterNext => 0.72,
            Self::Run => 1.43,
            Self::Time => 3.0,
            Self::Salience => 0.3,
            Self::Feedback => 0.3,
        }
    }
}

/// The features of a memory and of the scope.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Features {
    /// In the order of [`Feature::ALL`].
    values: [f32; Feature::ALL.len()],
    /// The natural logarithm of the number of memories in the scope times the square root of their mean length, in
    /// units of [`USUAL_LENGTH`].
    among: f32,
    /// How much nearer to the query an average memory of the scope is than usual (`CosineScale::background`).
    background: f32,
    /// How far the evidence exceeds that of the other best memories together; 0 unless it is the best.
    margin: f32,
}

impl Features {
    /// Features that are all 0, for a scope of this many memories with a mean number of words. `background` is `None` if none
    /// of them has a vector.
    pub(super) fn for_scope(memories: u32, mean_length: f32, background: Option<f32>, likely_background: f32) -> Self {
        let memories = memories.max(1) as f32;
        let background = background.map_or(likely_background, |background| {
            (background * memories + likely_background * LIKELY_BACKGROUND) / (memories + LIKELY_BACKGROUND)
        });
        let among = memories.ln() + (mean_length / USUAL_LENGTH).ln() / 2.0;
        Self { among, background, ..Self::default() }
    }

    pub(super) fn background(&self) -> f32 {
        self.background
    }

    pub fn value(&self, feature: Feature) -> f32 {
        self.values[feature as usize]
    }

    /// All summands of the score: name, value, weight.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, f32, f32)> {
        let own = Feature::ALL.iter().map(|feature| (feature.name(), self.value(*feature), feature.weight()));
        own.chain([
            ("among", self.among, AMONG_WEIGHT),
            ("background", self.background, BACKGROUND_WEIGHT),
            ("margin", self.margin, MARGIN_WEIGHT),
            ("bias", 1.0, BIAS),
        ])
    }

    pub(super) fn set(&mut self, feature: Feature, value: f32) {
        self.values[feature as usize] = value;
    }

    pub(super) fn set_margin(&mut self, margin: f32) {
        self.margin = margin;
    }

    /// Sets the features of the memory's own words and vectors.
    pub(super) fn set_own(&mut self, lexical: f32, dense: f32) {
        self.set(Feature::Lexical, lexical);
        self.set(Feature::Dense, dense);
        self.set(Feature::Same, same(dense));
    }

    pub(super) fn set_context(&mut self, context: &Context) {
        self.set(Feature::AfterQuestion, context.after_question);
        self.set(Feature::Question, context.question);
        self.set(Feature::Next, context.next);
        self.set(Feature::BeforeLast, context.before_last);
        self.set(Feature::AfterNext, context.after_next);
        self.set(Feature::Run, context.run);
    }

    /// Plus [`Features::context_upper_bound`], an upper bound of the sum of a memory with these scores, whatever its
    /// other features.
    pub(super) fn own_upper_bound(lexical: f32, dense: f32, dynamics: f32) -> f32 {
        /// More than the order of summation can change.
        const ROUNDING: f32 = 0.001;
        let own = Feature::Lexical.weight() * lexical + Feature::Dense.weight() * dense;
        own + Feature::Same.weight() * same(dense) + dynamics + ROUNDING
    }

    /// The contribution of salience and feedback.
    pub(super) fn dynamics(salience: f32, feedback: f32) -> f32 {
        Feature::Salience.weight() * salience + Feature::Feedback.weight() * feedback
    }

    /// The contribution of the context of a memory without a run.
    pub(super) fn context_upper_bound_without_run(lexical: f32, dense: f32) -> f32 {
        Self::context_upper_bound(&Context::without_run(own_score(lexical, dense)))
    }

    /// The contribution of this context.
    pub(super) fn context_upper_bound(context: &Context) -> f32 {
        let near = Feature::Question.weight() * context.question + Feature::Next.weight() * context.next;
        let further =
            Feature::BeforeLast.weight() * context.before_last + Feature::AfterNext.weight() * context.after_next;
        let run = Feature::Run.weight() * context.run + Feature::AfterQuestion.weight() * context.after_question;
        near + further + run
    }

    /// An upper bound of the contribution of a context in which no score exceeds `score`.
    pub(super) fn context_upper_bound_by(score: f32) -> f32 {
        let lent = score.max(0.0);
        let all = Context {
            question: lent,
            next: lent,
            before_last: lent,
            after_next: lent,
            run: score,
            ..Context::default()
        };
        Self::context_upper_bound(&all)
    }

    /// The offset, within the run, of the neighbour that contributes more than the memory's own words and vectors, if
    /// there is one.
    pub(super) fn strongest_lender(&self) -> Option<isize> {
        let lent = |feature: Feature| feature.weight() * self.value(feature);
        let lenders = [(Feature::Question, -1), (Feature::Next, 1), (Feature::BeforeLast, -2), (Feature::AfterNext, 2)];
        let (feature, offset) = lenders.into_iter().max_by(|a, b| lent(a.0).total_cmp(&lent(b.0)))?;
        (lent(feature) > lent(Feature::Lexical) + lent(Feature::Dense)).then_some(offset)
    }

    /// The sum that orders the memories of one query.
    pub(super) fn sum(&self) -> f32 {
        Feature::ALL.iter().zip(&self.values).map(|(feature, value)| feature.weight() * value).sum()
    }

    /// What speaks for the memory, more than 0, or against it, less than 0, apart from the other memories.
    pub(super) fn evidence(&self) -> f32 {
        BIAS + AMONG_WEIGHT * self.among + BACKGROUND_WEIGHT * self.background + self.sum()
    }

    /// The probability that the memory answers, above 0 and below 1; comparable between queries and stores.
    pub fn score(&self) -> f32 {
        let x = self.evidence() + MARGIN_WEIGHT * self.margin;
        let z = x * if x < 0.0 { NEGATIVE_SLOPE } else { POSITIVE_SLOPE };
        // Rounded to a whole it would claim to be certain.
        (1.0 / (1.0 + (-z).exp())).min(1.0f32.next_down())
    }
}

/// The value of [`Feature::Same`].
pub(super) fn same(dense: f32) -> f32 {
    ((dense - NEAR_DUPLICATE) / (EQUAL - NEAR_DUPLICATE)).clamp(0.0, 1.0)
}

/// The score of a memory's own words and vectors, which it also lends to its neighbours.
pub(super) fn own_score(lexical: f32, dense: f32) -> f32 {
    lexical + dense
}
