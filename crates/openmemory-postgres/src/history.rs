//! How did a memory reach its current state? Its versions, newest first, each with its changes.

use std::sync::Arc;

use openmemory_domain::Version;
use openmemory_domain::request::History;
use openmemory_rules::contract::{Control, MemoryVersion};
use openmemory_rules::write::current::current;
use openmemory_rules::{Error, Number, Rows};

use crate::store::Tenant;
use crate::workspace::Workspace;

impl Tenant {
    pub(crate) async fn history(
        self: &Arc<Self>,
        request: History,
        control: Arc<Control>,
    ) -> Result<Vec<MemoryVersion>, Error> {
        self.read(Vec::new(), move |rows| {
            let (number, head) = current(rows, &request.id)?;
            let before = request.before.unwrap_or(u64::MAX);
            let newest = (head.number < before).then(|| head.clone());
            // One more than asked for: each version is compared with the one before it.
            let earlier = rows.history_to(number, before.min(head.number), request.limit + 1)?;
            let mut versions = newest.into_iter().chain(earlier).peekable();
            let mut history = Vec::new();
            while history.len() < request.limit
                && let Some(version) = versions.next()
            {
                control.check()?;
                let content = text_of(rows, number, &version)?;
                let changes = match versions.peek() {
                    Some(before) => version.changes_since(&content, (before, &text_of(rows, number, before)?)),
                    None => Vec::new(),
                };
                history.push(MemoryVersion { version, content, changes });
            }
            Ok(history)
        })
        .await
    }
}

fn text_of(rows: &Workspace<'_>, number: Number, version: &Version) -> Result<String, Error> {
    let missing = || Error::NotFound { id: version.id.clone(), tombstone: None };
    rows.content(number, version.content)?.ok_or_else(missing)
}
