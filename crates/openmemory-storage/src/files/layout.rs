//! Where are the files of a store?

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::error::StorageError;
use crate::files::disk::{DirectoryHandle, bytes_below};

/// The version of everything on disk; docs/internals/format.md describes it.
pub(crate) const FORMAT_VERSION: u32 = 2;

/// Rejects files of a version that cannot be read. Those of version 1 differ in their rows only, which are upgraded when
/// the store is opened.
pub(crate) fn check_version(found: u32) -> Result<(), StorageError> {
    match found {
        1 | FORMAT_VERSION => Ok(()),
        _ => Err(StorageError::FormatUnsupported { found, supported: FORMAT_VERSION }),
    }
}

/// Random bytes in every file of a store, so that files of different stores cannot be mixed up.
pub(crate) type StoreId = [u8; 16];

/// The prefix of the doctor's scratch directories.
pub(crate) const SCRATCH: &str = "doctor-";
/// The directory in which a repair creates the new store.
pub(crate) const REPAIRED: &str = "repaired.new";
/// The prefix of quarantine directories for damaged files.
pub(crate) const DAMAGED: &str = "damaged-";

/// Files that the server keeps in the directory of its own store.
const SERVER_FILES: [&str; 3] = ["tenants", "keys.json", "keys.lock"];

const SLED: &str = "sled-";
const LOG: &str = "log-";
const CHECKPOINT: &str = "checkpoint-";

/// The directory of a store.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    directory: PathBuf,
    /// Kept open after first use, so that names can be synced even if the process runs out of file descriptors.
    handle: Arc<OnceLock<DirectoryHandle>>,
}

/// Whether there is a store in a directory, open or not.
pub fn is_store(directory: &Path) -> bool {
    Layout::new(directory).manifest().exists()
}

impl Layout {
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), handle: Arc::default() }
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Makes the names in the directory durable.
    pub(crate) fn sync_names(&self) -> io::Result<()> {
        if self.handle.get().is_none() {
            // If another thread was faster, this descriptor is closed again.
            let _ = self.handle.set(DirectoryHandle::open(&self.directory)?);
        }
        self.handle.get().map_or(Ok(()), DirectoryHandle::sync)
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.directory.join("lock")
    }

    pub(crate) fn manifest(&self) -> PathBuf {
        self.directory.join("manifest")
    }

    /// The directory of a sled tree. Every new tree gets the next number.
    pub(crate) fn sled(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{SLED}{number:016x}"))
    }

    /// The log segment whose first commit has this sequence.
    pub(crate) fn log(&self, first: u64) -> PathBuf {
        self.directory.join(format!("{LOG}{first:016x}"))
    }

    /// The file with the number of the last acknowledged commit.
    pub(crate) fn acknowledged(&self) -> PathBuf {
        self.directory.join("acknowledged")
    }

    /// Exists while sled's files are open but the manifest does not say so yet. If a process is killed in this state,
    /// changed files are no sign of damage.
    pub(crate) fn opening(&self) -> PathBuf {
        self.directory.join("opening")
    }

    /// A prepared log segment that is not in use yet.
    pub(crate) fn spare(&self) -> PathBuf {
        self.directory.join("spare")
    }

    /// The temporary name of a new segment.
    pub(crate) fn next_log(&self) -> PathBuf {
        self.directory.join("log.new")
    }

    /// The checkpoint that includes all commits up to a sequence.
    pub(crate) fn checkpoint(&self, sequence: u64) -> PathBuf {
        self.directory.join(format!("{CHECKPOINT}{sequence:016x}"))
    }

    pub(crate) fn sleds(&self) -> io::Result<Vec<u64>> {
        self.numbered(SLED)
    }

    /// The first sequences of the log segments, in order.
    pub(crate) fn logs(&self) -> io::Result<Vec<u64>> {
        self.numbered(LOG)
    }

    pub(crate) fn checkpoints(&self) -> io::Result<Vec<u64>> {
        self.numbered(CHECKPOINT)
    }

    fn numbered(&self, prefix: &str) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            numbers.extend(entry?.file_name().to_str().and_then(|name| number(name, prefix)));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// A file that belongs to something else, in a directory without a store.
    pub(crate) fn foreign(&self) -> io::Result<Option<String>> {
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            if !may_precede_a_store(&name) {
                return Ok(Some(name.to_string_lossy().into_owned()));
            }
        }
        Ok(None)
    }

    /// Whether the directory has no file of a store.
    pub(crate) fn is_empty(&self) -> io::Result<bool> {
        let numbered = [self.sleds()?, self.logs()?, self.checkpoints()?];
        let alone = [self.manifest(), self.acknowledged()];
        Ok(!alone.iter().any(|path| path.exists()) && numbered.iter().all(Vec::is_empty))
    }

    /// The size of all files of the store.
    pub(crate) fn bytes(&self) -> io::Result<u64> {
        bytes_below(&self.directory)
    }
}

/// Whether a name may precede a store: hidden, of the server or the file system, or left by an interrupted creation.
fn may_precede_a_store(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    name.starts_with('.')
        || ["lock", "lock.pid", "lost+found"].contains(&name)
        || SERVER_FILES.contains(&name)
        || number(name, LOG) == Some(1)
        || is_unfinished(name)
}

/// Whether a file contains data of the store; false for the manifest.
pub(crate) fn is_data(name: &str) -> bool {
    ["acknowledged", "opening", "spare"].contains(&name)
        || [SLED, LOG, CHECKPOINT].iter().any(|prefix| number(name, prefix).is_some())
}

/// Whether a name is that of a temporary file, which a crash may leave.
pub(crate) fn is_unfinished(name: &str) -> bool {
    let Some(place) = name.strip_suffix(".new") else { return false };
    ["manifest", "log", "spare"].contains(&place) || number(place, CHECKPOINT).is_some()
}

/// The number in a name that consists of `prefix` and 16 lower-case hexadecimal digits.
fn number(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix).filter(|digits| digits.len() == 16)?;
    let lower = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
    digits.bytes().all(lower).then(|| u64::from_str_radix(digits, 16).ok())?
}

/// The name of a file, for messages.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
