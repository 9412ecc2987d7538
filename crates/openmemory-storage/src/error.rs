//! What can go wrong on disk, and what helps?

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use openmemory_domain::{ErrorCode, Fault};
use openmemory_rules::{Error as RuleError, refusal};

#[derive(Debug, Clone, Error)]
pub enum StorageError {
    #[error("I/O error: {0}; {remedy}", remedy = refusal(.0).remedy)]
    Io(Arc<std::io::Error>),
    #[error("{} cannot be used: {error}; {remedy}", .directory.display(), remedy = refusal(.error).remedy)]
    Directory { directory: PathBuf, error: Arc<std::io::Error> },
    #[error("an earlier write failed, so nothing more is written until the store is opened again; try again later")]
    Poisoned,
    #[error("the store's directory was removed or replaced while it was open; close it and open it again")]
    Replaced,
    #[error(
        "the store is on a read-only file system: it can be read, searched, exported and backed up, but not changed; \
         to change it, open a copy of it"
    )]
    ReadOnly,
    #[error("the store is damaged ({0}); restore a backup, or recover what is intact with doctor and repair")]
    Corrupted(String),
    #[error(
        "the directory is open in another process{}; close it there, or use one server for both",
        .0.map(|pid| format!(" ({pid})")).unwrap_or_default()
    )]
    Locked(Option<u32>),
    #[error("the store has format {found}, but this version reads format {supported}; use the version that wrote it")]
    FormatUnsupported { found: u32, supported: u32 },
    #[error("the directory is not empty; back up to a new one")]
    NotEmpty,
    #[error(
        "the directory contains no store but other files ({0}); use a separate directory for the store, or pass \
         allowNonEmpty (--allow-non-empty)"
    )]
    ForeignFiles(String),
    #[error("the directory holds no store")]
    NoStore,
    #[error("the system clock is before 1970; set it, then try again")]
    Clock,
    #[error("the store is closed")]
    Closed,
    #[error("a commit was dropped by an internal error")]
    Dropped,
}

impl From<std::io::Error> for StorageError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

impl StorageError {
    /// Adds the directory to an I/O error.
    pub fn of_directory(self, directory: &Path) -> Self {
        match self {
            Self::Io(error) => Self::Directory { directory: directory.to_owned(), error },
            other => other,
        }
    }
}

impl StorageError {
    /// The storage error behind an error of the rules, if there is one.
    pub fn of(error: &RuleError) -> Option<&Self> {
        match error {
            RuleError::Fault(fault) => fault.downcast_ref(),
            _ => None,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Directory { error, .. } if refusal(error).of_path => ErrorCode::InvalidArgument,
            Self::Io(_) | Self::Directory { .. } | Self::Replaced | Self::ReadOnly => ErrorCode::Io,
            Self::Poisoned | Self::Clock => ErrorCode::Unavailable,
            Self::Corrupted(_) => ErrorCode::Corrupted,
            Self::Locked(_) => ErrorCode::Locked,
            Self::NotEmpty | Self::NoStore | Self::ForeignFiles(_) => ErrorCode::InvalidArgument,
            Self::FormatUnsupported { .. } => ErrorCode::FormatUnsupported,
            Self::Closed => ErrorCode::Closed,
            Self::Dropped => ErrorCode::Internal,
        }
    }

    fn retryable(&self) -> bool {
        match self {
            Self::Replaced | Self::ReadOnly => false,
            Self::Io(error) | Self::Directory { error, .. } => refusal(error).retryable,
            _ => self.code().retryable(),
        }
    }

    /// The argument of the call that is at fault.
    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotEmpty => Some("dir"),
            Self::NoStore | Self::ForeignFiles(_) => Some("path"),
            Self::Directory { error, .. } if refusal(error).of_path => Some("path"),
            _ => None,
        }
    }
}

impl From<StorageError> for RuleError {
    fn from(error: StorageError) -> Self {
        match error {
            // Every storage engine can be in these states.
            StorageError::Poisoned => Self::StoreFailed,
            StorageError::Closed => Self::Closed,
            error => {
                let (code, retryable, field) = (error.code(), error.retryable(), error.field());
                let mut fault = Fault::new(code, error);
                (fault.retryable, fault.field) = (retryable, field);
                fault.into()
            }
        }
    }
}
