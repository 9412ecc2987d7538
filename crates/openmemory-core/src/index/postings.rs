//! Which memories have a term, and how often?

use std::collections::HashMap;
use std::mem::size_of;
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Posting {
    pub(super) slot: u32,
    pub(super) count: u16,
}

/// Lists by term, each in the order of slots; and the terms of each slot, so that a memory can leave its lists.
#[derive(Default)]
pub(super) struct Postings {
    ids: HashMap<Arc<str>, u32>,
    lists: Vec<List>,
    free: Vec<u32>,
    slots: Vec<Box<[u32]>>,
    postings: usize,
}

#[derive(Default)]
struct List {
    term: Arc<str>,
    postings: Vec<Posting>,
}

impl Postings {
    pub(super) fn of(&self, term: &str) -> &[Posting] {
        self.ids.get(term).map_or(&[], |id| &self.lists[*id as usize].postings)
    }

    /// Makes `terms` all that a slot is found by; each different term once.
    pub(super) fn replace(&mut self, slot: u32, terms: &[(String, u16)]) {
        self.remove(slot);
        let ids: Box<[u32]> =
            terms.iter().map(|(term, count)| self.insert(term, Posting { slot, count: *count })).collect();
        self.postings += ids.len();
        let place = slot as usize;
        if place >= self.slots.len() {
            self.slots.resize_with(place + 1, Box::default);
        }
        self.slots[place] = ids;
    }

    pub(super) fn remove(&mut self, slot: u32) {
        let Some(ids) = self.slots.get_mut(slot as usize).map(std::mem::take) else { return };
        self.postings -= ids.len();
        for id in ids {
            let list = &mut self.lists[id as usize];
            if let Ok(at) = list.postings.binary_search_by_key(&slot, |posting| posting.slot) {
                list.postings.remove(at);
            }
            if list.postings.is_empty() {
                let List { term, .. } = std::mem::take(list);
                self.ids.remove(&term);
                self.free.push(id);
            }
        }
    }

    fn insert(&mut self, term: &str, posting: Posting) -> u32 {
        let id = match self.ids.get(term) {
            Some(id) => *id,
            None => self.new_list(term),
        };
        let postings = &mut self.lists[id as usize].postings;
        // Numbers rise as memories come, so the end is where most belong.
        match postings.last() {
            Some(last) if last.slot > posting.slot => {
                let at = postings.partition_point(|other| other.slot < posting.slot);
                postings.insert(at, posting);
            }
            _ => postings.push(posting),
        }
        id
    }

    fn new_list(&mut self, term: &str) -> u32 {
        let term: Arc<str> = term.into();
        let list = List { term: Arc::clone(&term), postings: Vec::new() };
        let id = match self.free.pop() {
            Some(id) => {
                self.lists[id as usize] = list;
                id
            }
            None => {
                self.lists.push(list);
                (self.lists.len() - 1) as u32
            }
        };
        self.ids.insert(term, id);
        id
    }

    /// Allocated bytes, roughly.
    pub(super) fn bytes(&self) -> usize {
        let term = size_of::<(Arc<str>, u32)>() + size_of::<List>() + 24;
        self.ids.len() * term
            + self.postings * (size_of::<Posting>() + size_of::<u32>())
            + self.slots.capacity() * size_of::<Box<[u32]>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(postings: &Postings, term: &str) -> Vec<u32> {
        postings.of(term).iter().map(|posting| posting.slot).collect()
    }

    #[test]
    fn a_replaced_memory_leaves_its_old_lists() {
        let mut postings = Postings::default();
        postings.replace(2, &[("tea".into(), 1), ("cup".into(), 2)]);
        postings.replace(0, &[("tea".into(), 1)]);
        assert_eq!(slots(&postings, "tea"), [0, 2]);
        postings.replace(2, &[("coffee".into(), 1)]);
        assert_eq!(slots(&postings, "tea"), [0]);
        assert!(slots(&postings, "cup").is_empty());
        assert_eq!(slots(&postings, "coffee"), [2]);
    }

    #[test]
    fn nothing_is_left_of_removed_memories() {
        let mut postings = Postings::default();
        for slot in 0..100 {
            postings.replace(slot, &[(format!("word{slot}"), 1), ("common".into(), 1)]);
        }
        (0..100).for_each(|slot| postings.remove(slot));
        assert!(postings.ids.is_empty());
        assert_eq!(postings.postings, 0);
        postings.replace(5, &[("new".into(), 1)]);
        assert_eq!(postings.lists.len(), 101, "freed lists are used again");
    }
}
