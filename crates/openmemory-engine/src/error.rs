//! Why did a call fail? Every failure has a stable code, says whether trying again can help, and what to do next.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use thiserror::Error as ThisError;

use openmemory_domain::patch::PatchError;
use openmemory_domain::{ErrorCode, Invalid, InvalidKind, MemoryId, ModelIdentity};
use openmemory_embedding::EmbeddingError;
use openmemory_storage::{StorageError, Tombstone, refusal};

#[derive(Debug, Clone, ThisError)]
pub enum Error {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("there is no memory {id}{}", if .tombstone.is_some() { "; it was deleted" } else { "" })]
    NotFound { id: MemoryId, tombstone: Option<Box<Tombstone>> },
    #[error("memory {id} has no version {version}")]
    NoVersion { id: MemoryId, version: u64 },
    #[error("memory {id} did not exist yet at that time")]
    NotYet { id: MemoryId },
    #[error("memory {id} is at version {current}, not {expected}; read it again and decide anew")]
    VersionConflict { id: MemoryId, expected: u64, current: u64 },
    #[error("memory {id} exists already, at version {current}; update it instead")]
    Exists { id: MemoryId, current: u64 },
    #[error("memory {id} is in the store already, with another history (version {current}); see onConflict")]
    Differs { id: MemoryId, current: u64 },
    #[error("line {line}: {invalid}; nothing of the file was imported")]
    Line { line: u64, invalid: Invalid },
    #[error("the file is damaged: {problem}; nothing of it was imported, so export again or take an older copy")]
    DamagedExport { problem: &'static str, line: u64 },
    #[error(
        "the file is an export of format {found}, and this version reads {}",
        openmemory_domain::export::FORMAT_VERSION
    )]
    ExportVersion { found: u64 },
    #[error("the file {} could not be used: {error}; {remedy}", .file.display(), remedy = refusal(.error).remedy)]
    File { file: PathBuf, error: Arc<std::io::Error> },
    #[error("memory {id} is immutable; delete it and add a new one instead")]
    Immutable { id: MemoryId },
    #[error(
        "the store holds vectors of {} ({} dimensions), and the embedder is {} ({}); call reindex() to change over",
        .stored.id, .stored.dimensions, .embedder.id, .embedder.dimensions
    )]
    ModelMismatch { stored: ModelIdentity, embedder: ModelIdentity },
    #[error(transparent)]
    Embedding(#[from] EmbeddingError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the call was aborted before anything was changed")]
    Aborted,
    #[error("another item of the atomic batch was refused, so nothing of it was done")]
    BatchRefused,
    #[error("the call was aborted after {done} of {total} memories; call it again to go on from there")]
    Interrupted { done: usize, total: usize },
    #[error(
        "more has changed than is kept for a slow watcher; watch again since the cursor of the last change it gave"
    )]
    FellBehind,
    #[error("the store is closed")]
    Closed,
    #[error("an internal fault: {0}; please report it")]
    Internal(&'static str),
}

impl Error {
    /// The public code; it never changes for a failure.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(invalid) | Self::Line { invalid, .. } => match invalid.kind {
                InvalidKind::MissingId => ErrorCode::MissingId,
                InvalidKind::Argument => ErrorCode::InvalidArgument,
                InvalidKind::Limit => ErrorCode::LimitExceeded,
            },
            Self::NotFound { .. } | Self::NoVersion { .. } | Self::NotYet { .. } => ErrorCode::NotFound,
            Self::VersionConflict { .. } | Self::Exists { .. } | Self::Differs { .. } => ErrorCode::VersionConflict,
            Self::DamagedExport { .. } => ErrorCode::Corrupted,
            Self::ExportVersion { .. } => ErrorCode::FormatUnsupported,
            Self::File { .. } => ErrorCode::Io,
            Self::Immutable { .. } => ErrorCode::Immutable,
            Self::ModelMismatch { .. } => ErrorCode::ModelMismatch,
            Self::Embedding(error) => error.code(),
            Self::Storage(error) => match error {
                StorageError::Directory { error, .. } if refusal(error).of_path => ErrorCode::InvalidArgument,
                StorageError::Io(_)
                | StorageError::Directory { .. }
                | StorageError::Replaced
                | StorageError::ReadOnly => ErrorCode::Io,
                // Of the moment: it is opened again where its disk lets it.
                StorageError::Poisoned => ErrorCode::Unavailable,
                StorageError::Corrupted(_) => ErrorCode::Corrupted,
                StorageError::Locked(_) => ErrorCode::Locked,
                StorageError::NotEmpty | StorageError::NoStore | StorageError::ForeignFiles(_) => {
                    ErrorCode::InvalidArgument
                }
                StorageError::FormatUnsupported { .. } => ErrorCode::FormatUnsupported,
                StorageError::Clock => ErrorCode::Unavailable,
                StorageError::Closed => ErrorCode::Closed,
                StorageError::Dropped => ErrorCode::Internal,
            },
            Self::Aborted | Self::BatchRefused | Self::Interrupted { .. } => ErrorCode::Aborted,
            Self::FellBehind => ErrorCode::Unavailable,
            Self::Closed => ErrorCode::Closed,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// Whether the same call can succeed later without a change by the caller.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Storage(StorageError::Replaced | StorageError::ReadOnly) => false,
            Self::Storage(StorageError::Io(error) | StorageError::Directory { error, .. })
            | Self::File { error, .. } => refusal(error).retryable,
            _ => self.code().retryable(),
        }
    }

    /// The field that was refused.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid(invalid) | Self::Line { invalid, .. } => Some(&invalid.field),
            Self::Storage(StorageError::NotEmpty) => Some("dir"),
            Self::Storage(StorageError::NoStore | StorageError::ForeignFiles(_)) => Some("path"),
            Self::Storage(StorageError::Directory { error, .. }) if refusal(error).of_path => Some("path"),
            _ => None,
        }
    }

    /// What a program may want to know beside the code.
    pub fn details(&self) -> Option<Value> {
        match self {
            Self::NotFound { id, tombstone: None } | Self::NotYet { id } | Self::Immutable { id } => {
                Some(json!({ "id": id.to_string() }))
            }
            Self::NotFound { id, tombstone: Some(tombstone) } => Some(deleted(id, tombstone)),
            Self::NoVersion { id, version } => Some(json!({ "id": id.to_string(), "version": version })),
            Self::VersionConflict { id, expected, current } => {
                Some(json!({ "id": id.to_string(), "version": current, "expected": expected }))
            }
            Self::Exists { id, current } | Self::Differs { id, current } => {
                Some(json!({ "id": id.to_string(), "version": current }))
            }
            Self::Line { line, .. } | Self::DamagedExport { line, .. } => Some(json!({ "line": line })),
            Self::ExportVersion { found } => {
                Some(json!({ "found": found, "supported": openmemory_domain::export::FORMAT_VERSION }))
            }
            Self::ModelMismatch { stored, embedder } => Some(json!({ "stored": stored, "embedder": embedder })),
            Self::Interrupted { done, total } => Some(json!({ "done": done, "total": total })),
            _ => None,
        }
    }

    /// `{code, message, field?, details?, retryable}`, as errors cross to other languages.
    pub fn to_json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("code".into(), self.code().as_str().into());
        fields.insert("message".into(), self.to_string().into());
        if let Some(field) = self.field() {
            fields.insert("field".into(), field.into());
        }
        if let Some(details) = self.details() {
            fields.insert("details".into(), details);
        }
        fields.insert("retryable".into(), self.retryable().into());
        Value::Object(fields)
    }

    /// A file that the caller named, and that the system refused.
    pub(super) fn file(file: &Path, error: std::io::Error) -> Self {
        Self::File { file: file.to_owned(), error: Arc::new(error) }
    }

    pub(super) fn of_patch(error: PatchError, id: &MemoryId) -> Self {
        match error {
            PatchError::Immutable => Self::Immutable { id: id.clone() },
            PatchError::Invalid(invalid) => Self::Invalid(invalid),
        }
    }
}

fn deleted(id: &MemoryId, tombstone: &Tombstone) -> Value {
    let mut told = json!({
        "id": id.to_string(),
        "deleted": true,
        "deleted_at": tombstone.deleted_at.to_string(),
        "version": tombstone.version,
    });
    for (name, value) in [("actor", &tombstone.actor), ("reason", &tombstone.reason)] {
        if let Some(value) = value {
            told[name] = value.as_str().into();
        }
    }
    told
}
