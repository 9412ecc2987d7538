//! What is kept of a webhook? What its owner has set, and, in a document of its own, how far it has come.

use openmemory_domain::{Clock, SystemClock, Timestamp};
use openmemory_rules::Error;
use openmemory_rules::contract::MemoryStore;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const WEBHOOKS: &str = "mem0/webhook/";
pub const POSITIONS: &str = "mem0/webhook-position/";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventType {
    #[serde(rename = "memory_add")]
    Add,
    #[serde(rename = "memory_update")]
    Update,
    #[serde(rename = "memory_delete")]
    Delete,
    #[serde(rename = "memory_categorize")]
    Categorize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Webhook {
    pub name: String,
    pub url: String,
    pub event_types: Vec<EventType>,
    pub is_active: bool,
    pub secret: String,
    pub created_at: String,
    pub updated_at: String,
}

/// How far a webhook has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Of the last change that was sent or passed over.
    pub cursor: String,
    /// When that change was made, as far as it is known.
    pub changed_at: Option<String>,
    pub delivered_at: Option<String>,
    /// Why the last event was not taken; none if it was.
    pub last_error: Option<String>,
}

impl Position {
    pub fn changed_at(&self) -> Option<Timestamp> {
        self.changed_at.as_deref().and_then(Timestamp::parse)
    }
}

pub fn name(id: &str) -> String {
    format!("{WEBHOOKS}{id}")
}

pub fn position_name(id: &str) -> String {
    format!("{POSITIONS}{id}")
}

/// The ids of all webhooks, oldest first.
pub async fn all(store: &dyn MemoryStore) -> Result<Vec<String>, Error> {
    let names = store.document_names(WEBHOOKS.into()).await?;
    Ok(names.iter().map(|name| name.trim_start_matches(WEBHOOKS).to_owned()).collect())
}

pub async fn read(store: &dyn MemoryStore, id: &str) -> Result<Option<Webhook>, Error> {
    document(store, name(id)).await
}

pub async fn read_position(store: &dyn MemoryStore, id: &str) -> Result<Position, Error> {
    Ok(document(store, position_name(id)).await?.unwrap_or_default())
}

async fn document<T: DeserializeOwned>(store: &dyn MemoryStore, name: String) -> Result<Option<T>, Error> {
    let Some(document) = store.document(name).await? else { return Ok(None) };
    serde_json::from_value(document).map(Some).map_err(|_| Error::Internal("a webhook cannot be read"))
}

/// A key of 256 random bits, in the form of the Standard Webhooks.
pub fn new_secret() -> Result<String, Error> {
    Ok(format!("whsec_{}", data_encoding::BASE64.encode(&random::<32>()?)))
}

/// Begins with the time, so that ids are in the order in which webhooks were made.
pub fn new_id() -> Result<String, Error> {
    let now = SystemClock.now().millis();
    Ok(format!("wh_{now:012x}{}", data_encoding::HEXLOWER.encode(&random::<10>()?)))
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Error::Internal("the system gives no random numbers"))?;
    Ok(bytes)
}
