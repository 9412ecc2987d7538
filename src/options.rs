//! Which store do the constructor's options, as the facade writes them, describe?

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use napi::bindgen_prelude::{Error, Result};
use openmemory_domain::ModelIdentity;
use openmemory_embedding::{
    EmbedCall, Embedder, EmbedderSource, ExternalEmbedder, LocalEmbedder, ModelEmbedder, ModelOptions, Pooling,
    TestEmbedder,
};
use openmemory_engine as engine;
use openmemory_learning::LanguageModel;
use openmemory_rules::contract::DEFAULT_TENANT;
use openmemory_storage::Durability;
use serde::Deserialize;

use crate::allocator::EagerPurge;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Options {
    path: PathBuf,
    durability: DurabilityName,
    allow_non_empty: bool,
    /// Bytes for the loaded memories of all stores of the process.
    index_memory: usize,
    embedder: EmbedderOptions,
    /// Connections to the database.
    pool_size: Option<usize>,
    /// Searches of more memories in the database compare candidates only.
    approximate_above: Option<u64>,
    /// Whose memories in the database these are.
    tenant: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum DurabilityName {
    Flush,
    Interval,
}

#[derive(Deserialize, Debug)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum EmbedderOptions {
    /// The shipped model; with `multilingual`, the folder of that model, only for stores that it has filled.
    Shipped {
        folder: PathBuf,
        multilingual: Option<PathBuf>,
    },
    Multilingual {
        folder: PathBuf,
    },
    Model {
        model: PathBuf,
        tokenizer: PathBuf,
        pooling: PoolingName,
        query_prefix: String,
        passage_prefix: String,
    },
    Test,
    External {
        id: String,
        dimensions: u32,
    },
}

#[derive(Deserialize, Debug, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum PoolingName {
    Mean,
    Cls,
}

/// Everything that is needed to open a store.
pub struct StoreSpec {
    pub path: PathBuf,
    durability: Durability,
    allow_non_empty: bool,
    pub embedder: EmbedderSource,
    earlier: Option<(ModelIdentity, EmbedderSource)>,
    /// Identifies the embedder: equal for options that describe the same one.
    pub description: String,
    /// What a server of this store learns with.
    pub language_model: Option<Arc<dyn LanguageModel>>,
    /// Bytes for the loaded memories of all stores of the process.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "directories share it by themselves"))]
    pub index_memory: usize,
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "a directory has no connections"))]
    pub pool_size: Option<usize>,
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "a directory compares all"))]
    pub approximate_above: Option<u64>,
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "a directory has one tenant"))]
    pub tenant: String,
}

impl StoreSpec {
    pub fn read(text: &str, embed: Option<EmbedCall>, language_model: Option<Arc<dyn LanguageModel>>) -> Result<Self> {
        let options: Options = serde_json::from_str(text).map_err(|error| Error::from_reason(error.to_string()))?;
        let durability = match options.durability {
            DurabilityName::Flush => Durability::Flush,
            DurabilityName::Interval => Durability::Interval,
        };
        engine::set_index_memory(options.index_memory);
        let description = format!("{:?}", options.embedder);
        let earlier = earlier(&options.embedder)?;
        let embedder = embedder(options.embedder, &description, embed)?;
        let Options { path, allow_non_empty, index_memory, pool_size, approximate_above, tenant, .. } = options;
        let tenant = tenant.unwrap_or_else(|| DEFAULT_TENANT.to_owned());
        Ok(Self {
            path,
            durability,
            allow_non_empty,
            embedder,
            earlier,
            description,
            language_model,
            index_memory,
            pool_size,
            approximate_above,
            tenant,
        })
    }

    /// Whether embedding waits for a function of the caller, which may never settle.
    pub fn embeds_in_javascript(&self) -> bool {
        matches!(self.embedder, EmbedderSource::External(_))
    }

    pub fn engine_options(&self) -> engine::Options {
        self.engine_options_in(&self.path)
    }

    /// The same options for another directory, such as that of a server's tenant.
    pub fn engine_options_in(&self, directory: &Path) -> engine::Options {
        engine::Options {
            durability: self.durability,
            allow_non_empty: self.allow_non_empty,
            earlier: self.earlier.clone(),
            while_opening: Some(Arc::new(|| Box::new(EagerPurge::begin()))),
            ..engine::Options::new(directory, self.embedder.clone())
        }
    }
}

/// All engines of the process with the same model share it and its threads: a model is large, and has a thread per
/// processor.
static MODELS: LazyLock<Mutex<HashMap<String, Weak<LocalEmbedder>>>> = LazyLock::new(Mutex::default);

fn embedder(options: EmbedderOptions, description: &str, embed: Option<EmbedCall>) -> Result<EmbedderSource> {
    let options = match options {
        EmbedderOptions::External { id, dimensions } => {
            let call = embed.ok_or_else(|| Error::from_reason("the embedder's function is missing"))?;
            let identity = ModelIdentity { id, dimensions: dimensions as usize };
            return Ok(EmbedderSource::External(Arc::new(ExternalEmbedder::new(identity, call))));
        }
        EmbedderOptions::Test => None,
        EmbedderOptions::Shipped { folder, multilingual: None } => Some(ModelOptions::shipped(&folder)),
        EmbedderOptions::Shipped { multilingual: Some(folder), .. } | EmbedderOptions::Multilingual { folder } => {
            Some(ModelOptions::multilingual(&folder))
        }
        EmbedderOptions::Model { model, tokenizer, pooling, query_prefix, passage_prefix } => {
            let pooling = match pooling {
                PoolingName::Mean => Pooling::Mean,
                PoolingName::Cls => Pooling::Cls,
            };
            Some(ModelOptions { pooling, query_prefix, passage_prefix, ..ModelOptions::new(model, tokenizer) })
        }
    };
    let model = match options {
        Some(options) => shared(&key(&options), || Arc::new(ModelEmbedder::new(options.clone()))),
        None => shared(description, || Arc::new(TestEmbedder)),
    };
    Ok(EmbedderSource::Local(model))
}

/// The shipped model, if it is only for the stores that it has filled.
fn earlier(options: &EmbedderOptions) -> Result<Option<(ModelIdentity, EmbedderSource)>> {
    let EmbedderOptions::Shipped { folder, multilingual: Some(_) } = options else { return Ok(None) };
    let options = ModelOptions::shipped(folder);
    let embedder = Arc::new(ModelEmbedder::new(options.clone()));
    let identity = embedder.identity().map_err(|error| Error::from_reason(error.to_string()))?;
    Ok(Some((identity, EmbedderSource::Local(shared(&key(&options), || embedder.clone())))))
}

fn key(options: &ModelOptions) -> String {
    format!("{options:?}")
}

fn shared(key: &str, make: impl FnOnce() -> Arc<dyn Embedder>) -> Arc<LocalEmbedder> {
    let mut models = MODELS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(model) = models.get(key).and_then(Weak::upgrade) {
        return model;
    }
    let model = Arc::new(LocalEmbedder::new(make()));
    models.insert(key.to_owned(), Arc::downgrade(&model));
    models.retain(|_, model| model.strong_count() > 0);
    model
}
