//! Which values does a field have among the memories that match? All of them are read.

use std::num::NonZero;
use std::thread::{self, ScopedJoinHandle, available_parallelism};

use super::engine::Engine;
use super::heads::Among;
use openmemory_calls::facets::Counts;
use openmemory_domain::request::Facets;
use openmemory_rules::Error;
use openmemory_rules::contract::{Control, Faceted};
use openmemory_storage::StorageError;

/// Memories that are worth a thread of their own.
const MIN_SHARE: u64 = 500;
const MAX_THREADS: usize = 4;

impl Engine {
    /// The distinct values of a field, the most frequent first, and those of one frequency in order.
    pub fn facets(&self, request: &Facets, control: &Control) -> Result<Faceted, Error> {
        let among = self.among(request.filter.as_ref(), control)?;
        let threads = available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS) as u64;
        let shares = among.split(MIN_SHARE, threads);
        let Some((own, others)) = shares.split_first() else {
            return Ok(Counts::default().into_faceted(request.limit));
        };
        let counted = thread::scope(|scope| {
            let begun: Vec<_> = others
                .iter()
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

    fn counts(&self, among: &Among, request: &Facets, control: &Control) -> Result<Counts, Error> {
        let (mut counts, now) = (Counts::default(), self.now());
        for head in self.heads_of(among) {
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
