//! How well does a memory answer a query, all in all?
//!
//! A weighted sum of what speaks for and against a memory orders memories; as a probability it is their score. The weights
//! were fitted on questions about conversations, with and without runs (`benchmark/fit-ranking.mjs`, docs/internals/search.md);
//! those of use and opinion are chosen small by hand.
//!
//! The score calibrates the sum: the more memories there are, the likelier one is near by chance, so each doubling takes a
//! little; and evidence against an answer is surer than evidence for it, since a memory may be about the very thing that is
//! asked and still not say it. With x = bias + Σ weight · value, the score is 1 / (1 + e^−z), where z = 0.8 x below 0 and
//! 0.15 x above. `benchmark/fit-scores.mjs` fits such numbers and draws a reliability diagram.

use super::runs::Context;

/// The sum at which one memory alone answers as likely as not.
const BIAS: f32 = -2.3;
/// For the natural logarithm of the number of memories in the scope.
const AMONG: f32 = -0.57;
/// How sharply evidence against an answer counts, and evidence for it.
const AGAINST: f32 = 0.8;
const FOR: f32 = 0.15;
/// The dense values from which on two texts say something near, and the same.
const NEAR: f32 = 0.85;
const SAME: f32 = 0.95;

/// What a score is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// The share of the query's words that the memory has, weighted by how telling they are; 0 to 1.9.
    Lexical,
    /// The highest cosine of the query and one of the memory's vectors, as the shipped model spreads them; as far as the
    /// model cannot read the query's script, the lexical part instead.
    Dense,
    /// 1 if the memory says what the query says: with a dense part of 0.95 or more; 0 with one of 0.85 or less.
    Same,
    /// 1 if the memory is itself a question.
    IsQuestion,
    /// 1 if the query names one of the memory's tags.
    TagNamed,
    /// 1 if the memory is in a run: what its neighbours lend is also lent where nothing answers.
    InRun,
    /// 1 if the memory before, in the same run, is a question.
    AfterQuestion,
    /// The lexical and dense score of the memory before, if that is a question.
    Question,
    /// … of the memory after.
    Next,
    /// … of the last but one.
    BeforeLast,
    /// … of the next but one.
    AfterNext,
    /// … of the run: the mean of its best three; the memory's own if it has no run.
    Run,
    /// How present the memory is, 0 to 1.
    Salience,
    /// 1 for positive feedback, −1 for negative, −2 for very negative.
    Feedback,
}

impl Feature {
    pub const ALL: [Self; 14] = [
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
            Self::Salience => 0.3,
            Self::Feedback => 0.3,
        }
    }
}

/// What speaks for a memory, and among how many.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Features {
    /// In the order of [`Feature::ALL`].
    values: [f32; Feature::ALL.len()],
    /// The natural logarithm of the number of memories in the scope.
    among: f32,
}

impl Features {
    /// Features that are all 0, of one of so many memories.
    pub(super) fn among(memories: u32) -> Self {
        Self { among: (memories.max(1) as f32).ln(), ..Self::default() }
    }

    pub fn value(&self, part: Feature) -> f32 {
        self.values[part as usize]
    }

    /// Everything that the score adds up, with its weight.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, f32, f32)> {
        let own = Feature::ALL.iter().map(|part| (part.name(), self.value(*part), part.weight()));
        own.chain([("among", self.among, AMONG), ("bias", 1.0, BIAS)])
    }

    pub(super) fn set(&mut self, part: Feature, value: f32) {
        self.values[part as usize] = value;
    }

    /// Sets what the memory's words and vectors alone say.
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

    /// With [`Features::context_upper_bound`] no less than the sum of a memory with these scores, whatever else it has.
    pub(super) fn own_upper_bound(lexical: f32, dense: f32, presence: f32) -> f32 {
        /// More than what adding up in another order can change.
        const ROUNDING: f32 = 0.001;
        let own = Feature::Lexical.weight() * lexical + Feature::Dense.weight() * dense;
        own + Feature::Same.weight() * same(dense) + presence + ROUNDING
    }

    /// What salience and opinion add.
    pub(super) fn presence(salience: f32, opinion: f32) -> f32 {
        Feature::Salience.weight() * salience + Feature::Feedback.weight() * opinion
    }

    /// What the context of a memory without a run adds.
    pub(super) fn context_upper_bound_alone(lexical: f32, dense: f32) -> f32 {
        Self::context_upper_bound(&Context::of_none(alone(lexical, dense)))
    }

    /// What this context adds.
    pub(super) fn context_upper_bound(context: &Context) -> f32 {
        let near = Feature::Question.weight() * context.question + Feature::Next.weight() * context.next;
        let further =
            Feature::BeforeLast.weight() * context.before_last + Feature::AfterNext.weight() * context.after_next;
        let run = Feature::Run.weight() * context.run + Feature::AfterQuestion.weight() * context.after_question;
        near + further + run
    }

    /// No less than what a context adds in which nobody has more than `score`.
    pub(super) fn most_lent_by(score: f32) -> f32 {
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

    /// How far in its run the neighbour stands that lends more than the memory's own words and vectors give, if one does.
    pub(super) fn strongest_lender(&self) -> Option<isize> {
        let lent = |part: Feature| part.weight() * self.value(part);
        let lenders = [(Feature::Question, -1), (Feature::Next, 1), (Feature::BeforeLast, -2), (Feature::AfterNext, 2)];
        let (part, offset) = lenders.into_iter().max_by(|a, b| lent(a.0).total_cmp(&lent(b.0)))?;
        (lent(part) > lent(Feature::Lexical) + lent(Feature::Dense)).then_some(offset)
    }

    /// By which memories of one query are ordered.
    pub(super) fn sum(&self) -> f32 {
        Feature::ALL.iter().zip(&self.values).map(|(part, value)| part.weight() * value).sum()
    }

    /// How likely the memory answers, 0 to 1; comparable between queries and stores.
    pub fn score(&self) -> f32 {
        let x = BIAS + AMONG * self.among + self.sum();
        let z = x * if x < 0.0 { AGAINST } else { FOR };
        1.0 / (1.0 + (-z).exp())
    }
}

/// The value of [`Feature::Same`].
fn same(dense: f32) -> f32 {
    ((dense - NEAR) / (SAME - NEAR)).clamp(0.0, 1.0)
}

/// What a memory's words and vectors alone say: what it lends its neighbours.
pub(super) fn alone(lexical: f32, dense: f32) -> f32 {
    lexical + dense
}
