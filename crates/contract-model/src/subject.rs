//! What does a test provide? A store, or several of the same memories, that can be opened again.

use crate::calls::Calls;
use crate::clock::ManualClock;
use crate::rng::Rng;

pub trait Subject: Sized {
    /// The store that the next operation goes to.
    fn calls(&self, rng: &mut Rng) -> Calls;

    /// The clock of all its stores.
    fn clock(&self) -> &ManualClock;

    /// The same memories, in stores that have been closed and opened.
    fn reopened(self) -> impl Future<Output = Self>;

    /// Stores of the same kind without memories.
    fn empty(&self) -> impl Future<Output = Self>;
}
