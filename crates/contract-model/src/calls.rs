//! How is a store called with JSON? As its users do.

use std::path::Path;
use std::sync::{Arc, Mutex};

use openmemory_domain::Memory;
use openmemory_domain::request::{
    AddMany, ById, Delete, DeleteMany, FeedbackRequest, Get, History, List, NewMemory, OnConflict, Reinforce, Restore,
    Search, Update, UpdateMany,
};
use openmemory_rules::contract::{
    Added, Control, Deleted, Exported, Hit, Imported, ItemResult, MemoryStore, MemoryVersion, Page,
};
use openmemory_rules::{Error, ImportFile};
use serde::Serialize;
use serde_json::{Value, json};

/// The calls of one store.
#[derive(Clone)]
pub struct Calls(pub Arc<dyn MemoryStore>);

impl Calls {
    pub async fn add(&self, request: Value) -> Result<Memory, Error> {
        self.0.add(NewMemory::read(request)?).await.map(|added| added.memory)
    }

    pub async fn add_many(&self, request: Value) -> Result<Vec<ItemResult<Added>>, Error> {
        self.0.add_many(AddMany::read(request)?, Arc::default()).await
    }

    pub async fn update(&self, request: Value) -> Result<Memory, Error> {
        self.0.update(Update::read(request)?).await
    }

    pub async fn update_many(&self, request: Value) -> Result<Vec<ItemResult<Memory>>, Error> {
        self.0.update_many(UpdateMany::read(request)?, Arc::default()).await
    }

    pub async fn restore(&self, id: &str, version: u64) -> Result<Memory, Error> {
        self.0.restore(Restore::read(json!({ "id": id, "version": version }))?).await
    }

    pub async fn delete(&self, id: &str) -> Result<Deleted, Error> {
        self.0.delete(Delete::read(json!({ "id": id }))?).await
    }

    pub async fn delete_many(&self, ids: &[&str]) -> Result<Vec<ItemResult<Deleted>>, Error> {
        match DeleteMany::read(json!({ "ids": ids }))? {
            DeleteMany::Ids(ids) => self.0.delete_many(ids).await,
            DeleteMany::Matching(_) | DeleteMany::All => unreachable!("ids are read as ids"),
        }
    }

    /// The ids of those that it deleted, sorted.
    pub async fn delete_matching(&self, filters: Value) -> Result<Vec<String>, Error> {
        let DeleteMany::Matching(filter) = DeleteMany::read(json!({ "filters": filters }))? else {
            unreachable!("filters are read as filters")
        };
        let filter = Some(Arc::new(filter));
        let ids = self.0.ids_matching(filter.clone(), Arc::default()).await?;
        let mut deleted = self.0.delete_matching(ids, filter, Arc::default()).await?.ids;
        deleted.sort();
        Ok(deleted)
    }

    pub async fn reinforce(&self, id: &str, boost: f64) -> Result<Memory, Error> {
        self.0.reinforce(Reinforce::read(json!({ "id": id, "boost": boost }))?).await
    }

    pub async fn feedback(&self, id: &str, feedback: Option<&str>) -> Result<Memory, Error> {
        self.0.feedback(FeedbackRequest::read(json!({ "id": id, "feedback": feedback }))?).await
    }

    pub async fn get(&self, request: Value) -> Result<Memory, Error> {
        self.0.get(Get::read(request)?).await
    }

    pub async fn list(&self, request: Value) -> Result<Page, Error> {
        self.0.list(List::read(request)?, Arc::default()).await
    }

    pub async fn search(&self, request: Value) -> Result<Vec<Hit>, Error> {
        let request = Search::read(request)?;
        let vector = self.0.embed_query(&request).await?;
        self.0.search(request, vector, Arc::default()).await
    }

    pub async fn history(&self, request: Value) -> Result<Vec<MemoryVersion>, Error> {
        self.0.history(History::read(request)?, Arc::default()).await
    }

    pub async fn waypoints(&self, id: &str) -> Result<Value, Error> {
        Ok(to_json(&self.0.waypoints(ById::read(json!({ "id": id }))?).await?))
    }

    pub async fn count(&self) -> Result<u64, Error> {
        Ok(self.0.stats().await?.memories)
    }

    pub async fn export(&self) -> Result<(Exported, Vec<u8>), Error> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&lines);
        let sink = Box::new(move |bytes: &[u8]| {
            written.lock().unwrap().extend_from_slice(bytes);
            Ok(())
        });
        let exported = self.0.export(None, Arc::default(), sink).await?;
        let lines = std::mem::take(&mut *lines.lock().unwrap());
        Ok((exported, lines))
    }

    pub async fn import(&self, file: &Path) -> Result<Imported, Error> {
        let file = ImportFile::check(file, &Control::default())?;
        self.0.import(file, OnConflict::Report, Arc::default()).await
    }
}

pub fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// The code of an error; `None` for a success.
pub fn code<T>(result: &Result<T, Error>) -> Option<&'static str> {
    result.as_ref().err().map(|error| error.code().as_str())
}
