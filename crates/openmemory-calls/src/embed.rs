//! How does a text get its vectors and sectors? By the model, and by the prototypes of the sectors.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use openmemory_domain::{Content, ContentHash, Embedding, Fault, Invalid, ModelIdentity, ModelTag, Sector};
use openmemory_embedding::{EmbeddingService, Passage, normalised, texts};
use openmemory_rules::Error;
use openmemory_rules::contract::Control;

use crate::sectors::{Prototypes, TEXTS};

/// The vectors of texts, or the errors of embedding them, by content hash.
pub type Embedded = HashMap<ContentHash, Result<Arc<Embedding>, Error>>;

/// The vectors of the prototypes by the model with this tag.
pub async fn prototypes(service: &EmbeddingService, tag: ModelTag) -> Result<Prototypes, Error> {
    let texts = TEXTS.iter().map(|(_, text)| Arc::from(*text)).collect();
    let passages = service.passages_of(texts, |_| {}).await.into_iter();
    let vectors = passages
        .map(|passages| Ok(passages.map_err(Fault::from)?.swap_remove(0).vector))
        .collect::<Result<_, Error>>()?;
    Ok(Prototypes::new(tag, vectors))
}

/// Embeds the texts of a memory.
pub async fn embed(
    service: &EmbeddingService,
    prototypes: &Prototypes,
    content: &Content,
) -> Result<Arc<Embedding>, Error> {
    if content.is_none() {
        return Ok(no_embedding(&service.identity().await.map_err(Fault::from)?));
    }
    let passages = service.passages(content.meaning().into()).await.map_err(Fault::from)?;
    Ok(Arc::new(prototypes.embedding(content.meaning(), &passages)))
}

/// The vectors of a memory of which the caller has made one for all its texts or one for each.
pub fn own_embedding(
    model: &ModelIdentity,
    prototypes: &Prototypes,
    content: &Content,
    vectors: &[Vec<f32>],
) -> Result<Arc<Embedding>, Error> {
    let text = content.meaning();
    let passages = match vectors {
        [vector] => vec![Passage::of_whole(text, checked_vector(model, vector)?)],
        vectors => {
            let texts = texts(text);
            if texts.len() != vectors.len() {
                let problem = format!("has {} vectors for {} texts", vectors.len(), texts.len());
                return Err(Invalid::argument("vector", problem).into());
            }
            let passage = |(range, vector): (Range<usize>, &Vec<f32>)| {
                let start = range.start;
                Ok(Passage::of_whole(&text[range], checked_vector(model, vector)?).shifted(start))
            };
            texts.into_iter().zip(vectors).map(passage).collect::<Result<_, Error>>()?
        }
    };
    Ok(Arc::new(prototypes.embedding(text, &passages)))
}

/// Vectors of zeros, for a text that is found by its words only.
pub fn no_embedding(model: &ModelIdentity) -> Arc<Embedding> {
    let zeros = vec![0.0; model.dimensions];
    Arc::new(Embedding::new(model.tag(), zeros.clone(), vec![zeros.clone()], vec![(Sector::Semantic, zeros)]))
}

/// A vector of a caller, of length 1.
pub fn checked_vector(model: &ModelIdentity, vector: &[f32]) -> Result<Vec<f32>, Error> {
    if vector.len() != model.dimensions {
        let problem =
            format!("has {} numbers; those of the model {} have {}", vector.len(), model.id, model.dimensions);
        return Err(Invalid::argument("vector", problem).into());
    }
    Ok(normalised(vector.to_vec()).map_err(Fault::from)?)
}

/// Embeds each distinct text once, several at a time, until `control` is cancelled. Calls `progress` with the number of
/// texts done and the total.
pub async fn embed_all(
    service: &EmbeddingService,
    prototypes: &Prototypes,
    contents: &[&Content],
    control: &Control,
    progress: impl Fn(usize, usize),
) -> Result<Embedded, Error> {
    let (blank, contents): (Vec<&Content>, Vec<&Content>) = contents.iter().partition(|content| content.is_none());
    let distinct: HashMap<ContentHash, &Content> = contents.iter().map(|content| (content.hash(), *content)).collect();
    let (hashes, texts): (Vec<ContentHash>, Vec<Arc<str>>) =
        distinct.into_iter().map(|(hash, content)| (hash, Arc::from(content.meaning()))).unzip();
    let passages = tokio::select! {
        biased;
        () = control.cancelled() => return Err(Error::Aborted),
        passages = service.passages_of(texts.clone(), |done| progress(done, texts.len())) => passages,
    };
    let embedded = passages.into_iter().zip(&texts).map(|(passages, text)| match passages {
        Ok(passages) => Ok(Arc::new(prototypes.embedding(text, &passages))),
        Err(error) => Err(Fault::from(error).into()),
    });
    let mut embedded: Embedded = hashes.into_iter().zip(embedded).collect();
    if let Some(content) = blank.first() {
        let none = no_embedding(&service.identity().await.map_err(Fault::from)?);
        embedded.insert(content.hash(), Ok(none));
    }
    Ok(embedded)
}
