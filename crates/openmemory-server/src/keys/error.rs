//! Why are a server's keys unusable?

use openmemory_domain::ErrorCode;
use thiserror::Error;

use super::file::KeyError;
use super::given::GivenKeyError;

/// Why a server's keys are unusable.
#[derive(Debug, Error)]
pub enum KeysError {
    #[error(transparent)]
    Given(#[from] GivenKeyError),
    #[error("keyFile: {0}")]
    File(#[from] KeyError),
}

impl KeysError {
    /// The public code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Given(_) => ErrorCode::InvalidArgument,
            Self::File(error) => error.code(),
        }
    }

    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Given(error) => Some(error.field()),
            Self::File(_) => Some("keyFile"),
        }
    }
}
