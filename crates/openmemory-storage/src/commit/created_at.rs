//! What changes when a memory's `created_at` does? Every marker that is ordered by it.

use crate::commit::transaction::Transaction;
use crate::rows::keys;
use openmemory_domain::Version;
use openmemory_rules::Number;

impl Transaction<'_> {
    /// Moves the markers of `current`, its tags included, to where `next` has them.
    pub(crate) fn move_created(&mut self, number: Number, current: &Version, next: &Version) {
        for key in markers(number, current) {
            self.unmark(key);
        }
        for key in markers(number, next) {
            self.mark(key);
        }
    }
}

fn markers(number: Number, version: &Version) -> Vec<Vec<u8>> {
    let at = version.created_at;
    let scopes = version.scope.fields().into_iter().filter_map(|(field, value)| Some((field, value?)));
    let mut keys = vec![keys::created(at, number)];
    keys.extend(scopes.map(|(field, value)| keys::scope(field, value, at, number)));
    keys.extend(version.tags.distinct().into_iter().map(|tag| keys::tag(tag, at, number)));
    keys
}
