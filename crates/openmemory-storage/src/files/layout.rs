//! Which file of a store is where?

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::files::disk::bytes_below;

/// The version of everything that this package writes; docs/internals/format.md describes it.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// Random bytes that every file of one store bears: files of two stores cannot be mixed.
pub(crate) type StoreId = [u8; 16];

/// How the names of directories begin in which a doctor works.
pub(crate) const SCRATCH: &str = "doctor-";
/// Where a repair makes a fresh store.
pub(crate) const REPAIRED: &str = "repaired.new";
/// How the names of directories begin to which a repair moves damaged files.
pub(crate) const DAMAGED: &str = "damaged-";

/// What the server keeps in the directory of its own store.
const SERVER_FILES: [&str; 3] = ["tenants", "keys.json", "keys.lock"];

const SLED: &str = "sled-";
const LOG: &str = "log-";
const CHECKPOINT: &str = "checkpoint-";

/// The directory of a store.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    directory: PathBuf,
    /// Kept open once it was needed: a process without a descriptor to spare can still make a name durable.
    handle: Arc<OnceLock<File>>,
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
        if !cfg!(unix) {
            return Ok(());
        }
        if self.handle.get().is_none() {
            // Another thread may have been quicker; then this descriptor is closed again.
            let _ = self.handle.set(File::open(&self.directory)?);
        }
        self.handle.get().map_or(Ok(()), File::sync_all)
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.directory.join("lock")
    }

    pub(crate) fn manifest(&self) -> PathBuf {
        self.directory.join("manifest")
    }

    /// The directory of a sled. Each that is built gets the next number.
    pub(crate) fn sled(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{SLED}{number:016x}"))
    }

    /// The segment of the redo log that begins with a sequence.
    pub(crate) fn log(&self, first: u64) -> PathBuf {
        self.directory.join(format!("{LOG}{first:016x}"))
    }

    /// The number of the commit that was acknowledged last.
    pub(crate) fn acknowledged(&self) -> PathBuf {
        self.directory.join("acknowledged")
    }

    /// There from when sled's files are opened until the manifest says that they are: a process that is killed between
    /// leaves files that differ from those that were closed, and not for damage.
    pub(crate) fn opening(&self) -> PathBuf {
        self.directory.join("opening")
    }

    /// A segment prepared for the log, without a place in it.
    pub(crate) fn spare(&self) -> PathBuf {
        self.directory.join("spare")
    }

    /// A segment on its way to its place.
    pub(crate) fn next_log(&self) -> PathBuf {
        self.directory.join("log.new")
    }

    /// The checkpoint that holds everything up to a sequence.
    pub(crate) fn checkpoint(&self, sequence: u64) -> PathBuf {
        self.directory.join(format!("{CHECKPOINT}{sequence:016x}"))
    }

    pub(crate) fn sleds(&self) -> io::Result<Vec<u64>> {
        self.numbered(SLED)
    }

    /// The first sequences of the log's segments, in order.
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

    /// Something in a directory without a store that belongs to somebody else.
    pub(crate) fn foreign(&self) -> io::Result<Option<String>> {
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            if !may_be_there_before(&name) {
                return Ok(Some(name.to_string_lossy().into_owned()));
            }
        }
        Ok(None)
    }

    /// Whether no part of a store is here.
    pub(crate) fn is_empty(&self) -> io::Result<bool> {
        let numbered = [self.sleds()?, self.logs()?, self.checkpoints()?];
        let alone = [self.manifest(), self.acknowledged()];
        Ok(!alone.iter().any(|path| path.exists()) && numbered.iter().all(Vec::is_empty))
    }

    /// Bytes of all files of the store.
    pub(crate) fn bytes(&self) -> io::Result<u64> {
        bytes_below(&self.directory)
    }
}

/// Whether a name is hidden, the server's or the disk's own, or left where a store was begun and not finished.
fn may_be_there_before(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    name.starts_with('.')
        || ["lock", "lost+found"].contains(&name)
        || SERVER_FILES.contains(&name)
        || number(name, LOG) == Some(1)
        || is_unfinished(name)
}

/// Whether a name is one of the files that hold a store, but for its manifest.
pub(crate) fn is_data(name: &str) -> bool {
    ["acknowledged", "opening", "spare"].contains(&name)
        || [SLED, LOG, CHECKPOINT].iter().any(|prefix| number(name, prefix).is_some())
}

/// Whether a name is that of a file on its way to its place, which a crash may leave.
pub(crate) fn is_unfinished(name: &str) -> bool {
    let Some(place) = name.strip_suffix(".new") else { return false };
    ["manifest", "log", "spare"].contains(&place) || number(place, CHECKPOINT).is_some()
}

/// The number in a name that consists of a prefix and 16 hexadecimal digits.
fn number(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix).filter(|digits| digits.len() == 16)?;
    let lower = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
    digits.bytes().all(lower).then(|| u64::from_str_radix(digits, 16).ok())?
}

/// A file's name, for messages.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
