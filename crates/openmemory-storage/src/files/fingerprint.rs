//! Have sled's files changed since they were closed? Names, lengths and checksums are compared before sled reads them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// How long to wait for sled's threads to close its files.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint(Vec<FileMark>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct FileMark {
    name: String,
    length: u64,
    checksum: u32,
}

impl Fingerprint {
    pub(crate) fn of(sled: &Path) -> io::Result<Self> {
        let mut marks = Vec::new();
        mark_all(sled, "", &mut marks)?;
        marks.sort();
        Ok(Self(marks))
    }

    /// The first file that differs from `other`, if any.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let lacks =
            |one: &Self, other: &Self| one.0.iter().find(|mark| !other.0.contains(mark)).map(|m| m.name.clone());
        lacks(self, other).or_else(|| lacks(other, self))
    }
}

fn mark_all(directory: &Path, prefix: &str, marks: &mut Vec<FileMark>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            mark_all(&entry.path(), &format!("{name}/"), marks)?;
            continue;
        }
        let mut file = File::open(entry.path())?;
        let (mut hasher, mut length) = (crc32fast::Hasher::new(), 0);
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => {
                    hasher.update(&buffer[..read]);
                    length += read as u64;
                }
            }
        }
        marks.push(FileMark { name, length, checksum: hasher.finalize() });
    }
    Ok(())
}

/// Waits until sled's file is no longer locked; false if it stays locked.
pub(crate) fn wait_until_free(sled: &Path) -> bool {
    let begin = Instant::now();
    loop {
        match File::open(sled.join("db")).map(|file| file.try_lock().map(|()| file)) {
            Ok(Ok(file)) => {
                // Windows releases the lock of a file that is only closed some time later. wine reports that this has
                // failed, when it has not.
                let _ = file.unlock();
                return true;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return false,
            _ if begin.elapsed() > CLOSE_TIMEOUT => return false,
            _ => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}
