//! How many memories have each value of a field?

use std::cmp::Reverse;
use std::collections::HashMap;

use openmemory_domain::filter::FacetValue;
use openmemory_rules::contract::{Facet, Faceted};
use serde_json::Value;

/// How many memories have each value.
#[derive(Default)]
pub struct Counts {
    texts: HashMap<Box<str>, u64>,
    /// By the bits of the number.
    numbers: HashMap<u64, u64>,
    /// False and true.
    booleans: [u64; 2],
}

impl Counts {
    /// Counts a value of a memory.
    pub fn add(&mut self, value: FacetValue<'_>) {
        match value {
            FacetValue::Text(text) => match self.texts.get_mut(text) {
                Some(count) => *count += 1,
                None => drop(self.texts.insert(text.into(), 1)),
            },
            FacetValue::Number(number) => *self.numbers.entry(number.to_bits()).or_default() += 1,
            FacetValue::Bool(yes) => self.booleans[usize::from(yes)] += 1,
        }
    }

    /// Adds what another share of the memories has.
    pub fn merge(&mut self, other: Self) {
        for (text, count) in other.texts {
            *self.texts.entry(text).or_default() += count;
        }
        for (bits, count) in other.numbers {
            *self.numbers.entry(bits).or_default() += count;
        }
        self.booleans.iter_mut().zip(other.booleans).for_each(|(own, other)| *own += other);
    }

    /// The most frequent values first, and those of one frequency in order.
    pub fn into_faceted(self, limit: usize) -> Faceted {
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

/// 1 is written as it was given, although numbers compare by value.
fn whole_or_not(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() <= openmemory_domain::limits::EXACT_INTEGER as f64 {
        (number as i64).into()
    } else {
        number.into()
    }
}
