//! Which values does a field have among the memories that match? All of them are read.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::num::NonZero;
use std::thread::{self, ScopedJoinHandle, available_parallelism};

use super::engine::Engine;
use super::list::scan_range;
use openmemory_domain::filter::FacetValue;
use openmemory_domain::request::{Facets, Order, TimeField};
use openmemory_rules::contract::{Control, Facet, Faceted};
use openmemory_rules::{Error, Number, Rows};
use openmemory_storage::StorageError;
use serde_json::Value;

/// Memories that are worth a thread of their own.
const MIN_SHARE: usize = 500;
const MAX_THREADS: usize = 4;

/// How many memories have each value.
#[derive(Default)]
struct Counts {
    texts: HashMap<Box<str>, u64>,
    /// By the bits of the number.
    numbers: HashMap<u64, u64>,
    /// False and true.
    booleans: [u64; 2],
}

impl Engine {
    /// The distinct values of a field, the most frequent first, and those of one frequency in order.
    pub fn facets(&self, request: &Facets, control: &Control) -> Result<Faceted, Error> {
        let order = Order { by: TimeField::Created, newest_first: false };
        let numbers = self.store.by_time(&scan_range(request.filter.as_ref(), order), order, None);
        let numbers: Vec<Number> =
            numbers.map(|number| control.check().and_then(|()| Ok(number?))).collect::<Result<_, Error>>()?;
        let threads = available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS).min(numbers.len() / MIN_SHARE);
        if threads < 2 {
            return Ok(self.counts(&numbers, request, control)?.into_faceted(request.limit));
        }
        let shares: Vec<&[Number]> = numbers.chunks(numbers.len().div_ceil(threads)).collect();
        let counted: Vec<Result<Counts, Error>> = thread::scope(|scope| {
            let begun: Vec<_> = shares
                .into_iter()
                .map(|share| thread::Builder::new().spawn_scoped(scope, || self.counts(share, request, control)))
                .collect();
            begun.into_iter().map(|thread| joined(thread.map_err(StorageError::from)?)).collect()
        });
        let mut counts = Counts::default();
        for share in counted {
            counts.merge(share?);
        }
        Ok(counts.into_faceted(request.limit))
    }

    fn counts(&self, numbers: &[Number], request: &Facets, control: &Control) -> Result<Counts, Error> {
        let (mut counts, now) = (Counts::default(), self.now());
        for number in numbers {
            control.check()?;
            let Some(head) = self.store.head(*number)? else { continue };
            if !head.is_hidden(request.shown, now) && self.matches(*number, &head, request.filter.as_ref())? {
                request.field.each(&head, &mut |value| counts.add(value));
            }
        }
        Ok(counts)
    }
}

impl Counts {
    fn add(&mut self, value: FacetValue<'_>) {
        match value {
            FacetValue::Text(text) => match self.texts.get_mut(text) {
                Some(count) => *count += 1,
                None => drop(self.texts.insert(text.into(), 1)),
            },
            FacetValue::Number(number) => *self.numbers.entry(number.to_bits()).or_default() += 1,
            FacetValue::Bool(yes) => self.booleans[usize::from(yes)] += 1,
        }
    }

    fn merge(&mut self, other: Self) {
        for (text, count) in other.texts {
            *self.texts.entry(text).or_default() += count;
        }
        for (bits, count) in other.numbers {
            *self.numbers.entry(bits).or_default() += count;
        }
        self.booleans.iter_mut().zip(other.booleans).for_each(|(own, other)| *own += other);
    }

    fn into_faceted(self, limit: usize) -> Faceted {
        let booleans = [false, true].into_iter().zip(self.booleans).filter(|(_, count)| *count > 0);
        let mut values: Vec<Facet> = booleans.map(|(yes, count)| Facet { value: yes.into(), count }).collect();
        let mut numbers: Vec<(f64, u64)> =
            self.numbers.into_iter().map(|(bits, count)| (f64::from_bits(bits), count)).collect();
        numbers.sort_unstable_by(|(one, _), (other, _)| one.total_cmp(other));
        values.extend(numbers.into_iter().map(|(number, count)| Facet { value: whole_or_not(number), count }));
        let mut texts: Vec<(Box<str>, u64)> = self.texts.into_iter().collect();
        texts.sort_unstable();
        values.extend(texts.into_iter().map(|(text, count)| Facet { value: String::from(text).into(), count }));
        values.sort_by_key(|facet| Reverse(facet.count));
        let distinct = values.len();
        values.truncate(limit);
        Faceted { values, distinct }
    }
}

fn joined(thread: ScopedJoinHandle<'_, Result<Counts, Error>>) -> Result<Counts, Error> {
    thread.join().unwrap_or(Err(Error::Internal("counting values panicked")))
}

/// 1 is written as it was given, although numbers compare by value.
fn whole_or_not(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() <= openmemory_domain::limits::EXACT_INTEGER as f64 {
        (number as i64).into()
    } else {
        number.into()
    }
}
