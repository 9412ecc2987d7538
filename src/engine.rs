//! Which methods does the engine have in JavaScript? Each parses its request, calls the engine and returns the result.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use napi::bindgen_prelude::{Float32Array, FnArgs, Function, Object, Promise, Result, within_runtime_if_available};
use napi::{Env, JsValue};
use napi_derive::napi;
use openmemory_domain::request::{
    AddMany, ById, ContextRequest, Decide, Delete, DeleteMany, Export, Facets, FeedbackRequest, Get, History, Import,
    Learn, LearningById, List, ListLearnings, ListMessages, NewMemory, Operations, Reinforce, Restore, Retire, Search,
    Sources, Touch, Update, UpdateMany,
};
use openmemory_domain::{Clock, Invalid, SystemClock};
use openmemory_engine::{self as engine, EngineStore, Shared};
use openmemory_rules::Error;
use openmemory_rules::ImportFile;
use openmemory_rules::context::block;
use openmemory_rules::contract::{Control as Progress, ItemResult};
use openmemory_server::moved_documents::{add_documents, documents_to_move};
use serde::Serialize;
use serde_json::Value;

use crate::answer::{Items, OfMany, answer, answered, success};
use crate::control::{Control, progress};
use crate::embedder::embed_call;
use crate::handle::{Call, Handle, blocking, reading, run_inline};
use crate::inline_poll::poll_inline;
use crate::language_model::language_model;
use crate::loop_budget::{InlinePermit, LoopBudget};
use crate::options::StoreSpec;
use crate::promise::{Promised, promise};
use crate::request::{read, read_documents};
use crate::server::Server;
use crate::watcher::{Watcher, wake_call};
use crate::written::written;

/// Maximum size of an update that continues on JavaScript's thread after a JavaScript function has embedded its text.
/// It does so only if no other call is running.
const MAX_INLINE_UPDATE_BYTES: usize = 16 * 1024;

#[napi]
pub struct Engine {
    handle: Arc<Handle>,
    budget: LoopBudget,
}

#[napi]
impl Engine {
    /// Returns immediately: the first call opens the directory.
    #[napi(constructor)]
    #[allow(
        clippy::type_complexity,
        reason = "napi writes the type into native.d.ts, and does not look behind an alias"
    )]
    pub fn new(
        env: &Env,
        options: String,
        embed: Option<Function<'_, FnArgs<(Vec<String>, bool)>, Promise<Float32Array>>>,
        model: Option<String>,
        complete: Option<Function<'_, FnArgs<(String,)>, Promise<String>>>,
    ) -> Result<Self> {
        let embed = embed.map(|embed| embed_call(env, embed)).transpose()?;
        let spec = StoreSpec::read(&options, embed, language_model(env, model, complete)?)?;
        Ok(Self { handle: Arc::new(Handle::new(spec)), budget: LoopBudget::default() })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn ready<'env>(&self, env: &'env Env) -> Promised<'env> {
        self.call(env, |engine| async move { engine.ready().await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn add<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        let new = read(&request, |mut value| NewMemory::read(value["memory"].take()));
        self.call(env, |engine| async move { engine.add(new?).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn add_many<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.batch(env, request, AddMany::read, |engine, batch| async move { engine.add_many(batch, &control).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn get<'env>(&self, env: &'env Env, request: String) -> Result<Object<'env>> {
        let get = read(&request, Get::read);
        self.call_inline(env, |engine| async move { run_inline(|| engine.get(&get?)) })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn list<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let (list, control) = (read(&request, List::read), progress(control));
        self.read(env, move |engine| engine.list(&list?, &control))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn update<'env>(&self, env: &'env Env, request: String) -> Result<Object<'env>> {
        let update = read(&request, Update::read);
        let embeds = matches!(&update, Ok(update) if update.patch.content.is_some());
        let in_background = embeds
            && self.handle.spec.embeds_in_javascript()
            && (request.len() > MAX_INLINE_UPDATE_BYTES || self.handle.is_busy());
        let call = |engine: Arc<Shared>| async move { written(&engine, engine.update(update?).await?).await };
        if in_background { self.call(env, call)?.coerce_to_object() } else { self.call_inline(env, call) }
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn update_many<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.batch(
            env,
            request,
            UpdateMany::read,
            |engine, batch| async move { engine.update_many(batch, &control).await },
        )
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn facets<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let (facets, control) = (read(&request, Facets::read), progress(control));
        self.read(env, move |engine| engine.facets(&facets?, &control))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn touch<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        self.batch(env, request, Touch::read, |engine, touch| async move { engine.touch(touch).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn apply_operations<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.batch(
            env,
            request,
            Operations::read,
            |engine, all| async move { engine.apply_operations(all, &control).await },
        )
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn delete<'env>(&self, env: &'env Env, request: String) -> Result<Object<'env>> {
        let delete = read(&request, Delete::read);
        self.call_inline(env, |engine| async move { written(&engine, engine.delete(delete?).await?).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn delete_many<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let (delete, control) = (read(&request, DeleteMany::read), progress(control));
        self.call(env, |engine| async move {
            let filter = match delete? {
                DeleteMany::Ids(ids) => return engine.delete_many(ids).await.map(|each| OfMany::Each(Items(each))),
                DeleteMany::Matching(filter) => Some(Arc::new(filter)),
                DeleteMany::All => None,
            };
            let (store, scan_filter, scan_control) = (Arc::clone(&engine), filter.clone(), Arc::clone(&control));
            let ids = reading(move || store.ids_matching(scan_filter.as_deref(), &scan_control)).await?;
            engine.delete_matching(ids, filter, &control).await.map(OfMany::All)
        })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn search<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Result<Object<'env>> {
        let (search, control) = (read(&request, Search::read), progress(control));
        let permit = self.budget.take();
        let inline = permit.is_some();
        self.call_with_permit(env, permit, move |engine| async move {
            let search = search?;
            let vector = engine.embed_query(&search).await?;
            if inline && engine.is_quick(&search) {
                return run_inline(|| engine.search(&search, &vector, &control));
            }
            reading(move || engine.search(&search, &vector, &control)).await
        })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn context<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let (request, control) = (read(&request, ContextRequest::read), progress(control));
        self.call(env, |engine| async move {
            let ContextRequest { search, tokens, order } = request?;
            let vector = engine.embed_query(&search).await?;
            reading(move || Ok(block(engine.search(&search, &vector, &control)?, tokens, order))).await
        })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn reinforce<'env>(&self, env: &'env Env, request: String) -> Result<Object<'env>> {
        let reinforce = read(&request, Reinforce::read);
        self.call_inline(env, |engine| async move { written(&engine, engine.reinforce(reinforce?).await?).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn history<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let (history, control) = (read(&request, History::read), progress(control));
        self.read(env, move |engine| engine.history(&history?, &control))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn restore<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        let restore = read(&request, Restore::read);
        self.call(env, |engine| async move { engine.restore(restore?).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn retire<'env>(&self, env: &'env Env, request: String) -> Result<Object<'env>> {
        let retire = read(&request, Retire::read);
        self.call_inline(env, |engine| async move { written(&engine, engine.retire(retire?).await?).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn feedback<'env>(&self, env: &'env Env, request: String) -> Result<Object<'env>> {
        let feedback = read(&request, FeedbackRequest::read);
        self.call_inline(env, |engine| async move { written(&engine, engine.feedback(feedback?).await?).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn waypoints<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        let by_id = read(&request, ById::read);
        self.read(env, |engine| engine.waypoints(&by_id?))
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
        let (learn, control) = (read(&request, Learn::read), progress(control));
        let model = language_model(env, model, complete)?;
        self.call(env, |engine| async move { engine.learn(learn?, model, &control).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn decide<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        let decide = read(&request, Decide::read);
        self.call(env, |engine| async move { engine.decide(decide?).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn undo_learning<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        let by_id = read(&request, LearningById::read);
        self.call(env, |engine| async move { engine.undo_learning(by_id?).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn learning<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        let by_id = read(&request, LearningById::read);
        self.read(env, |engine| engine.learning(&by_id?.id))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn list_learnings<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        let list = read(&request, ListLearnings::read);
        self.read(env, |engine| engine.list_learnings(&list?))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn sources<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        let sources = read(&request, Sources::read);
        self.read(env, |engine| engine.sources(&sources?))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn list_messages<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        let list = read(&request, ListMessages::read);
        self.read(env, |engine| engine.list_messages(&list?))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn delete_messages<'env>(&self, env: &'env Env, request: String) -> Promised<'env> {
        let list = read(&request, ListMessages::read);
        self.call(env, |engine| async move { engine.delete_messages(list?.scope).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn reindex<'env>(&self, env: &'env Env, _request: String, control: Option<&Control>) -> Promised<'env> {
        let control = progress(control);
        self.call(env, |engine| async move { engine.reindex(&control).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn export_to<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let (export, control) = (read(&request, Export::read), progress(control));
        self.read(env, move |engine| engine.export_to(&export?, &control))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn import_from<'env>(&self, env: &'env Env, request: String, control: Option<&Control>) -> Promised<'env> {
        let (import, control) = (read(&request, Import::read), progress(control));
        self.call(env, |engine| async move {
            let (Import { file, on_conflict }, checking) = (import?, Arc::clone(&control));
            let file = blocking(move || ImportFile::check(&file, &checking)).await?;
            engine.import_from(file, on_conflict, &control).await
        })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn stats<'env>(&self, env: &'env Env) -> Promised<'env> {
        self.read(env, |engine| engine.stats())
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn backup<'env>(&self, env: &'env Env, directory: String) -> Promised<'env> {
        self.read(env, move |engine| engine.backup(Path::new(&directory), &Progress::default()))
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn compact<'env>(&self, env: &'env Env) -> Promised<'env> {
        self.read(env, |engine| engine.compact())
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn flush<'env>(&self, env: &'env Env) -> Promised<'env> {
        self.read(env, |engine| engine.flush())
    }

    /// What a server keeps with the memories, for another store.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn documents<'env>(&self, env: &'env Env) -> Promised<'env> {
        self.call(env, |engine| async move { documents_to_move(&EngineStore::new(engine, None)).await })
    }

    /// Adds what is not there yet of the documents of another store.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn add_documents<'env>(&self, env: &'env Env, documents: String) -> Promised<'env> {
        let documents = read(&documents, read_documents);
        self.call(env, |engine| async move { add_documents(&EngineStore::new(engine, None), documents?).await })
    }

    /// Watches changes. `wake` is called when there are some.
    #[napi]
    pub fn watch(&self, request: String, wake: Function<'_, (), ()>) -> Result<Watcher> {
        Ok(Watcher::new(Arc::clone(&self.handle), request, wake_call(wake)?))
    }

    /// A server of this store, and of those of tenants below its directory.
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
        Server::of(env, Arc::clone(&self.handle.spec), None, &options, (mcp, facade, send))
    }

    /// Waits for the calls in flight first. Idempotent.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn close<'env>(&self, env: &'env Env) -> Promised<'env> {
        let handle = Arc::clone(&self.handle);
        promise(env, async move { answer(handle.close().await) })
    }

    /// A call that waits asynchronously.
    fn call<'env, T, C, F>(&self, env: &'env Env, call: C) -> Promised<'env>
    where
        T: Serialize + 'static,
        C: FnOnce(Arc<Shared>) -> F + Send + 'static,
        F: Future<Output = std::result::Result<T, Error>> + Send + 'static,
    {
        promise(env, self.result(call))
    }

    /// A call with a result for each item. The request is read on another thread: a long one takes longer than the event
    /// loop should wait.
    fn batch<'env, R, T, C, F>(
        &self,
        env: &'env Env,
        request: String,
        read_batch: fn(Value) -> std::result::Result<R, Invalid>,
        call: C,
    ) -> Promised<'env>
    where
        R: Send + 'static,
        T: Serialize + 'static,
        C: FnOnce(Arc<Shared>, R) -> F + Send + 'static,
        F: Future<Output = std::result::Result<Vec<ItemResult<T>>, Error>> + Send + 'static,
    {
        self.call(env, move |engine| async move {
            let batch = read(&request, read_batch)?;
            call(engine, batch).await.map(Items)
        })
    }

    /// A call that does little but wait for the writer: it starts on this thread and is completed by the writer thread.
    fn call_inline<'env, T, C, F>(&self, env: &'env Env, call: C) -> Result<Object<'env>>
    where
        T: Serialize + 'static,
        C: FnOnce(Arc<Shared>) -> F + Send + 'static,
        F: Future<Output = std::result::Result<T, Error>> + Send + 'static,
    {
        self.call_with_permit(env, None, call)
    }

    /// Like [`Engine::call_inline`]. With a permit the call may do more work on this thread.
    fn call_with_permit<'env, T, C, F>(
        &self,
        env: &'env Env,
        permit: Option<InlinePermit>,
        call: C,
    ) -> Result<Object<'env>>
    where
        T: Serialize + 'static,
        C: FnOnce(Arc<Shared>) -> F + Send + 'static,
        F: Future<Output = std::result::Result<T, Error>> + Send + 'static,
    {
        let work = Box::pin(self.result(call));
        within_runtime_if_available(|| poll_inline(env, work, &self.budget, permit))
    }

    fn result<T, C, F>(&self, call: C) -> impl Future<Output = String> + Send + use<T, C, F>
    where
        T: Serialize + 'static,
        C: FnOnce(Arc<Shared>) -> F + Send + 'static,
        F: Future<Output = std::result::Result<T, Error>> + Send + 'static,
    {
        run(self.handle.begin(), Box::new(|engine| Box::pin(async { success(&call(engine).await?) })))
    }

    /// A read on the blocking pool.
    fn read<'env, T, C>(&self, env: &'env Env, call: C) -> Promised<'env>
    where
        T: Serialize + Send + 'static,
        C: FnOnce(&Shared) -> std::result::Result<T, Error> + Send + 'static,
    {
        self.call(env, |engine| reading(move || call(&engine)))
    }
}

/// A call, which makes an answer. Of one type whatever it is: what surrounds it is compiled once.
type Work =
    Box<dyn FnOnce(Arc<Shared>) -> Pin<Box<dyn Future<Output = std::result::Result<String, Error>> + Send>> + Send>;

async fn run(started: std::result::Result<Call, Error>, work: Work) -> String {
    answered(match started {
        Ok(started) => started.run(work).await,
        Err(closed) => Err(closed),
    })
}

/// Checks a closed store. With `repair`, repairs it.
#[napi(ts_return_type = "Promise<string>")]
#[cfg_attr(test, allow(dead_code, reason = "functions are registered outside of tests only"))]
pub fn doctor(env: &Env, path: String, repair: bool) -> Promised<'_> {
    let diagnosis = blocking(move || engine::doctor(Path::new(&path), repair, SystemClock.now()));
    promise(env, async move { answer(diagnosis.await) })
}
