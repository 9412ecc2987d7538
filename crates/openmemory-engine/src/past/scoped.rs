//! How does a search see current and replaced texts together?

use std::sync::Arc;

use openmemory_calls::past_texts::PastTexts;
use openmemory_index::Partition;
use openmemory_rules::{Error, Number};
use openmemory_storage::Store;

use super::resident::{Past, Resident};
use crate::partitions::{Scoped, ScopedError, User};

/// What a number that a search has found stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FoundText {
    Current(Number),
    Replaced(Number),
}

impl FoundText {
    pub(crate) fn memory(self) -> Number {
        match self {
            Self::Current(number) | Self::Replaced(number) => number,
        }
    }
}

/// The partitions of some users, and those of their replaced texts.
pub(crate) struct ScopedPast<'a> {
    current: &'a Scoped<'a>,
    residents: Vec<Arc<Resident>>,
}

impl<'a> ScopedPast<'a> {
    /// Loads what is missing; blocks.
    pub(crate) fn of(current: &'a Scoped<'a>, past: &Arc<Past>, store: &Store) -> Result<Self, Error> {
        let users = current.users();
        let of = |user: &User| past.of(store, user, || current.numbers(user));
        Ok(Self { current, residents: users.iter().map(of).collect::<Result<_, _>>()? })
    }

    /// Only current texts.
    pub(crate) fn without(current: &'a Scoped<'a>) -> Self {
        Self { current, residents: Vec::new() }
    }

    /// What was found, unless a commit has replaced it meanwhile.
    pub(crate) fn text(&self, found: u64) -> Option<FoundText> {
        if !PastTexts::is_past(found) {
            return Some(FoundText::Current(Number(found)));
        }
        let memory = self.residents.iter().find_map(|resident| resident.texts().as_ref()?.memory(found));
        memory.map(FoundText::Replaced)
    }
}

impl openmemory_index::Partitions for ScopedPast<'_> {
    type Error = ScopedError;

    fn each(&self, visit: &mut dyn FnMut(&Partition)) -> Result<(), ScopedError> {
        self.current.each(visit)?;
        for resident in &self.residents {
            if let Some(texts) = &*resident.texts() {
                visit(texts.partition());
            }
        }
        Ok(())
    }
}
