//! How does a model file embed a text?

use std::fs;
use std::iter;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openmemory_onnx::{Network, Output};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::passages::{middle, passages};
use super::pooling::{blended, normalised, sum};
use super::sentences::sentences;
use super::tokens::{Encoded, Tokens};
use super::{Embedder, EmbeddingError, FirstPass, ModelIdentity, Passage, Pooling, Sentence};

const SHIPPED_NAME: &str = "all-MiniLM-L6-v2";
const SHIPPED_MODEL: &str = "a604d67924d17949e47e3f57b8f622174b41310ebe93c5c7d62a5c16bfde4a18";
const SHIPPED_TOKENIZER: &str = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037";
const SHIPPED_DIMENSIONS: usize = 384;

/// Tokens that a model reads at once, unless the options say otherwise: what all-MiniLM-L6-v2 is
/// trained for, and within what every common embedding model takes.
const WINDOW: usize = 256;

/// Which files, and how they are to be used.
#[derive(Clone, Debug)]
pub struct ModelOptions {
    /// An ONNX file: inputs `input_ids` and, if it has them, `attention_mask` and
    /// `token_type_ids`; first output the token states `[1, n, d]` or a pooled vector `[1, d]`.
    pub model: PathBuf,
    /// The `tokenizer.json` that belongs to it.
    pub tokenizer: PathBuf,
    pub pooling: Pooling,
    /// Put before every query, such as `"query: "`.
    pub query_prefix: String,
    /// Put before every passage, such as `"passage: "`.
    pub passage_prefix: String,
    /// Tokens of one passage, special tokens and prefix included. Default 256.
    pub window: usize,
    /// Names the model for good. Default: derived from the files, the pooling and the prefixes.
    pub id: Option<String>,
    /// Numbers in a vector, if known; else the model is asked, which loads it.
    pub dimensions: Option<usize>,
    /// What the files must be, in hexadecimal; unchecked if absent.
    pub model_sha256: Option<String>,
    pub tokenizer_sha256: Option<String>,
    /// See [`Embedder::is_multilingual`].
    pub multilingual: bool,
}

impl ModelOptions {
    /// Any model, with mean pooling and no prefixes.
    pub fn new(model: impl Into<PathBuf>, tokenizer: impl Into<PathBuf>) -> Self {
        Self {
            model: model.into(),
            tokenizer: tokenizer.into(),
            pooling: Pooling::Mean,
            query_prefix: String::new(),
            passage_prefix: String::new(),
            window: WINDOW,
            id: None,
            dimensions: None,
            model_sha256: None,
            tokenizer_sha256: None,
            multilingual: true,
        }
    }

    /// The model that the package ships, in `folder`. Its identity is known without loading it.
    pub fn shipped(folder: &Path) -> Self {
        Self {
            id: Some(shipped_id()),
            dimensions: Some(SHIPPED_DIMENSIONS),
            model_sha256: Some(SHIPPED_MODEL.to_owned()),
            tokenizer_sha256: Some(SHIPPED_TOKENIZER.to_owned()),
            multilingual: false,
            ..Self::new(folder.join(format!("{SHIPPED_NAME}.onnx")), folder.join("tokenizer.json"))
        }
    }
}

fn shipped_id() -> String {
    format!("{SHIPPED_NAME}@{}", &SHIPPED_MODEL[..12])
}

/// An ONNX model run by tract, loaded on first use. A failed load is tried again by the next call.
pub struct ModelEmbedder {
    options: ModelOptions,
    loaded: Mutex<Option<Arc<Loaded>>>,
}

struct Loaded {
    network: Network,
    tokens: Tokens,
    identity: ModelIdentity,
}

impl ModelEmbedder {
    /// Instant: reads no file.
    pub fn new(options: ModelOptions) -> Self {
        Self { options, loaded: Mutex::new(None) }
    }

    /// Loads the model now, in about 0.3 s, if it is not loaded yet.
    pub fn load(&self) -> Result<(), EmbeddingError> {
        self.loaded().map(drop)
    }

    fn loaded(&self) -> Result<Arc<Loaded>, EmbeddingError> {
        let mut slot = self.loaded.lock();
        if let Some(loaded) = &*slot {
            return Ok(loaded.clone());
        }
        let loaded = Arc::new(Loaded::load(&self.options)?);
        *slot = Some(loaded.clone());
        Ok(loaded)
    }

    fn vector(&self, output: &Output) -> Result<Vec<f32>, EmbeddingError> {
        match self.options.pooling {
            Pooling::Mean => normalised(sum(output.rows(), output.dimensions)),
            Pooling::Cls => normalised(output.rows().next().unwrap_or_default().to_vec()),
        }
    }

    /// What of a text the model reads at once.
    fn parts(&self, tokens: &Tokens, prefix: &str, text: &str) -> Result<Split, EmbeddingError> {
        let window = self.options.window;
        let whole = tokens.encode(prefix, text)?;
        if whole.ids.len() <= window {
            return Ok(Split::Whole(whole));
        }
        let own = whole.own();
        let around = whole.ids.len() - own.len();
        if around >= window {
            return Err(EmbeddingError::failed(format!(
                "the prefix and special tokens alone are {around} tokens of {window}"
            )));
        }
        let mut ranges = passages(text, &own, window - around);
        ranges.reverse();
        // A tokenizer may see more tokens in a piece than it saw there in the whole text.
        let mut fitting = Vec::with_capacity(ranges.len());
        while let Some(range) = ranges.pop() {
            let long = tokens.encode(prefix, &text[range.clone()])?.ids.len() > window;
            match middle(text, &range) {
                Some(middle) if long => ranges.extend([middle..range.end, range.start..middle]),
                _ => fitting.push(range),
            }
        }
        Ok(Split::Cut(fitting))
    }

    fn passage(&self, loaded: &Loaded, text: &str, encoded: &Encoded) -> Result<Passage, EmbeddingError> {
        let output = self.run(loaded, encoded)?;
        let vector = self.vector(&output)?;
        let own = encoded.own();
        let tokens = own.len().max(1);
        // Only states that the model was trained to average mean something in parts.
        let parts = match self.options.pooling {
            Pooling::Mean if !output.pooled => sentences(text, &own),
            _ => vec![(0..text.len(), tokens)],
        };
        let sentences = if let [(range, _)] = &parts[..] {
            vec![Sentence { range: range.clone(), tokens, vector: vector.clone() }]
        } else {
            let sentence = |(range, tokens): (Range<usize>, usize)| {
                // Special tokens and the prefix belong to every sentence, so that a sentence
                // alone in its passage has the passage's vector.
                let inside = |start: &Option<usize>| start.is_none_or(|at| range.contains(&at));
                let rows = output.rows().zip(&encoded.starts);
                let states = rows.filter(|(_, start)| inside(start)).map(|(row, _)| row);
                let vector = normalised(sum(states, output.dimensions))?;
                Ok(Sentence { tokens, vector, range: range.clone() })
            };
            parts.into_iter().map(sentence).collect::<Result<_, EmbeddingError>>()?
        };
        Ok(Passage { range: 0..text.len(), tokens, vector, sentences })
    }

    fn run(&self, loaded: &Loaded, encoded: &Encoded) -> Result<Output, EmbeddingError> {
        let (tokens, window) = (encoded.ids.len(), self.options.window);
        if tokens > window {
            return Err(EmbeddingError::failed(format!("{tokens} tokens, more than {window}")));
        }
        let output = loaded.network.run(&encoded.ids).map_err(|error| EmbeddingError::failed(error.to_string()))?;
        if output.dimensions != loaded.identity.dimensions {
            return Err(EmbeddingError::failed(format!(
                "the model gives vectors of {} numbers, expected {}",
                output.dimensions, loaded.identity.dimensions
            )));
        }
        Ok(output)
    }
}

enum Split {
    /// All of it.
    Whole(Encoded),
    /// Two ranges or more.
    Cut(Vec<Range<usize>>),
}

impl Embedder for ModelEmbedder {
    fn identity(&self) -> Result<ModelIdentity, EmbeddingError> {
        match (&self.options.id, self.options.dimensions) {
            (Some(id), Some(dimensions)) => Ok(ModelIdentity { id: id.clone(), dimensions }),
            _ => Ok(self.loaded()?.identity.clone()),
        }
    }

    fn is_multilingual(&self) -> bool {
        // A copy of the shipped model, named by its files, is known when it is loaded.
        self.options.multilingual && self.loaded().is_ok_and(|loaded| loaded.identity.id != shipped_id())
    }

    fn cut(&self, text: &str) -> Result<Vec<Range<usize>>, EmbeddingError> {
        Ok(match self.parts(&self.loaded()?.tokens, &self.options.passage_prefix, text)? {
            Split::Whole(_) => iter::once(0..text.len()).collect(),
            Split::Cut(ranges) => ranges,
        })
    }

    fn begin(&self, text: &str) -> Result<FirstPass, EmbeddingError> {
        let loaded = self.loaded()?;
        Ok(match self.parts(&loaded.tokens, &self.options.passage_prefix, text)? {
            Split::Whole(encoded) => FirstPass::Whole(self.passage(&loaded, text, &encoded)?),
            Split::Cut(ranges) => FirstPass::Cut(ranges),
        })
    }

    fn embed(&self, pieces: &[&str]) -> Vec<Result<Passage, EmbeddingError>> {
        match self.loaded() {
            Ok(loaded) => {
                let passage = |piece: &&str| {
                    let encoded = loaded.tokens.encode(&self.options.passage_prefix, piece)?;
                    self.passage(&loaded, piece, &encoded)
                };
                pieces.iter().map(passage).collect()
            }
            Err(error) => pieces.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    /// A query longer than the window counts whole: its parts, weighted by their tokens.
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
        let loaded = self.loaded()?;
        let prefix = &self.options.query_prefix;
        let ranges = match self.parts(&loaded.tokens, prefix, text)? {
            Split::Whole(encoded) => return self.vector(&self.run(&loaded, &encoded)?),
            Split::Cut(ranges) => ranges,
        };
        let mut parts = Vec::with_capacity(ranges.len());
        for range in ranges {
            let encoded = loaded.tokens.encode(prefix, &text[range])?;
            parts.push((self.vector(&self.run(&loaded, &encoded)?)?, encoded.ids.len()));
        }
        blended(parts.iter().map(|(vector, tokens)| (&vector[..], *tokens)), loaded.identity.dimensions)
    }
}

impl Loaded {
    fn load(options: &ModelOptions) -> Result<Self, EmbeddingError> {
        let (model, model_sha256) = read(&options.model, options.model_sha256.as_deref())?;
        let (tokenizer, tokenizer_sha256) = read(&options.tokenizer, options.tokenizer_sha256.as_deref())?;
        let tokens = Tokens::load(&options.tokenizer, &tokenizer)?;
        let unusable = |error: String| EmbeddingError::unavailable(&options.model, error);
        let network = Network::load(&model).map_err(|error| unusable(error.to_string()))?;
        let probe = tokens.encode(&options.passage_prefix, "probe").map_err(|error| unusable(error.to_string()))?;
        let output = network.run(&probe.ids).map_err(|error| unusable(error.to_string()))?;
        let is_plain =
            options.pooling == Pooling::Mean && options.query_prefix.is_empty() && options.passage_prefix.is_empty();
        let is_shipped = is_plain && model_sha256 == SHIPPED_MODEL && tokenizer_sha256 == SHIPPED_TOKENIZER;
        let known = options.id.clone().or_else(|| is_shipped.then(shipped_id));
        let id = known.unwrap_or_else(|| {
            let parts = [
                &model_sha256[..],
                &tokenizer_sha256,
                options.pooling.name(),
                &options.query_prefix,
                &options.passage_prefix,
            ];
            format!("onnx@{}", &hex(&Sha256::digest(parts.join("\0")))[..16])
        });
        let dimensions = options.dimensions.unwrap_or(output.dimensions);
        Ok(Self { network, tokens, identity: ModelIdentity { id, dimensions } })
    }
}

fn read(file: &Path, expected: Option<&str>) -> Result<(Vec<u8>, String), EmbeddingError> {
    let bytes = fs::read(file).map_err(|error| {
        EmbeddingError::unavailable(file, format!("{error}; install the package again, or name existing files (of the shipped model: OPENMEMORY_MODEL_DIR)"))
    })?;
    let found = hex(&Sha256::digest(&bytes));
    match expected {
        Some(expected) if !expected.eq_ignore_ascii_case(&found) => Err(EmbeddingError::unavailable(
            file,
            format!("damaged or another file: sha256 {found}, expected {expected}; install the package again"),
        )),
        _ => Ok((bytes, found)),
    }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
