//! Who can read what is created? Its owner only, whatever the umask of the process: memories are private.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

use crate::access_list::restrict_to_owner;

#[cfg(unix)]
const OWNER_ONLY: u32 = 0o600;
#[cfg(unix)]
const OWNER_ONLY_DIRECTORY: u32 = 0o700;

/// Creates or truncates a file that only its owner can access.
pub fn create(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().write(true).create(true).truncate(true)).open(path)
}

/// Restricts a file that these options create to its owner. On Windows it inherits what its directory grants.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, OWNER_ONLY);
    options
}

/// Creates a directory and its missing parents, accessible only by their owner.
pub fn create_directory(path: &Path) -> io::Result<()> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let first = if cfg!(windows) { path.ancestors().take_while(is_missing).last() } else { None };
    create_subdirectory(path)?;
    if let Some(first) = first {
        // What is in it inherits this.
        restrict_to_owner(first);
    }
    Ok(())
}

/// Creates a directory in one that [`create_directory`] has made, and its missing parents.
pub fn create_subdirectory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, OWNER_ONLY_DIRECTORY);
    builder.recursive(true).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn files_and_missing_parents_are_created_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let (parent, inner) = (directory.path().join("a"), directory.path().join("a/b"));
        create_directory(&inner).unwrap();
        create(&inner.join("c")).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&parent), mode(&inner), mode(&inner.join("c"))), (0o700, 0o700, 0o600));
    }

    #[test]
    #[cfg(windows)]
    fn others_cannot_read_what_is_created_in_a_new_directory() {
        use std::process::Command;

        let parent = tempfile::tempdir().unwrap();
        let icacls = |path: &Path, arguments: &[&str]| {
            assert!(Command::new("icacls").arg(path).args(arguments).status().unwrap().success());
        };
        // Users, and everyone.
        icacls(parent.path(), &["/grant", "*S-1-5-32-545:(OI)(CI)R", "*S-1-1-0:(OI)(CI)R"]);
        let directory = parent.path().join("a/store");
        create_directory(&directory).unwrap();
        create(&directory.join("file")).unwrap();
        let saved = parent.path().join("access list");
        for path in [parent.path().join("a"), directory.clone(), directory.join("file")] {
            icacls(&path, &["/save", &saved.display().to_string()]);
            // In UTF-16, where OW is the owner, BU are the users and WD is everyone.
            let list = String::from_utf8_lossy(&std::fs::read(&saved).unwrap()).replace('\0', "");
            assert!(list.contains(";OW)") && !list.contains(";BU)") && !list.contains(";WD)"), "{list}");
        }
    }
}
