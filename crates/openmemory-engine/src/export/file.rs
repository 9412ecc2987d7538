//! How is an export file written atomically? Under a temporary name, then synced and renamed.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use openmemory_domain::Invalid;
use openmemory_files::{replace, sync, sync_directory};
use openmemory_rules::Error;

/// A file that is being written. Dropping it before [`ExportFile::finish`] removes it.
pub struct ExportFile {
    file: BufWriter<NamedTempFile>,
    name: PathBuf,
}

impl ExportFile {
    /// # Errors
    /// The name is a directory, or its directory does not exist or cannot be written.
    pub fn create(name: &Path) -> Result<Self, Error> {
        if name.is_dir() {
            return Err(Invalid::argument("file", "is a directory; name a file in it").into());
        }
        let folder = folder(name);
        if !folder.is_dir() {
            return Err(Invalid::argument("file", "is in a directory that does not exist; make it first").into());
        }
        let file = Builder::new().prefix(".openmemory-export-").tempfile_in(folder);
        let file = BufWriter::new(file.map_err(|error| Error::file(name, error))?);
        Ok(Self { file, name: name.to_owned() })
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(|error| Error::file(&self.name, error))
    }

    /// Syncs the file and renames it, replacing a file of the same name.
    pub fn finish(self) -> Result<(), Error> {
        let Self { file, name } = self;
        let failed = |error| Error::file(&name, error);
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        sync(file.as_file()).map_err(failed)?;
        let temporary = file.into_temp_path().keep().map_err(|error| failed(error.error))?;
        replace(&temporary, &name).map_err(failed)?;
        sync_directory(folder(&name)).map_err(failed)
    }
}

fn folder(name: &Path) -> &Path {
    match name.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
