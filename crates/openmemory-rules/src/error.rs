//! Why did a call fail? Every error has a stable code, says whether a retry can help, and names a remedy.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use thiserror::Error as ThisError;

use openmemory_domain::learning::LearningId;
use openmemory_domain::patch::PatchError;
use openmemory_domain::{ErrorCode, Fault, Invalid, InvalidKind, MemoryId, ModelIdentity};

use crate::refusal::refusal;
use crate::tombstone::Tombstone;

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
    #[error("memory {id} was not true at that time")]
    NotThen { id: MemoryId },
    #[error("memory {id} is at version {current}, not {expected}; read it again before you retry")]
    VersionConflict { id: MemoryId, expected: u64, current: u64 },
    #[error("memory {id} already exists, at version {current}; update it instead")]
    Exists { id: MemoryId, current: u64 },
    #[error("memory {id} is already in the store with a different history (version {current}); see onConflict")]
    Differs { id: MemoryId, current: u64 },
    #[error("line {line}: {invalid}; nothing was imported from the file")]
    Line { line: u64, invalid: Invalid },
    #[error("the file is damaged: {problem}; nothing was imported; export it again or use an older copy")]
    DamagedExport { problem: &'static str, line: u64 },
    #[error(
        "the file has export format {found}, but this version reads format {}",
        openmemory_domain::export::FORMAT_VERSION
    )]
    ExportVersion { found: u64 },
    #[error("the file {} could not be used: {error}; {remedy}", .file.display(), remedy = refusal(.error).remedy)]
    File { file: PathBuf, error: Arc<std::io::Error> },
    #[error("memory {id} is immutable; delete it and add a new one instead")]
    Immutable { id: MemoryId },
    #[error(
        "the store holds vectors of {} ({} dimensions), but the embedder is {} ({}); call reindex() to switch models",
        .stored.id, .stored.dimensions, .embedder.id, .embedder.dimensions
    )]
    ModelMismatch { stored: ModelIdentity, embedder: ModelIdentity },
    /// A temporary file could not be written.
    #[error("the disk refused: {0}; {remedy}", remedy = refusal(.0).remedy)]
    Disk(Arc<std::io::Error>),
    /// Storage or the model has failed.
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error("an earlier write failed, so nothing more is written until the store is opened again; try again later")]
    StoreFailed,
    #[error("the call was aborted before anything was changed")]
    Aborted,
    #[error("another item of the atomic batch was rejected, so the batch changed nothing")]
    BatchRefused,
    #[error("the call was aborted after {done} of {total} memories; call it again to continue")]
    Interrupted { done: usize, total: usize },
    #[error(
        "the watcher fell behind the buffered changes; start a new watch at the cursor of the last change it returned"
    )]
    FellBehind,
    #[error("no language model is given; pass languageModel to the store or to the call")]
    NoLanguageModel,
    #[error("the language model gave no usable answer ({why}): {message}; nothing was changed")]
    LanguageModelFailed { why: &'static str, message: String, retryable: bool, learning: Option<LearningId> },
    #[error("there is no learning {id}")]
    NoLearning { id: LearningId },
    /// A call that this kind of store does not have.
    #[error("{call} is not supported by a store in PostgreSQL; {instead}")]
    Unsupported { call: &'static str, instead: &'static str },
    #[error("the store is closed")]
    Closed,
    #[error("an internal fault: {0}; please report it")]
    Internal(&'static str),
}

impl Error {
    /// The public code, which is stable.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(invalid) | Self::Line { invalid, .. } => match invalid.kind {
                InvalidKind::MissingId => ErrorCode::MissingId,
                InvalidKind::Argument => ErrorCode::InvalidArgument,
                InvalidKind::Limit => ErrorCode::LimitExceeded,
            },
            Self::NotFound { .. }
            | Self::NoVersion { .. }
            | Self::NotYet { .. }
            | Self::NotThen { .. }
            | Self::NoLearning { .. } => ErrorCode::NotFound,
            Self::NoLanguageModel => ErrorCode::NoLanguageModel,
            Self::LanguageModelFailed { .. } => ErrorCode::LanguageModelFailed,
            Self::VersionConflict { .. } | Self::Exists { .. } | Self::Differs { .. } => ErrorCode::VersionConflict,
            Self::DamagedExport { .. } => ErrorCode::Corrupted,
            Self::ExportVersion { .. } => ErrorCode::FormatUnsupported,
            Self::File { .. } | Self::Disk(_) => ErrorCode::Io,
            Self::Immutable { .. } => ErrorCode::Immutable,
            Self::ModelMismatch { .. } => ErrorCode::ModelMismatch,
            Self::Fault(fault) => fault.code,
            Self::Aborted | Self::BatchRefused | Self::Interrupted { .. } => ErrorCode::Aborted,
            Self::FellBehind | Self::StoreFailed => ErrorCode::Unavailable,
            Self::Unsupported { .. } => ErrorCode::Unsupported,
            Self::Closed => ErrorCode::Closed,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// Whether the same call can succeed later, unchanged.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Fault(fault) => fault.retryable,
            Self::LanguageModelFailed { retryable, .. } => *retryable,
            Self::File { error, .. } | Self::Disk(error) => refusal(error).retryable,
            _ => self.code().retryable(),
        }
    }

    /// The rejected field.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid(invalid) | Self::Line { invalid, .. } => Some(&invalid.field),
            Self::Fault(fault) => fault.field,
            _ => None,
        }
    }

    /// Structured details for programs, in addition to the code.
    pub fn details(&self) -> Option<Value> {
        match self {
            Self::NotFound { id, tombstone: None }
            | Self::NotYet { id }
            | Self::NotThen { id }
            | Self::Immutable { id } => Some(json!({ "id": id.to_string() })),
            Self::NotFound { id, tombstone: Some(tombstone) } => Some(deletion_details(id, tombstone)),
            Self::NoLearning { id } => Some(json!({ "id": id.to_string() })),
            Self::LanguageModelFailed { why, learning, .. } => {
                let mut details = json!({ "why": why });
                if let Some(learning) = learning {
                    details["learning"] = learning.to_string().into();
                }
                Some(details)
            }
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

    /// `{code, message, field?, details?, retryable}`, the form in which other languages receive errors.
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

    /// An I/O error on one of the process's own files.
    pub fn disk(error: std::io::Error) -> Self {
        Self::Disk(Arc::new(error))
    }

    /// An I/O error on a file that the caller named.
    pub fn file(file: &Path, error: std::io::Error) -> Self {
        Self::File { file: file.to_owned(), error: Arc::new(error) }
    }

    pub(crate) fn of_patch(error: PatchError, id: &MemoryId) -> Self {
        match error {
            PatchError::Immutable => Self::Immutable { id: id.clone() },
            PatchError::Invalid(invalid) => Self::Invalid(invalid),
        }
    }
}

fn deletion_details(id: &MemoryId, tombstone: &Tombstone) -> Value {
    let mut details = json!({
        "id": id.to_string(),
        "deleted": true,
        "deleted_at": tombstone.deleted_at.to_string(),
        "version": tombstone.version,
    });
    for (name, value) in [("actor", &tombstone.actor), ("reason", &tombstone.reason)] {
        if let Some(value) = value {
            details[name] = value.as_str().into();
        }
    }
    details
}
