//! What do the parameters of the address say? Each is checked; an unknown one is refused by name.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde_json::Value;

use super::ApiError;

/// The parameters that have not been taken yet.
pub struct Params {
    left: Vec<(String, String)>,
    taken: Vec<String>,
}

impl Params {
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.left.iter().position(|(known, _)| known == name)?;
        self.taken.push(name.to_owned());
        Some(self.left.swap_remove(at).1)
    }

    pub fn whole(&mut self, name: &str, least: u64, most: u64) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse::<u64>().ok()).flatten().filter(|n| (least..=most).contains(n));
        let wrong = || ApiError::invalid(name, &format!("must be a whole number from {least} to {most}"));
        number.map(Some).ok_or_else(wrong)
    }

    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.take(name).as_deref() {
            None => Ok(None),
            Some("true" | "True" | "1") => Ok(Some(true)),
            Some("false" | "False" | "0") => Ok(Some(false)),
            Some(_) => Err(ApiError::invalid(name, "must be true or false")),
        }
    }

    /// The filter language, as JSON.
    pub fn filters(&mut self) -> Result<Option<Value>, ApiError> {
        let read = |text: String| serde_json::from_str(&text).map_err(|_| ApiError::invalid("filters", "must be JSON"));
        self.take("filters").map(read).transpose()
    }

    /// Without parameters of these names, which mean nothing here.
    pub fn passing_over(mut self, names: &[&str]) -> Self {
        self.left.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// Refuses what nobody has taken.
    pub fn done(self) -> Result<(), ApiError> {
        match self.left.first() {
            Some((name, _)) if self.taken.contains(name) => Err(ApiError::invalid(name, "is given more than once")),
            Some((name, _)) => Err(ApiError::invalid(name, "is not a parameter here")),
            None => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let text = parts.uri.query().unwrap_or_default();
        let read = serde_urlencoded::from_str::<Vec<(String, String)>>(text);
        read.map(|left| Self { left, taken: Vec::new() }).map_err(|_| ApiError::invalid("query", "cannot be read"))
    }
}
