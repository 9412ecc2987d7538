//! How does JavaScript try a model file? By an object that holds the model, so that the memory it takes can be measured.

use std::path::PathBuf;
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Error, Result};
use napi_derive::napi;
use openmemory_embedding::{self as embedding, EmbeddingError, Measured, ModelOptions, Port};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::allocator::EagerPurge;
use crate::answer::answer;
use crate::handle::blocking;
use crate::promise::{Promised, promise};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Files {
    model: PathBuf,
    tokenizer: PathBuf,
    query_prefix: String,
    passage_prefix: String,
}

/// Each call answers with `{found}` or `{problem: {file, problem}}`, since what does not run is a result.
#[napi]
pub struct ModelCheck {
    options: ModelOptions,
    loaded: Arc<Mutex<Option<Arc<embedding::ModelCheck>>>>,
}

#[napi]
impl ModelCheck {
    #[napi(constructor)]
    pub fn new(files: String) -> Result<Self> {
        let files: Files = serde_json::from_str(&files).map_err(|error| Error::from_reason(error.to_string()))?;
        let Files { model, tokenizer, query_prefix, passage_prefix } = files;
        let options = ModelOptions { query_prefix, passage_prefix, ..ModelOptions::new(model, tokenizer) };
        Ok(Self { options, loaded: Arc::default() })
    }

    /// What the file says about itself.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn describe<'env>(&self, env: &'env Env) -> Promised<'env> {
        self.call(env, |options, _| {
            embedding::ModelCheck::describe(options).map(|found| {
                json!({
                    "inputs": found.inputs.iter().map(port).collect::<Value>(),
                    "outputs": found.outputs.iter().map(port).collect::<Value>(),
                    "missing_operators": found.missing_operators,
                    "external_weights": found.external_weights,
                })
            })
        })
    }

    /// The model stays loaded until this object is collected.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn load<'env>(&self, env: &'env Env) -> Promised<'env> {
        self.call(env, |options, loaded| {
            *loaded.lock() = Some(Arc::new(embedding::ModelCheck::load(options.clone())?));
            Ok(Value::Null)
        })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn measure<'env>(&self, env: &'env Env) -> Promised<'env> {
        self.call(env, |_, loaded| {
            let loaded = loaded.lock().clone();
            loaded.map_or(Ok(Value::Null), |loaded| loaded.measure().map(|measured| fields(&measured)))
        })
    }
}

impl ModelCheck {
    fn call<'env, C>(&self, env: &'env Env, call: C) -> Promised<'env>
    where
        C: FnOnce(
                &ModelOptions,
                &Mutex<Option<Arc<embedding::ModelCheck>>>,
            ) -> std::result::Result<Value, EmbeddingError>
            + Send
            + 'static,
    {
        let (options, loaded) = (self.options.clone(), self.loaded.clone());
        let result = blocking(move || {
            // The file and what it was read into would otherwise count as memory of the model.
            let _purge = EagerPurge::begin();
            Ok(outcome(call(&options, &loaded), &options))
        });
        promise(env, async move { answer(result.await) })
    }
}

fn outcome(result: std::result::Result<Value, EmbeddingError>, options: &ModelOptions) -> Value {
    let (file, problem) = match result {
        Ok(found) => return json!({ "found": found }),
        Err(EmbeddingError::ModelUnavailable { file, message }) => (file, message),
        Err(error) => (options.model.clone(), error.to_string()),
    };
    json!({ "problem": { "file": file, "problem": problem } })
}

fn port(port: &Port) -> Value {
    json!({ "name": port.name, "type": port.kind, "shape": port.shape })
}

fn fields(measured: &Measured) -> Value {
    json!({
        "dimensions": measured.dimensions,
        "pooled": measured.pooled,
        "times": measured.times.iter()
            .map(|(tokens, time)| json!({ "tokens": tokens, "ms": time.as_secs_f64() * 1000.0 }))
            .collect::<Value>(),
        "trials": measured.trials.iter()
            .map(|trial| json!({
                "pooling": trial.pooling.name(),
                "found": trial.found,
                "asked": trial.asked,
                "separation": trial.separation,
            }))
            .collect::<Value>(),
    })
}
