//! Which values does a field have among the memories that match? All of them are read.

use std::num::NonZero;
use std::thread::{self, ScopedJoinHandle, available_parallelism};

use super::engine::Engine;
use openmemory_calls::facets::Counts;
use openmemory_domain::request::Facets;
use openmemory_rules::contract::{Control, Faceted};
use openmemory_rules::{Error, Number};
use openmemory_storage::StorageError;

/// Memories that are worth a thread of their own.
const MIN_SHARE: usize = 500;
const MAX_THREADS: usize = 4;

impl Engine {
    /// The distinct values of a field, the most frequent first, and those of one frequency in order.
    pub fn facets(&self, request: &Facets, control: &Control) -> Result<Faceted, Error> {
        let numbers = self.numbers_for(request.filter.as_ref(), control)?;
        let threads = available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS).min(numbers.len() / MIN_SHARE);
        if threads < 2 {
            return Ok(self.counts(&numbers, request, control)?.into_faceted(request.limit));
        }
        let (own, others) = numbers.split_at(numbers.len().div_ceil(threads));
        let counted = thread::scope(|scope| {
            let begun: Vec<_> = others
                .chunks(own.len())
                .map(|share| thread::Builder::new().spawn_scoped(scope, || self.counts(share, request, control)))
                .collect();
            let mut counts = self.counts(own, request, control)?;
            for thread in begun {
                counts.merge(joined(thread.map_err(StorageError::from)?)?);
            }
            Ok::<_, Error>(counts)
        });
        let counts = counted?;
        Ok(counts.into_faceted(request.limit))
    }

    fn counts(&self, numbers: &[Number], request: &Facets, control: &Control) -> Result<Counts, Error> {
        let (mut counts, now) = (Counts::default(), self.now());
        for head in self.heads_of(numbers) {
            control.check()?;
            let (number, head) = head?;
            if !head.is_hidden(request.shown, now) && self.matches(number, &head, request.filter.as_ref())? {
                request.field.each(&head, &mut |value| counts.add(value));
            }
        }
        Ok(counts)
    }
}

fn joined(thread: ScopedJoinHandle<'_, Result<Counts, Error>>) -> Result<Counts, Error> {
    thread.join().unwrap_or(Err(Error::Internal("counting values panicked")))
}
