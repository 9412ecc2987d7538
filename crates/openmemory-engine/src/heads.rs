//! How are the newest versions of many memories read? In one scan if their numbers are close, which takes a third of the time
//! of reading each by its key.

use super::engine::Engine;
use super::list::scan_range;
use openmemory_domain::Version;
use openmemory_domain::filter::Filter;
use openmemory_domain::request::{Order, TimeField};
use openmemory_rules::contract::Control;
use openmemory_rules::{Error, Number, Rows};

/// Numbers in a range for each that is wanted, up to which a scan is faster.
const MAX_SPREAD: u64 = 3;

impl Engine {
    /// The numbers of the memories that a filter may match, sorted.
    pub(super) fn numbers_for(&self, filter: Option<&Filter>, control: &Control) -> Result<Vec<Number>, Error> {
        let order = Order { by: TimeField::Created, newest_first: false };
        let numbers = self.store.by_time(&scan_range(filter, order), order, None);
        let mut numbers: Vec<Number> =
            numbers.map(|number| control.check().and_then(|()| Ok(number?))).collect::<Result<_, Error>>()?;
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The newest versions of the memories with these numbers, which are sorted; those that are gone are left out.
    pub(super) fn heads_of<'a>(
        &'a self,
        numbers: &'a [Number],
    ) -> Box<dyn Iterator<Item = Result<(Number, Version), Error>> + 'a> {
        if let [first, .., last] = numbers
            && (last.0 - first.0) / MAX_SPREAD < numbers.len() as u64
        {
            let mut wanted = numbers.iter().peekable();
            let heads = self.store.heads_between(*first, *last).filter(move |head| match head {
                Ok((number, _)) => {
                    while wanted.next_if(|next| *next < number).is_some() {}
                    wanted.next_if_eq(&number).is_some()
                }
                Err(_) => true,
            });
            return Box::new(heads.map(|head| Ok(head?)));
        }
        let read = |number: &Number| Ok(self.store.head(*number)?.map(|head| (*number, head)));
        Box::new(numbers.iter().filter_map(move |number| read(number).transpose()))
    }
}
