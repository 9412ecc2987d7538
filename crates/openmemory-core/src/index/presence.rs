//! What does ranking need of a memory's dynamics?

use crate::domain::{Dynamics, Feedback, Salience};

#[derive(Debug, Clone, Copy)]
pub(super) struct Presence {
    pub(super) salience: Salience,
    pub(super) feedback: Option<Feedback>,
}

impl Presence {
    pub(super) fn of(dynamics: &Dynamics) -> Self {
        Self { salience: dynamics.salience(), feedback: dynamics.feedback }
    }
}
