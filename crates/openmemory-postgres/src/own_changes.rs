//! How does a partition in memory follow a commit of its own process? By what the commit has written, without asking the
//! database for it again.

use openmemory_domain::ModelTag;
use openmemory_rules::Error;

use crate::partitions::{Change, HotPartitions, Indexed};
use crate::rows;
use crate::workspace::{Key, Workspace};

/// Brings partitions up to a commit. Where it does not know a memory in full, the next search asks the database.
pub(crate) fn follow(partitions: &HotPartitions, workspace: &Workspace<'_>, tag: ModelTag) {
    for (scope, clocks, numbers) in workspace.moved() {
        let changes = || {
            let known: Result<Option<Vec<Change>>, Error> =
                numbers.into_iter().map(|number| change(workspace, number)).collect();
            known.ok().flatten()
        };
        partitions.follow_own(scope, clocks, changes, tag);
    }
}

/// `None` if the commit does not know all of it.
fn change(workspace: &Workspace<'_>, number: u64) -> Result<Option<Change>, Error> {
    let (head, entry, dynamics) = (Key::Head(number), Key::Entry(number), Key::Dynamics(number));
    if !workspace.knows(&head) {
        return Ok(None);
    }
    let Some(head) = workspace.row(&head)? else { return Ok(Some((number, None))) };
    if !workspace.knows(&entry) || !workspace.knows(&dynamics) {
        return Ok(None);
    }
    let (Some(entry), Some(dynamics)) = (workspace.row(&entry)?, workspace.row(&dynamics)?) else { return Ok(None) };
    let (version, text) = (rows::version(&head)?, rows::entry(&entry)?);
    Ok(Some((number, Some(Indexed { version, text, dynamics: rows::dynamics(&dynamics)? }))))
}
