//! What does a cosine say? Models spread their cosines differently, and what a model cannot read it cannot compare.

/// How a query's cosines become the dense part of a score.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meaning {
    /// What a cosine is multiplied by.
    pub(super) factor: f32,
    constant: f32,
    /// The share of the query that the model cannot read. There the share of its words that a memory has says instead what
    /// the two have in common, so that the same text is as near as in any other script.
    unread: f32,
}

impl Meaning {
    /// `spread`: how many times as far apart unrelated texts are for the model by which the weights were fitted as for this
    /// one. The cosine of equal texts stays 1.
    pub(super) fn new(spread: f32, unread: f32) -> Self {
        let read = 1.0 - unread;
        Self { factor: spread * read, constant: (1.0 - spread) * read, unread }
    }

    /// The dense part, from a cosine times [`Meaning::factor`] and the share of the query's words that the memory has.
    /// Without a vector there is none.
    pub(super) fn dense(&self, cosine: f32, covered: f32) -> f32 {
        cosine + self.constant + self.unread * covered
    }

    /// Whether the share of words counts.
    pub(super) fn needs_words(&self) -> bool {
        self.unread > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(meaning: Meaning, cosine: f32, covered: f32) -> f32 {
        meaning.dense(cosine * meaning.factor, covered)
    }

    #[test]
    fn the_same_text_is_as_near_whatever_the_model_and_the_script() {
        for (spread, unread) in [(1.0, 0.0), (3.5, 0.0), (1.0, 0.9), (1.0, 1.0), (0.5, 0.3)] {
            assert!((dense(Meaning::new(spread, unread), 1.0, 1.0) - 1.0).abs() < 1e-6, "{spread} {unread}");
        }
    }

    #[test]
    fn cosines_of_a_model_that_keeps_them_close_together_are_drawn_apart() {
        let close = Meaning::new(3.0, 0.0);
        assert!((dense(close, 0.7, 0.0) - 0.1).abs() < 1e-6);
        assert_eq!(close.dense(f32::NEG_INFINITY, 0.5), f32::NEG_INFINITY);
    }
}
