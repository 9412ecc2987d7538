//! How is a memory exported? As one line with a fixed order of fields, so that equal memories give equal bytes.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Dynamics, Event, Version};

/// The fields that all versions share, and those that have no versions.
#[derive(Debug, Serialize)]
pub struct MemoryRow<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
    created_at: String,
    immutable: bool,
    /// At `salience_at`. The primary sector determines the decay.
    salience: f64,
    salience_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback_reason: Option<&'a str>,
    waypoints: Vec<LinkRow>,
}

/// A link to a memory on an earlier line.
#[derive(Debug, Serialize)]
pub struct LinkRow {
    pub id: String,
    pub weight: f32,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Debug, Serialize)]
pub struct VersionRow<'a> {
    version: u64,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    restored_from: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retired: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    correction: bool,
    /// The sectors that the model assigns to the text, even if the metadata pins another.
    classified: Vec<&'static str>,
    tags: &'a [String],
    metadata: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

impl<'a> MemoryRow<'a> {
    pub fn new(head: &'a Version, dynamics: &'a Dynamics, waypoints: Vec<LinkRow>) -> Self {
        let scope = &head.scope;
        let (salience, salience_at) = dynamics.stored();
        Self {
            id: head.id.as_str(),
            user_id: scope.user_id.as_deref(),
            agent_id: scope.agent_id.as_deref(),
            app_id: scope.app_id.as_deref(),
            run_id: scope.run_id.as_deref(),
            created_at: head.created_at.to_string(),
            immutable: head.immutable,
            salience,
            salience_at: salience_at.to_string(),
            feedback: dynamics.feedback.map(crate::Feedback::name),
            feedback_reason: dynamics.feedback_reason.as_deref(),
            waypoints,
        }
    }

    /// The beginning of the line. The versions follow, newest first and separated by commas, and then [`Self::END`].
    pub fn begin(&self) -> serde_json::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.pop();
        line.extend_from_slice(br#","versions":["#);
        Ok(line)
    }

    /// The end of the line.
    pub const END: &'static [u8] = b"]}\n";
}

impl<'a> VersionRow<'a> {
    /// Pass no `content` if it equals that of the next newer version, which precedes this one in the line.
    pub fn new(version: &'a Version, content: Option<&'a str>) -> Self {
        let restored_from = match version.provenance.event {
            Event::Restore { from } => Some(from),
            Event::Add | Event::Update | Event::Retire => None,
        };
        let [valid_from, valid_to, retired] = version.validity.fields().map(|(_, value)| value);
        Self {
            version: version.number,
            event: version.provenance.event.name(),
            restored_from,
            actor: version.provenance.actor.as_deref(),
            reason: version.provenance.reason.as_deref(),
            updated_at: version.updated_at.to_string(),
            expires_at: version.expires_at.map(|at| at.to_string()),
            valid_from,
            valid_to,
            retired,
            correction: version.validity.correction,
            classified: version.classified.names(),
            tags: version.tags.as_slice(),
            metadata: version.metadata.as_json(),
            content,
        }
    }
}
