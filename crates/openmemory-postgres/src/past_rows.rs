//! How is the past of many memories read together? In one round trip for each scope, after which nothing more of them is
//! asked for one by one.

use std::collections::HashMap;

use openmemory_domain::Version;
use openmemory_rules::{Error, Number};

use crate::rows;
use crate::scope_key::ScopeKey;
use crate::session::Request;
use crate::workspace::{Key, Workspace, hash};

impl Workspace<'_> {
    /// Records the newest version, all replaced ones, and the texts and vectors of each, of these memories of a scope.
    pub(crate) fn know_past(&self, scope: ScopeKey, numbers: &[i64]) -> Result<(), Error> {
        let request = |sql| Request::new(sql, vec![Box::new(scope), Box::new(numbers.to_vec())]);
        // Replaced vectors after current ones, and texts after versions, so that what is replaced meanwhile is among them.
        let order = [rows::WRITTEN, rows::PAST_ENTRIES, rows::PAST_VERSIONS, rows::PAST_EMBEDDINGS, rows::PAST_TEXTS];
        let replies = self.session().pipeline(&order.map(request))?;
        let [written, entries, versions, embeddings, texts] = &replies[..] else {
            return Err(Error::Internal("a reply to another request"));
        };
        self.know_written(scope, written)?;
        for row in entries {
            self.know(Key::Entry(row.get::<_, i64>(0) as u64), Some(row.get(1)));
        }
        for row in embeddings {
            self.know(Key::Replaced(row.get::<_, i64>(0) as u64, hash(row.get(1))?), Some(row.get(2)));
        }
        for row in texts {
            self.know(Key::Text(row.get::<_, i64>(0) as u64, hash(row.get(1))?), Some(row.get(2)));
        }
        let mut histories: HashMap<u64, Vec<Version>> = HashMap::new();
        for row in versions {
            histories.entry(row.get::<_, i64>(0) as u64).or_default().push(rows::version(row.get(1))?);
        }
        for number in numbers.iter().map(|number| *number as u64) {
            self.know_scope(Number(number), scope);
            // A memory that was deleted has no rows.
            self.know(Key::Head(number), None);
            self.know(Key::Dynamics(number), None);
            self.know(Key::Entry(number), None);
            let history = histories.remove(&number).unwrap_or_default();
            for version in &history {
                self.know(Key::Replaced(number, version.content), None);
                self.know(Key::Text(number, version.content), None);
            }
            self.know_history(Number(number), history);
        }
        Ok(())
    }
}
