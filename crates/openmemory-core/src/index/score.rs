//! How well does a memory answer a query, all in all?
//!
//! A score is a weighted sum of what speaks for and against a memory, as a probability: 1 / (1 + e^−(bias + Σ weight · value)).
//! The weights were fitted on questions about conversations, with and without runs (`benchmark/fit-ranking.mjs`,
//! docs/retrieval.md); those of use and opinion are chosen small by hand.

use super::runs::Context;

const BIAS: f32 = -10.7;

/// What a score is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The share of the query's words that the memory has, weighted by how telling they are; 0 to 1.9.
    Lexical,
    /// The highest cosine of the query and one of the memory's vectors, −1 to 1; less where the model cannot read the
    /// query's script.
    Dense,
    /// 1 if the memory is itself a question.
    IsQuestion,
    /// 1 if the query names one of the memory's tags.
    TagNamed,
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

impl Part {
    pub const ALL: [Self; 12] = [
        Self::Lexical,
        Self::Dense,
        Self::IsQuestion,
        Self::TagNamed,
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
            Self::IsQuestion => "is_question",
            Self::TagNamed => "tag_named",
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
            Self::IsQuestion => -1.29,
            Self::TagNamed => 0.86,
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

/// The value of each part, in the order of [`Part::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Parts([f32; Part::ALL.len()]);

impl Parts {
    pub fn value(&self, part: Part) -> f32 {
        self.0[part as usize]
    }

    pub(super) fn set(&mut self, part: Part, value: f32) {
        self.0[part as usize] = value;
    }

    pub(super) fn set_context(&mut self, context: &Context) {
        self.set(Part::AfterQuestion, context.after_question);
        self.set(Part::Question, context.question);
        self.set(Part::Next, context.next);
        self.set(Part::BeforeLast, context.before_last);
        self.set(Part::AfterNext, context.after_next);
        self.set(Part::Run, context.run);
    }

    /// With [`Parts::most_lent`] no less than the sum of a memory with these scores, whatever else it has.
    pub(super) fn most_own(lexical: f32, dense: f32, presence: f32) -> f32 {
        /// More than what adding up in another order can change.
        const ROUNDING: f32 = 0.001;
        Part::Lexical.weight() * lexical + Part::Dense.weight() * dense + presence + ROUNDING
    }

    /// What salience and opinion add.
    pub(super) fn presence(salience: f32, opinion: f32) -> f32 {
        Part::Salience.weight() * salience + Part::Feedback.weight() * opinion
    }

    /// What the context of a memory without a run adds.
    pub(super) fn most_lent_alone(lexical: f32, dense: f32) -> f32 {
        Self::most_lent(&Context::of_none(alone(lexical, dense)))
    }

    /// What this context adds.
    pub(super) fn most_lent(context: &Context) -> f32 {
        let near = Part::Question.weight() * context.question + Part::Next.weight() * context.next;
        let further = Part::BeforeLast.weight() * context.before_last + Part::AfterNext.weight() * context.after_next;
        let run = Part::Run.weight() * context.run + Part::AfterQuestion.weight() * context.after_question;
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
        Self::most_lent(&all)
    }

    /// How far in its run the neighbour stands that lends more than the memory's own words and vectors give, if one does.
    pub(super) fn strongest_lender(&self) -> Option<isize> {
        let lent = |part: Part| part.weight() * self.value(part);
        let lenders = [(Part::Question, -1), (Part::Next, 1), (Part::BeforeLast, -2), (Part::AfterNext, 2)];
        let (part, offset) = lenders.into_iter().max_by(|a, b| lent(a.0).total_cmp(&lent(b.0)))?;
        (lent(part) > lent(Part::Lexical) + lent(Part::Dense)).then_some(offset)
    }

    /// The weighted sum, without bounds.
    pub(super) fn sum(&self) -> f32 {
        Part::ALL.iter().zip(&self.0).map(|(part, value)| part.weight() * value).sum()
    }

    /// 0 to 1, comparable between queries.
    pub fn score(&self) -> f32 {
        1.0 / (1.0 + (-(BIAS + self.sum())).exp())
    }
}

/// What a memory's words and vectors alone say: what it lends its neighbours.
pub(super) fn alone(lexical: f32, dense: f32) -> f32 {
    lexical + dense
}
