//! Which memories contain a term, and how often?

use std::mem::size_of;

use super::interner::Interner;

/// Packed into six bytes, because postings outnumber everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, packed(2))]
pub(super) struct Posting {
    pub(super) slot: u32,
    pub(super) count: u16,
}

/// Posting lists by term, sorted by slot, and the terms of each slot, so that a memory can be removed.
#[derive(Default)]
pub(super) struct Postings {
    lists: Interner<Vec<Posting>>,
    slots: Vec<Box<[u32]>>,
    postings: usize,
}

impl Postings {
    pub(super) fn of(&self, term: &str) -> &[Posting] {
        self.lists.get(term).map_or(&[], Vec::as_slice)
    }

    /// Replaces the terms of a slot. Terms must be distinct.
    pub(super) fn replace<'t>(&mut self, slot: u32, terms: impl Iterator<Item = (&'t str, u16)>) {
        self.remove(slot);
        let ids: Box<[u32]> = terms.map(|(term, count)| self.insert(term, Posting { slot, count })).collect();
        self.postings += ids.len();
        let index = slot as usize;
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, Box::default);
        }
        self.slots[index] = ids;
    }

    pub(super) fn remove(&mut self, slot: u32) {
        let Some(ids) = self.slots.get_mut(slot as usize).map(std::mem::take) else { return };
        self.postings -= ids.len();
        for id in ids {
            let list = &mut self.lists[id];
            if let Ok(at) = list.binary_search_by_key(&slot, |posting| posting.slot) {
                list.remove(at);
            }
            if list.is_empty() {
                self.lists.remove(id);
            }
        }
    }

    fn insert(&mut self, term: &str, posting: Posting) -> u32 {
        let id = self.lists.id(term);
        let postings = &mut self.lists[id];
        // Slot numbers mostly rise, so most postings are appended.
        match postings.last() {
            Some(last) if last.slot > posting.slot => {
                let at = postings.partition_point(|other| other.slot < posting.slot);
                postings.insert(at, posting);
            }
            _ => postings.push(posting),
        }
        id
    }

    /// Approximate allocated bytes.
    pub(super) fn bytes(&self) -> usize {
        self.lists.bytes()
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
    fn replacing_a_memory_removes_its_old_postings() {
        let mut postings = Postings::default();
        postings.replace(2, [("tea", 1), ("cup", 2)].into_iter());
        postings.replace(0, [("tea", 1)].into_iter());
        assert_eq!(slots(&postings, "tea"), [0, 2]);
        postings.replace(2, [("coffee", 1)].into_iter());
        assert_eq!(slots(&postings, "tea"), [0]);
        assert!(slots(&postings, "cup").is_empty());
        assert_eq!(slots(&postings, "coffee"), [2]);
    }

    #[test]
    fn removed_memories_leave_no_postings() {
        let mut postings = Postings::default();
        for slot in 0..100 {
            postings.replace(slot, [(format!("word{slot}").as_str(), 1), ("common", 1)].into_iter());
        }
        (0..100).for_each(|slot| postings.remove(slot));
        assert!(postings.of("common").is_empty());
        assert_eq!(postings.postings, 0);
        postings.replace(5, [("new", 1)].into_iter());
        assert_eq!(postings.lists.all().count(), 101, "freed lists are used again");
    }
}
