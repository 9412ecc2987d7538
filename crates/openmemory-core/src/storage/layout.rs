//! Which file of a store is where, and how does one come into being whole or not at all?

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The version of everything that this package writes; docs/format.md describes it.
pub(super) const FORMAT_VERSION: u32 = 1;

/// Random bytes that every file of one store bears: files of two stores cannot be mixed.
pub(super) type StoreId = [u8; 16];

/// How the names of directories begin in which a doctor has worked.
pub(super) const ROOM: &str = "doctor-";

const SLED: &str = "sled-";
const LOG: &str = "log-";
const CHECKPOINT: &str = "checkpoint-";

/// The directory of a store.
#[derive(Debug, Clone)]
pub(super) struct Layout(PathBuf);

impl Layout {
    pub(super) fn new(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    pub(super) fn directory(&self) -> &Path {
        &self.0
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    pub(super) fn manifest(&self) -> PathBuf {
        self.0.join("manifest")
    }

    /// The directory of a sled. Each that is built gets the next number.
    pub(super) fn sled(&self, number: u64) -> PathBuf {
        self.0.join(format!("{SLED}{number:016x}"))
    }

    /// The segment of the redo log that begins with a sequence.
    pub(super) fn log(&self, first: u64) -> PathBuf {
        self.0.join(format!("{LOG}{first:016x}"))
    }

    /// The number of the commit that was acknowledged last.
    pub(super) fn acknowledged(&self) -> PathBuf {
        self.0.join("acknowledged")
    }

    /// A segment prepared for the log, without a place in it.
    pub(super) fn spare(&self) -> PathBuf {
        self.0.join("spare")
    }

    /// A segment on its way to its place.
    pub(super) fn next_log(&self) -> PathBuf {
        self.0.join("log.new")
    }

    /// The checkpoint that holds everything up to a sequence.
    pub(super) fn checkpoint(&self, sequence: u64) -> PathBuf {
        self.0.join(format!("{CHECKPOINT}{sequence:016x}"))
    }

    pub(super) fn sleds(&self) -> io::Result<Vec<u64>> {
        self.numbered(SLED)
    }

    /// The first sequences of the log's segments, in order.
    pub(super) fn logs(&self) -> io::Result<Vec<u64>> {
        self.numbered(LOG)
    }

    pub(super) fn checkpoints(&self) -> io::Result<Vec<u64>> {
        self.numbered(CHECKPOINT)
    }

    fn numbered(&self, prefix: &str) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(prefix)).filter(|digits| digits.len() == 16);
            numbers.extend(number.and_then(|digits| u64::from_str_radix(digits, 16).ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Whether no part of a store is here.
    pub(super) fn is_empty(&self) -> io::Result<bool> {
        let numbered = [self.sleds()?, self.logs()?, self.checkpoints()?];
        let alone = [self.manifest(), self.acknowledged()];
        Ok(!alone.iter().any(|path| path.exists()) && numbered.iter().all(Vec::is_empty))
    }

    /// Bytes of all files of the store.
    pub(super) fn bytes(&self) -> io::Result<u64> {
        bytes_below(&self.0)
    }
}

/// A file's name, for messages.
pub(super) fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

pub(super) fn bytes_below(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let found = entry.metadata().and_then(|found| match found.is_dir() {
            true => bytes_below(&entry.path()),
            false => Ok(found.len()),
        });
        // Files and directories may go while they are looked at.
        match found {
            Ok(found) => bytes += found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// Writes a file beside its place, syncs it and puts it there: a power cut leaves the old one or the new one, whole.
pub(super) fn publish(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_added_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    rename(&beside, path)
}

#[cfg(unix)]
pub(super) fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(not(unix))]
pub(super) fn write_at(mut file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    io::Seek::seek(&mut file, io::SeekFrom::Start(at))?;
    file.write_all(bytes)
}

/// Renames durably.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    to.parent().map_or(Ok(()), sync_directory)
}

/// The names of files must survive a power cut as well as what is in them.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

pub(super) fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn remove_directory(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
