//! Which files does the manifest no longer need?

use std::io;
use std::path::Path;

use crate::error::StorageError;
use crate::files::disk;
use crate::files::layout::Layout;
use crate::files::manifest::Manifest;

/// Removes log segments and checkpoints that the manifest does not need. Nothing reads them, so what is in use stays until
/// the next checkpoint or opening.
pub(crate) fn prune(layout: &Layout, manifest: &Manifest) -> Result<(), StorageError> {
    prune_with(layout, manifest, disk::remove_file)
}

fn prune_with(
    layout: &Layout,
    manifest: &Manifest,
    remove: impl Fn(&Path) -> io::Result<()>,
) -> Result<(), StorageError> {
    for first in layout.logs()?.into_iter().filter(|first| *first < manifest.oldest) {
        disk::unless_in_use(remove(&layout.log(first)))?;
    }
    let kept = manifest.checkpoint.map(|state| state.sequence);
    for sequence in layout.checkpoints()?.into_iter().filter(|sequence| Some(*sequence) != kept) {
        disk::unless_in_use(remove(&layout.checkpoint(sequence)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use openmemory_domain::Timestamp;

    use super::*;
    use crate::files::manifest::Session;

    #[test]
    fn a_file_in_use_stays_until_the_next_time_and_does_not_keep_others() {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path());
        for path in [layout.log(1), layout.log(5), layout.log(9), layout.checkpoint(3)] {
            std::fs::write(path, "").unwrap();
        }
        let made = Manifest::new([0; 16], Timestamp::from_millis(0), Session::Backup);
        let manifest = Manifest { oldest: 9, newest: 9, ..made };
        let in_use = [layout.log(1), layout.checkpoint(3)];
        let refuse = |path: &Path| match in_use.contains(&path.to_owned()) {
            true => Err(io::ErrorKind::ResourceBusy.into()),
            false => disk::remove_file(path),
        };
        prune_with(&layout, &manifest, refuse).unwrap();
        assert_eq!((layout.logs().unwrap(), layout.checkpoints().unwrap()), (vec![1, 9], vec![3]));
        let refuse = |_: &Path| Err(io::ErrorKind::PermissionDenied.into());
        assert!(prune_with(&layout, &manifest, refuse).is_err());
        prune(&layout, &manifest).unwrap();
        assert_eq!((layout.logs().unwrap(), layout.checkpoints().unwrap()), (vec![9], vec![]));
    }
}
