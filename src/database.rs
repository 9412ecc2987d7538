//! Which methods does a store in a database have in JavaScript? Those of the engine. None of them blocks the thread that
//! polls it.

use std::convert::identity;
use std::path::PathBuf;
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Float32Array, FnArgs, Function, Promise, Result};
use napi_derive::napi;
use openmemory_domain::Invalid;
use openmemory_domain::request::{
    AddMany, ById, ContextRequest, Decide, Delete, DeleteMany, Export, Facets, FeedbackRequest, Get, History, Import,
    Learn, LearningById, List, ListLearnings, ListMessages, NewMemory, Operations, Reinforce, Restore, Retire, Search,
    Sources, Touch, Update, UpdateMany, Watch,
};
use openmemory_engine::ExportFile;
use openmemory_postgres::PostgresStore;
use openmemory_rules::context::block;
use openmemory_rules::contract::{ExportSink, ItemResult, MemoryStore, Reply};
use openmemory_rules::{Error, ImportFile};
use openmemory_server::moved_documents::{add_documents, documents_to_move};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

use crate::answer::{Items, OfMany, answer, success};
use crate::control::{Control, progress};
use crate::database_handle::{DatabaseHandle, Served, Work, run};
use crate::database_watcher::DatabaseWatcher;
use crate::embedder::embed_call;
use crate::handle::blocking;
use crate::language_model::language_model;
use crate::options::StoreSpec;
use crate::promise::{Promised, promise};
use crate::request::{read, read_documents};
use crate::server::{MakeStores, Server};
use crate::watcher::wake_call;

#[napi]
pub struct Database {
    handle: Arc<DatabaseHandle>,
}

#[napi]
impl Database {
    /// Returns immediately: the first call connects.
    #[napi(constructor)]
    #[allow(
        clippy::type_complexity,
        reason = "napi writes the type into native.d.ts, and does not look behind an alias"
    )]
    pub fn new(
        env: &Env,
        url: String,
        options: String,
        embed: Option<Function<'_, FnArgs<(Vec<String>, bool)>, Promise<Float32Array>>>,
        model: Option<String>,
        complete: Option<Function<'_, FnArgs<(String,)>, Promise<String>>>,
    ) -> Result<Self> {
        let embed = embed.map(|embed| embed_call(env, embed)).transpose()?;
        let spec = StoreSpec::read(&options, embed, language_model(env, model, complete)?)?;
        Ok(Self { handle: Arc::new(DatabaseHandle::new(url, spec)) })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn ready<'env>(&self, env: &'env Env) -> Promised<'env> {
        self.call(env, Ok(()), |store, ()| store.ready())
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn add<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        let new = read(&request, |mut value| NewMemory::read(value["memory"].take()));
        self.call(env, new, |store, new| MemoryStore::add(store, new))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn add_many<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.batch(env, request, AddMany::read, |store, batch| store.add_many(batch, control))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn get<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, Get::read), |store, get| store.get(get))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn list<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.call(env, read(&request, List::read), |store, list| store.list(list, control))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn update<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, Update::read), |store, update| store.update(update))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn update_many<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.batch(env, request, UpdateMany::read, |store, batch| store.update_many(batch, control))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn facets<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.call(env, read(&request, Facets::read), |store, facets| store.facets(facets, control))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn touch<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.batch(env, request, Touch::read, |store, touch| store.touch(touch))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn apply_operations<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.batch(env, request, Operations::read, |store, all| store.apply_operations(all, control))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn delete<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, Delete::read), |store, delete| store.delete(delete))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn delete_many<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.call(env, read(&request, DeleteMany::read), |store, delete| {
            Box::pin(async move {
                let filter = match delete {
                    DeleteMany::Ids(ids) => return store.delete_many(ids).await.map(|each| OfMany::Each(Items(each))),
                    DeleteMany::Matching(filter) => Some(Arc::new(filter)),
                    DeleteMany::All => None,
                };
                let ids = store.ids_matching(filter.clone(), Arc::clone(&control)).await?;
                store.delete_matching(ids, filter, control).await.map(OfMany::All)
            })
        })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn search<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.call(env, read(&request, Search::read), |store, search| {
            Box::pin(async move {
                let vector = store.embed_query(&search).await?;
                store.search(search, vector, control).await
            })
        })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn context<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.call(env, read(&request, ContextRequest::read), |store, request| {
            Box::pin(async move {
                let ContextRequest { search, tokens, order } = request;
                let vector = store.embed_query(&search).await?;
                Ok(block(store.search(search, vector, control).await?, tokens, order))
            })
        })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn reinforce<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, Reinforce::read), |store, reinforce| store.reinforce(reinforce))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn history<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.call(env, read(&request, History::read), |store, history| store.history(history, control))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn restore<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, Restore::read), |store, restore| store.restore(restore))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn retire<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, Retire::read), |store, retire| store.retire(retire))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn feedback<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, FeedbackRequest::read), |store, feedback| store.feedback(feedback))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn waypoints<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, ById::read), |store, by_id| store.waypoints(by_id))
    }

    /// `model` describes the language model that `complete` asks.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn learn<'env>(
        &self,
        env: &'env Env,
        request: String,
        control: Option<&Control>,
        model: Option<String>,
        complete: Option<Function<'_, FnArgs<(String,)>, Promise<String>>>,
    ) -> Promised<'env> {
        let control = progress(control);
        let model = language_model(env, model, complete)?;
        self.call(env, read(&request, Learn::read), |store, learn| store.learn_with(learn, model, control))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn decide<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, Decide::read), |store, decide| store.decide(decide))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn undo_learning<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, LearningById::read), |store, by_id| store.undo_learning(by_id))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn learning<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, LearningById::read), |store, by_id| store.learning(by_id.id))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn list_learnings<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, ListLearnings::read), |store, list| store.list_learnings(list))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn sources<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, Sources::read), |store, sources| store.sources(sources))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn list_messages<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, ListMessages::read), |store, list| store.list_messages(list))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn delete_messages<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.call(env, read(&request, ListMessages::read), |store, list| store.delete_messages(list.scope))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn reindex<'env>(&self, env: &'env Env, _request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.call(env, Ok(()), |store, ()| store.reindex(control))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn export_to<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.call(env, read(&request, Export::read), |store, export| {
            Box::pin(async move {
                let Export { file, filter } = export;
                let file = blocking(move || ExportFile::create(&file)).await?;
                let written = Arc::new(Mutex::new(file));
                let writing = Arc::clone(&written);
                let sink: ExportSink = Box::new(move |bytes| writing.lock().write(bytes));
                let exported = store.export(filter, Arc::clone(&control), sink).await?;
                // The file does not have its name yet, so cancelling leaves nothing.
                control.check()?;
                let file = Arc::into_inner(written).ok_or(Error::Internal("an export still writes"))?.into_inner();
                blocking(move || file.finish()).await?;
                Ok(exported)
            })
        })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn import_from<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.call(env, read(&request, Import::read), |store, import| {
            Box::pin(async move {
                let (Import { file, on_conflict }, checking) = (import, Arc::clone(&control));
                let file = blocking(move || ImportFile::check(&file, &checking)).await?;
                store.import(file, on_conflict, control).await
            })
        })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn stats<'env>(&self, env: &'env Env) -> Promised<'env> {
        self.call(env, Ok(()), |store, ()| store.stats())
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn backup<'env>(&self, env: &'env Env, directory: String) -> Promised<'env> {
        self.call(env, Ok(PathBuf::from(directory)), |store, directory| store.backup(directory, Arc::default()))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn compact<'env>(&self, env: &'env Env) -> Promised<'env> {
        self.call(env, Ok(()), |store, ()| store.compact())
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn flush<'env>(&self, env: &'env Env) -> Promised<'env> {
        self.call(env, Ok(()), |store, ()| store.flush())
    }

    /// What a server keeps with the memories, for another store.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn documents<'env>(&self, env: &'env Env) -> Promised<'env> {
        self.call(env, Ok(()), |store, ()| Box::pin(documents_to_move(store)))
    }

    /// Adds what is not there yet of the documents of another store.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn add_documents<'env>(&self, env: &'env Env, documents: String) -> Promised<'env> {
        self.call(env, read(&documents, read_documents), |store, documents| Box::pin(add_documents(store, documents)))
    }

    /// The tenants that have something in this database, as far as its role sees them.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn tenants<'env>(&self, env: &'env Env) -> Promised<'env> {
        let (started, handle) = (self.handle.begin(), Arc::clone(&self.handle));
        promise(env, async move {
            let tenants = async {
                let _running = started?;
                handle.tenants().await
            };
            answer(tenants.await)
        })
    }

    /// Watches changes. `wake` is called when there may be more.
    #[napi]
    pub fn watch(&self, request: String, wake: Function<'_, (), ()>) -> Result<DatabaseWatcher> {
        Ok(DatabaseWatcher::new(Arc::clone(&self.handle), read(&request, Watch::read), wake_call(wake)?))
    }

    /// A server of the stores of this database.
    #[napi]
    #[allow(
        clippy::type_complexity,
        reason = "napi writes the type into native.d.ts, and does not look behind an alias"
    )]
    pub fn serve(
        &self,
        env: &Env,
        options: String,
        mcp: Function<'_, FnArgs<(String,)>, Promise<String>>,
        facade: Function<'_, FnArgs<(String,)>, Promise<String>>,
        send: Function<'_, FnArgs<(String,)>, Promise<String>>,
    ) -> Result<Server> {
        let handle = Arc::clone(&self.handle);
        let make: MakeStores = Box::new(move |models| Arc::new(Served { handle, models }));
        Server::of(env, Arc::clone(&self.handle.spec), Some(make), &options, (mcp, facade, send))
    }

    /// Waits for the calls in flight first. Idempotent.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn close<'env>(&self, env: &'env Env) -> Promised<'env> {
        let handle = Arc::clone(&self.handle);
        promise(env, async move { answer(handle.close().await) })
    }

    fn call<'env, R, T, C>(&self, env: &'env Env, request: std::result::Result<R, Error>, call: C) -> Promised<'env>
    where
        R: Send + 'static,
        T: Serialize + Send + 'static,
        C: for<'a> FnOnce(&'a PostgresStore, R) -> Reply<'a, T> + Send + 'static,
    {
        let (started, handle) = (self.handle.begin(), Arc::clone(&self.handle));
        let work = request.map(|request| work(request, call, identity));
        promise(env, run(started, handle, work))
    }

    /// A call with a result for each item. The request is read on another thread: a long one takes longer than the event
    /// loop should wait.
    fn batch<'env, R, T, C>(
        &self,
        env: &'env Env,
        request: String,
        read_batch: fn(Value) -> std::result::Result<R, Invalid>,
        call: C,
    ) -> Promised<'env>
    where
        R: Send + 'static,
        T: Serialize + Send + 'static,
        C: for<'a> FnOnce(&'a PostgresStore, R) -> Reply<'a, Vec<ItemResult<T>>> + Send + 'static,
    {
        let (started, handle) = (self.handle.begin(), Arc::clone(&self.handle));
        promise(env, async move {
            let work = read(&request, read_batch).map(|batch| work(batch, call, Items));
            run(started, handle, work).await
        })
    }
}

/// `shown` makes the value of the answer from that of the call.
fn work<R, T, C, A>(request: R, call: C, shown: fn(T) -> A) -> Work
where
    R: Send + 'static,
    T: Send + 'static,
    C: for<'a> FnOnce(&'a PostgresStore, R) -> Reply<'a, T> + Send + 'static,
    A: Serialize + 'static,
{
    Box::new(move |store| {
        let reply = call(store, request);
        Box::pin(async move { success(&shown(reply.await?)) })
    })
}
