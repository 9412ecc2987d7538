//! How are names mapped to small numbers? Numbers of removed names are reused.

use std::mem::{size_of, take};
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use foldhash::HashMap;

#[derive(Default)]
pub(super) struct Interner<T> {
    ids: HashMap<Arc<str>, u32>,
    values: Vec<(Arc<str>, T)>,
    free: Vec<u32>,
}

impl<T: Default> Interner<T> {
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.ids.get(name).map(|id| &self[*id])
    }

    /// The number of a name, which is assigned if the name is new.
    pub(super) fn id(&mut self, name: &str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let name: Arc<str> = name.into();
        let value = (Arc::clone(&name), T::default());
        let id = match self.free.pop() {
            Some(id) => {
                self.values[id as usize] = value;
                id
            }
            None => {
                self.values.push(value);
                (self.values.len() - 1) as u32
            }
        };
        self.ids.insert(name, id);
        id
    }

    pub(super) fn remove(&mut self, id: u32) {
        let (name, _) = take(&mut self.values[id as usize]);
        self.ids.remove(&name);
        self.free.push(id);
    }

    /// All values, with default values at free numbers.
    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.values.iter().map(|(_, value)| value)
    }

    /// Approximate allocated bytes, without those owned by the values.
    pub(super) fn bytes(&self) -> usize {
        let name = size_of::<(Arc<str>, u32)>() + 24;
        self.ids.len() * name + self.values.capacity() * size_of::<(Arc<str>, T)>()
    }
}

impl<T> Index<u32> for Interner<T> {
    type Output = T;

    fn index(&self, id: u32) -> &T {
        &self.values[id as usize].1
    }
}

impl<T> IndexMut<u32> for Interner<T> {
    fn index_mut(&mut self, id: u32) -> &mut T {
        &mut self.values[id as usize].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_removed_name_is_reused() {
        let mut named: Interner<Vec<u32>> = Interner::default();
        let (tea, cup) = (named.id("tea"), named.id("cup"));
        named[tea].push(1);
        named.remove(tea);
        assert_eq!(named.get("tea"), None);
        assert_eq!(named.id("jar"), tea);
        assert_eq!(named.get("jar"), Some(&vec![]));
        assert_eq!(named.id("cup"), cup);
    }
}
