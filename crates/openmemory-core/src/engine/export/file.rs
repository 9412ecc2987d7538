//! How does a file come to be whole or not at all? Written under another name, synced, then renamed.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::{Builder, NamedTempFile};

use crate::domain::Invalid;
use crate::engine::error::Error;

/// A file that is being written. Dropping it unfinished leaves nothing.
pub(super) struct NewFile {
    file: BufWriter<NamedTempFile>,
    name: PathBuf,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl NewFile {
    pub(super) fn beside(name: &Path) -> Result<Self, Error> {
        if name.is_dir() {
            return Err(Invalid::argument("file", "is a directory; name a file in it").into());
        }
        let folder = folder(name);
        if !folder.is_dir() {
            return Err(Invalid::argument("file", "is in a directory that does not exist; make it first").into());
        }
        let file = Builder::new().prefix(".openmemory-export-").tempfile_in(folder);
        let file = BufWriter::new(file.map_err(|error| Error::file(name, error))?);
        Ok(Self { file, name: name.to_owned(), hasher: blake3::Hasher::new(), bytes: 0 })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|error| Error::file(&self.name, error))
    }

    pub(super) fn line(&mut self, record: &impl Serialize) -> Result<(), Error> {
        let mut line = serde_json::to_vec(record).map_err(super::unwritable)?;
        line.push(b'\n');
        self.write(&line)
    }

    /// The hexadecimal BLAKE3 hash of what has been written.
    pub(super) fn checksum(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }

    /// Gives the file its name, in place of one that had it, and says how long it is.
    pub(super) fn finish(self) -> Result<u64, Error> {
        let Self { file, name, bytes, .. } = self;
        let failed = |error| Error::file(&name, error);
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&name).map_err(|error| failed(error.error))?;
        if cfg!(unix) {
            File::open(folder(&name)).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        Ok(bytes)
    }
}

fn folder(name: &Path) -> &Path {
    match name.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
