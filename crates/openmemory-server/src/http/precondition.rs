//! Which version does `If-Match` require? The `ETag` of a memory is its version number.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use openmemory_rules::Error;
use serde_json::{Map, Value};

use super::ApiError;

/// The version that a write expects; none if `If-Match` is absent or `*`.
pub struct IfMatch(pub Option<u64>);

impl IfMatch {
    pub fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        let invalid = || ApiError::invalid("If-Match", "must be one ETag, such as \"3\", or *");
        let mut values = headers.get_all(header::IF_MATCH).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        if values.next().is_some() {
            return Err(invalid());
        }
        let text = value.to_str().map_err(|_| invalid())?.trim();
        if text == "*" {
            return Ok(Self(None));
        }
        if text.starts_with("W/") {
            return Err(ApiError::WeakEtag);
        }
        let quoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let digits = !quoted.is_empty() && quoted.bytes().all(|byte| byte.is_ascii_digit());
        let version = digits.then(|| quoted.parse().ok()).flatten().filter(|version| *version > 0);
        version.map(|version| Self(Some(version))).ok_or_else(invalid)
    }

    /// Adds the header's version to a request as `ifVersion`.
    pub fn apply(&self, request: &mut Map<String, Value>) -> Result<(), ApiError> {
        if let Some(version) = self.0
            && request.insert("ifVersion".into(), version.into()).is_some_and(|other| other != version)
        {
            return Err(ApiError::invalid("ifVersion", "and If-Match require different versions"));
        }
        Ok(())
    }

    /// Converts an error. A version conflict is a failed precondition if the header was present.
    pub fn error(&self, error: Error) -> ApiError {
        match error {
            Error::VersionConflict { .. } if self.0.is_some() => ApiError::Precondition(error),
            error => error.into(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::read(&parts.headers)
    }
}

/// The `ETag` header of a version, such as `"3"`.
pub fn etag(version: u64) -> (header::HeaderName, HeaderValue) {
    let value = HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("*"));
    (header::ETAG, value)
}
