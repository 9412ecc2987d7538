//! How are memories listed?

use std::sync::Arc;

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::request::List;
use openmemory_rules::Error;
use openmemory_rules::contract::{Control, MemoryStore, Page};
use serde_json::{Map, Value, json};

use super::record::record;
use super::requests;
use crate::blocking::blocking;
use crate::http::{ApiError, ApiResult, Body, Query, TenantStore};
use crate::openapi::schemas;

/// List memories, newest first
#[utoipa::path(
    get, path = "/memory/all", tag = "Memories", params(requests::AllQuery),
    responses((status = 200, body = schemas::Items), schemas::Refusals)
)]
pub async fn all(memories: TenantStore, mut query: Query<requests::AllQuery>) -> ApiResult {
    let user = query.text("user_id");
    let list = ListParams::read(query, user)?;
    let page = memories.scan(|store, control| list.run(store, control)).await?;
    Ok(Json(page).into_response())
}

/// List memories that match filters, page by page
#[utoipa::path(
    post, path = "/memory/list", tag = "Memories", request_body = requests::ListRequest,
    responses((status = 200, body = schemas::Items), schemas::Refusals)
)]
pub async fn list(memories: TenantStore, Body(body): Body) -> ApiResult {
    let list = List::read(body)?;
    let page = memories.scan(|store, control| async move { items(store.list(list, control).await?).await }).await?;
    Ok(Json(page).into_response())
}

/// Query parameters of a list, by OpenMemory's offset or by cursor.
pub struct ListParams(List);

impl ListParams {
    pub fn read<P>(mut query: Query<P>, user: Option<String>) -> Result<Self, ApiError> {
        let l = query.whole("l");
        let limit = query.whole("limit").or(l).unwrap_or(100) as usize;
        let skip = query.whole("u").unwrap_or(0);
        let mut filters = Map::new();
        if let Some(user) = user {
            filters.insert("user_id".into(), json!({ "in": [user] }));
        }
        if let Some(sector) = query.text("sector") {
            filters.insert("sectors".into(), sector.into());
        }
        query.fields.insert("filters".into(), filters.into());
        Ok(Self(List { limit, skip, ..List::read(query.fields.into())? }))
    }

    pub async fn run(self, store: Arc<dyn MemoryStore>, control: Arc<Control>) -> Result<Value, Error> {
        items(store.list(self.0, control).await?).await
    }
}

/// Serializes a page on a blocking thread, since it may be megabytes of text.
async fn items(page: Page) -> Result<Value, Error> {
    blocking(move || {
        let items: Vec<Value> = page.memories.iter().map(record).collect::<Result<_, _>>()?;
        Ok(match page.next_cursor {
            Some(cursor) => json!({ "items": items, "next_cursor": cursor }),
            None => json!({ "items": items }),
        })
    })
    .await
}
