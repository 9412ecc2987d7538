//! Whose memory is it? Its user, agent, app and run, which never change.

use serde::{Deserialize, Serialize};

use super::{Invalid, limits};

/// Each is 1 to 256 characters or absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    pub user_id: Option<String>,
    pub agent_id: Option<String>,
    pub app_id: Option<String>,
    pub run_id: Option<String>,
}

impl Scope {
    /// The four fields with their names, including absent ones.
    pub fn fields(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("user_id", self.user_id.as_deref()),
            ("agent_id", self.agent_id.as_deref()),
            ("app_id", self.app_id.as_deref()),
            ("run_id", self.run_id.as_deref()),
        ]
    }

    /// Whether it has all that another one names.
    pub fn is_within(&self, named: &Self) -> bool {
        self.fields().iter().zip(named.fields()).all(|((_, value), (_, wanted))| wanted.is_none() || *value == wanted)
    }

    /// Checks one of the four values.
    pub fn read(field: &str, text: String) -> Result<String, Invalid> {
        if text.is_empty() {
            return Err(Invalid::argument(field, "must not be empty; leave it out instead"));
        }
        if text.chars().count() > limits::ID_CHARACTERS {
            return Err(Invalid::limit(field, format!("has at most {} characters", limits::ID_CHARACTERS)));
        }
        Ok(text)
    }
}
