//! How does a failure of a lower layer reach the caller, when the layers between do not know it?

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::error_code::ErrorCode;

/// A failure of storage or of a model, classified by the layer that reports it. It prints as that layer's own error,
/// which it keeps.
#[derive(Debug, Clone)]
pub struct Fault {
    pub code: ErrorCode,
    /// Whether the same call can succeed later without a change by the caller.
    pub retryable: bool,
    /// The argument at fault.
    pub field: Option<&'static str>,
    error: Arc<dyn Error + Send + Sync>,
}

impl Fault {
    /// A fault that is as retryable as its code, and of no argument.
    pub fn new(code: ErrorCode, error: impl Error + Send + Sync + 'static) -> Self {
        Self { code, retryable: code.retryable(), field: None, error: Arc::new(error) }
    }

    /// The layer's own error, if it is of this type.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.error.downcast_ref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
