//! What do the parameters of the address say? Each is checked; an unknown one is refused by name.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde_json::Value;

use super::Failure;

/// The parameters that have not been taken yet.
pub struct Params(Vec<(String, String)>);

impl Params {
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    pub fn whole(&mut self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Failure> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse::<u64>().ok()).flatten().filter(|n| (least..=most).contains(n));
        let wrong = || Failure::invalid(name, &format!("must be a whole number from {least} to {most}"));
        number.map(Some).ok_or_else(wrong)
    }

    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, Failure> {
        match self.take(name).as_deref() {
            None => Ok(None),
            Some("true" | "True" | "1") => Ok(Some(true)),
            Some("false" | "False" | "0") => Ok(Some(false)),
            Some(_) => Err(Failure::invalid(name, "must be true or false")),
        }
    }

    /// The filter language, as JSON.
    pub fn filters(&mut self) -> Result<Option<Value>, Failure> {
        let read = |text: String| serde_json::from_str(&text).map_err(|_| Failure::invalid("filters", "must be JSON"));
        self.take("filters").map(read).transpose()
    }

    /// Refuses what nobody has taken.
    pub fn done(self) -> Result<(), Failure> {
        match self.0.first() {
            Some((name, _)) => Err(Failure::invalid(name, "is not a parameter here")),
            None => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let text = parts.uri.query().unwrap_or_default();
        let read = serde_urlencoded::from_str::<Vec<(String, String)>>(text);
        read.map(Self).map_err(|_| Failure::invalid("query", "cannot be read"))
    }
}
