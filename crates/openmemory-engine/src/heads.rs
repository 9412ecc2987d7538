//! How are the newest versions of many memories read? In one scan if their numbers are close, which takes a third of the time
//! of reading each by its key.

use super::engine::Engine;
use super::list::scan_range;
use openmemory_domain::Version;
use openmemory_domain::filter::Filter;
use openmemory_domain::request::{Order, TimeField};
use openmemory_rules::contract::Control;
use openmemory_rules::{Error, Number, Rows};
use openmemory_storage::ScanRange;

/// Numbers in a range for each that is wanted, up to which a scan is faster.
const MAX_SPREAD: u64 = 3;
/// Memories that are tried before an index is read: if all of them match, the index would leave out little, and reading it
/// takes a third of the time of reading all memories.
const TRIED: u64 = 8;
/// The golden ratio as a share of 2^64. Its multiples are spread evenly over a range, and meet no period of it.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Memories among which all matches are.
pub(super) enum Among {
    /// All whose numbers are from the first to the last one.
    Between(Number, Number),
    /// These, which are sorted.
    These(Vec<Number>),
}

impl Among {
    /// The same memories in shares of at least so many, up to `most` of them.
    pub(super) fn split(self, at_least: u64, most: u64) -> Vec<Self> {
        let memories = match &self {
            Self::Between(first, last) => last.0 - first.0 + 1,
            Self::These(numbers) => numbers.len() as u64,
        };
        let size = memories.div_ceil(most).max(at_least);
        match self {
            Self::Between(first, last) => (first.0..=last.0)
                .step_by(size as usize)
                .map(|begin| Self::Between(Number(begin), Number(last.0.min(begin + size - 1))))
                .collect(),
            Self::These(numbers) => numbers.chunks(size as usize).map(|some| Self::These(some.to_vec())).collect(),
        }
    }
}

impl Engine {
    /// The memories that a filter may match.
    pub(super) fn among(&self, filter: Option<&Filter>, control: &Control) -> Result<Among, Error> {
        let order = Order { by: TimeField::Created, newest_first: false };
        let range = scan_range(filter, order);
        let end = self.store.next_number()?;
        if range == ScanRange::All || self.most_match(filter, end) {
            return Ok(Among::Between(Number(0), end));
        }
        let numbers = self.store.by_time(&range, order, None);
        let mut numbers: Vec<Number> =
            numbers.map(|number| control.check().and_then(|()| Ok(number?))).collect::<Result<_, Error>>()?;
        numbers.sort_unstable();
        Ok(Among::These(numbers))
    }

    /// Whether some memories, from all over the store, all match.
    fn most_match(&self, filter: Option<&Filter>, end: Number) -> bool {
        if end.0 < TRIED * TRIED {
            return false;
        }
        (1..=TRIED).all(|at| {
            let share = u128::from(STEP.wrapping_mul(at)) * u128::from(end.0);
            let tried = self.store.heads_between(Number((share >> 64) as u64), end).next();
            // What cannot be read may be none of those that match.
            matches!(tried, Some(Ok((number, head))) if self.matches(number, &head, filter).unwrap_or(false))
        })
    }

    /// The newest versions of these memories; those that are gone are left out.
    pub(super) fn heads_of<'a>(
        &'a self,
        among: &'a Among,
    ) -> Box<dyn Iterator<Item = Result<(Number, Version), Error>> + 'a> {
        match among {
            Among::Between(first, last) => Box::new(self.store.heads_between(*first, *last).map(|head| Ok(head?))),
            Among::These(numbers) => match **numbers {
                [first, .., last] if (last.0 - first.0) / MAX_SPREAD < numbers.len() as u64 => {
                    let mut wanted = numbers.iter().peekable();
                    let heads = self.store.heads_between(first, last).filter(move |head| match head {
                        Ok((number, _)) => {
                            while wanted.next_if(|next| *next < number).is_some() {}
                            wanted.next_if_eq(&number).is_some()
                        }
                        Err(_) => true,
                    });
                    Box::new(heads.map(|head| Ok(head?)))
                }
                _ => {
                    let read = |number: &Number| Ok(self.store.head(*number)?.map(|head| (*number, head)));
                    Box::new(numbers.iter().filter_map(move |number| read(number).transpose()))
                }
            },
        }
    }
}
