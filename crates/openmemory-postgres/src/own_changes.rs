//! How does a partition in memory follow a commit of its own process? By what the commit has written, without asking the
//! database for it again.

use openmemory_domain::ModelTag;
use openmemory_rules::Error;

use crate::partitions::{Change, HotPartitions, Indexed};
use crate::rows;
use crate::workspace::{Key, Workspace};

/// Brings partitions up to a commit. Those that are not at the clock before it, and those of memories that the commit does not
/// know in full, ask the database at the next search.
pub(crate) fn follow(partitions: &HotPartitions, workspace: &Workspace<'_>, tag: ModelTag) {
    for (scope, before, after, numbers) in workspace.moved() {
        let Some(hot) = partitions.loaded(scope, before) else { continue };
        let changes: Result<Option<Vec<Change>>, Error> =
            numbers.into_iter().map(|number| change(workspace, number).map(|known| Some((number, known?)))).collect();
        if let Ok(Some(changes)) = changes {
            hot.follow_own(before, after, &changes, tag);
        }
    }
}

/// `None` if the commit does not know all of it.
fn change(workspace: &Workspace<'_>, number: u64) -> Result<Option<Option<Indexed>>, Error> {
    let keys = [Key::Head(number), Key::Entry(number), Key::Dynamics(number)];
    if !workspace.knows(&keys[0]) {
        return Ok(None);
    }
    let Some(head) = workspace.row(&keys[0])? else { return Ok(Some(None)) };
    if !keys.iter().all(|key| workspace.knows(key)) {
        return Ok(None);
    }
    let (Some(entry), Some(dynamics)) = (workspace.row(&keys[1])?, workspace.row(&keys[2])?) else { return Ok(None) };
    let (version, text) = (rows::version(&head)?, rows::entry(&entry)?);
    Ok(Some(Some(Indexed { version, text, dynamics: rows::dynamics(&dynamics)? })))
}
