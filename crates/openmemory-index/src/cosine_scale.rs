//! How does a cosine become a feature? Models spread their cosines differently, and cannot compare scripts that they do
//! not read.

/// The mean of the dense feature in the data that the weights were fitted to.
const USUAL_DENSE: f32 = 0.114;

/// What [`USUAL_DENSE`] falls by for each 1 by which the contrast exceeds 1: what tells more speaks for a stranger more, too.
/// Fitted with the contrast of the multilingual model (ADR 109).
const CAUTION: f32 = 0.67;

/// What the background is in languages of the Latin script that a model of English does not know: 0.14 in German, 0.23 in
/// Spanish, 0.37 in Turkish.
const FOREIGN_BACKGROUND: f32 = 0.25;

/// Maps the cosines of a query to the dense feature.
#[derive(Debug, Clone, Copy)]
pub(super) struct CosineScale {
    /// The factor for cosines.
    pub(super) factor: f32,
    constant: f32,
    /// The share of the query that the model cannot read. For this share the coverage of the query's words replaces the
    /// cosine, so that equal texts score the same in every script.
    unread: f32,
    /// The dense feature that is no background.
    usual: f32,
}

impl CosineScale {
    /// `spread`: how many times as far apart unrelated texts are for the model that the weights were fitted to as for
    /// this model. `echo`: the cosine of equal texts, one of them as a query; they get 1.
    pub(super) fn new(spread: f32, echo: f32, unread: f32) -> Self {
        let read = 1.0 - unread;
        Self { factor: spread / echo * read, constant: (1.0 - spread) * read, unread, usual: USUAL_DENSE }
    }

    /// `contrast`: how much more a difference of two cosines tells than the same difference of the model that the weights
    /// were fitted to.
    pub(super) fn with_contrast(spread: f32, contrast: f32, echo: f32, unread: f32) -> Self {
        let usual = USUAL_DENSE - CAUTION * (contrast - 1.0);
        Self { usual, ..Self::new(spread * contrast, echo, unread) }
    }

    /// The dense feature, from a cosine times [`CosineScale::factor`] and the share of the query's words that the
    /// memory has. Negative infinity without a vector.
    pub(super) fn dense(&self, cosine: f32, coverage: f32) -> f32 {
        cosine + self.constant + self.unread * coverage
    }

    /// How much nearer to the query, by the dense feature, an average memory is than in the data that the weights were
    /// fitted to, from the mean cosine of all memories. Texts of one language or subject are nearer to each other
    /// than others are, whatever the query asks. Only as far as the model reads the query: elsewhere mostly words count.
    pub(super) fn background(&self, mean_cosine: f32) -> f32 {
        let read = 1.0 - self.unread;
        read * (mean_cosine * self.factor + self.constant - self.usual * read)
    }

    /// The cosine, times [`CosineScale::factor`], that stands for a vector that a memory does not have: it says nothing for
    /// the memory and nothing against it, as that of an average one. `background` is that of the scope.
    pub(super) fn of_nothing(&self, background: f32) -> f32 {
        let read = 1.0 - self.unread;
        if read > 0.0 { background / read + self.usual * read - self.constant } else { 0.0 }
    }

    /// What the background is likely to be, before any memory is looked at.
    pub(super) fn likely_background(&self, is_foreign: bool) -> f32 {
        if is_foreign { FOREIGN_BACKGROUND * (1.0 - self.unread) } else { 0.0 }
    }

    /// Whether the coverage of words is used.
    pub(super) fn needs_coverage(&self) -> bool {
        self.unread > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(scale: CosineScale, cosine: f32, coverage: f32) -> f32 {
        scale.dense(cosine * scale.factor, coverage)
    }

    #[test]
    fn equal_texts_score_the_same_for_all_models_and_scripts() {
        for (spread, unread) in [(1.0, 0.0), (3.5, 0.0), (1.0, 0.9), (1.0, 1.0), (0.5, 0.3)] {
            for echo in [1.0, 0.9] {
                let scale = CosineScale::new(spread, echo, unread);
                assert!((dense(scale, echo, 1.0) - 1.0).abs() < 1e-6, "{spread} {echo} {unread}");
            }
        }
    }

    #[test]
    fn the_background_is_0_for_cosines_as_usual_and_for_scripts_that_the_model_cannot_read() {
        assert!(CosineScale::new(1.0, 1.0, 0.0).background(USUAL_DENSE).abs() < 1e-6);
        assert!((CosineScale::new(1.0, 1.0, 0.0).background(0.514) - 0.4).abs() < 1e-6);
        assert!((CosineScale::new(1.0, 1.0, 0.5).background(0.514) - 0.1).abs() < 1e-6);
        assert!(CosineScale::new(1.0, 1.0, 1.0).background(0.514).abs() < 1e-6);
    }

    #[test]
    fn what_has_no_vector_is_as_near_as_an_average_memory() {
        for (spread, unread) in [(1.0, 0.0), (4.0, 0.0), (4.0, 0.5), (0.5, 0.9)] {
            let scale = CosineScale::with_contrast(spread, 1.2, 0.9, unread);
            for mean in [0.0, 0.1, 0.8] {
                let (nothing, average) = (scale.of_nothing(scale.background(mean)), mean * scale.factor);
                assert!((nothing - average).abs() < 1e-4, "{spread} {unread} {mean}: {nothing} {average}");
            }
        }
        assert_eq!(CosineScale::new(1.0, 1.0, 1.0).of_nothing(0.0), 0.0);
    }

    #[test]
    fn a_contrast_spreads_further_and_leaves_equal_texts_equal() {
        let (plain, more) = (CosineScale::new(4.0, 0.9, 0.0), CosineScale::with_contrast(4.0, 1.2, 0.9, 0.0));
        assert!((dense(more, 0.9, 0.0) - 1.0).abs() < 1e-5);
        let apart = |scale| dense(scale, 0.85, 0.0) - dense(scale, 0.75, 0.0);
        assert!((apart(more) / apart(plain) - 1.2).abs() < 1e-5);
        // What is usual without a contrast is a background with one, before the spread.
        assert!((more.background(0.9) - (plain.background(0.9) + 0.2 * CAUTION)).abs() < 1e-5);
    }

    #[test]
    fn narrow_cosines_are_spread() {
        let close = CosineScale::new(3.0, 1.0, 0.0);
        assert!((dense(close, 0.7, 0.0) - 0.1).abs() < 1e-6);
        assert_eq!(close.dense(f32::NEG_INFINITY, 0.5), f32::NEG_INFINITY);
    }
}
