//! What does a child process do? It opens the store, checks it for all acknowledged data, and continues to write.

use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use openmemory_embedding::{Embedder, EmbeddingError, ModelIdentity, Passage, TestEmbedder};
use openmemory_engine::{Engine, Options};
use openmemory_rules::Error;
use openmemory_rules::contract::Control;
use openmemory_storage::{Durability, SizeLimits};
use tokio::task::LocalSet;

use crate::writer::Writer;

pub const WRITERS: usize = 4;

/// Small, so that a short run has many segments and checkpoints.
pub const BOUNDS: SizeLimits = SizeLimits { segment_bytes: 256 * 1024, log_bytes: 1024 * 1024 };

/// The test embedder under a configurable name. Another name is another model, which requires a reindex.
struct NamedEmbedder(&'static str);

impl Embedder for NamedEmbedder {
    fn identity(&self) -> Result<ModelIdentity, EmbeddingError> {
        Ok(ModelIdentity { id: self.0.into(), ..TestEmbedder.identity()? })
    }

    fn cut(&self, text: &str) -> Result<Vec<Range<usize>>, EmbeddingError> {
        TestEmbedder.cut(text)
    }

    fn embed(&self, pieces: &[&str]) -> Vec<Result<Passage, EmbeddingError>> {
        TestEmbedder.embed(pieces)
    }

    fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
        TestEmbedder.query(text)
    }

    fn batch(&self) -> usize {
        TestEmbedder.batch()
    }
}

pub fn open(directory: &Path, durability: Durability, model: usize) -> Result<Engine, Error> {
    Engine::open(Options { durability, ..options(directory, model) })
}

/// Options with one of two models and small size limits.
pub fn options(directory: &Path, model: usize) -> Options {
    Options { bounds: BOUNDS, ..Options::new(directory, Arc::new(NamedEmbedder(["one", "other"][model % 2]))) }
}

/// Determines how far each writer got: at least the acknowledged steps, and at most one more.
pub fn check(engine: &Engine, seed: u64, acknowledged: &[u64]) -> Result<Vec<Writer>, String> {
    let mut writers = Vec::new();
    for (number, steps) in acknowledged.iter().enumerate() {
        let mut writer = Writer::after(seed, number, *steps);
        if let Err(problem) = writer.check(engine) {
            writer.step();
            writer.check(engine).map_err(|further| format!("{problem}; {further}"))?;
        }
        writers.push(writer);
    }
    let expected: usize = writers.iter().map(Writer::memories).sum();
    match engine.stats() {
        Ok(stats) if stats.memories == expected as u64 => Ok(writers),
        Ok(stats) => Err(format!("{} memories are counted, not {expected}", stats.memories)),
        Err(error) => Err(error.to_string()),
    }
}

/// Checks that each writer is in one of its states from step `from` to one step after `to`.
#[cfg(target_os = "linux")]
pub fn check_from(engine: &Engine, seed: u64, from: &[u64], to: &[u64]) -> Result<(), String> {
    for (number, (from, to)) in from.iter().zip(to).enumerate() {
        let fits = (*from..=to + 1).rev().any(|steps| Writer::after(seed, number, steps).check(engine).is_ok());
        if !fits {
            return Err(format!("writer {number} is at none of the states it had from step {from} to {}", to + 1));
        }
    }
    Ok(())
}

/// Writes a line to the parent atomically.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}

/// Lets every writer take `steps` more steps, and reports each when it is acknowledged.
pub async fn write(engine: Arc<Engine>, writers: Vec<Writer>, steps: u64) -> Result<Vec<Writer>, Error> {
    engine.reindex(&Control::default()).await?;
    let local = LocalSet::new();
    let mut tasks = Vec::new();
    for (number, mut writer) in writers.into_iter().enumerate() {
        let engine = Arc::clone(&engine);
        tasks.push(local.spawn_local(async move {
            for _ in 0..steps {
                writer.step().take(&engine).await?;
                say(&format!("{number} {}", writer.steps()));
            }
            Ok::<_, Error>(writer)
        }));
    }
    local.await;
    let mut writers = Vec::new();
    for task in tasks {
        writers.push(task.await.map_err(|_| Error::Internal("a writer panicked"))??);
    }
    Ok(writers)
}
