//! How does a model file embed text?

use std::fs;
use std::iter;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use openmemory_onnx::{Network, Output};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::known_passages::KnownPassages;
use super::passages::{middle, passages};
use super::pooling::{blended, normalised, pooled, sum};
use super::sentences::sentences;
use super::texts::texts;
use super::tokens::{Encoded, Tokens};
use super::{Embedder, EmbeddingError, FirstPass, ModelIdentity, Passage, Pooling, Sentence};

const SHIPPED_NAME: &str = "all-MiniLM-L6-v2";
const SHIPPED_MODEL: &str = "a604d67924d17949e47e3f57b8f622174b41310ebe93c5c7d62a5c16bfde4a18";
const SHIPPED_TOKENIZER: &str = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037";
const SHIPPED_DIMENSIONS: usize = 384;

/// The files of the package @openmemory/model-multilingual, as `model/multilingual.py` writes them.
const MULTILINGUAL_NAME: &str = "multilingual-e5-small";
const MULTILINGUAL_MODEL: &str = "9e3c5abea1b4b0e861832b40fc2878f117ca269b73eb861557a5856231290527";
const MULTILINGUAL_TOKENIZER: &str = "24845927c35eb41a075cf0a3fb8a7a0f81e7a8518c9e01dafdf7c90deac679c3";
const MULTILINGUAL_DIMENSIONS: usize = 384;
/// Questions have 0.94 to 0.97 in eight languages, and statements 0.95 to 0.98.
const MULTILINGUAL_ECHO: f32 = 0.95;
/// Fitted on questions in nine languages and on dialogues, together with the echo (ADR 109).
const MULTILINGUAL_CONTRAST: f32 = 1.15;

/// What [`Embedder::echo`] is measured with, for other models: facts about nothing in common.
const ECHOED: [&str; 4] = [
    "Her sister lives in Madrid and works as a nurse.",
    "The server went down at noon and came back an hour later.",
    "First open the settings, then click on save.",
    "I am afraid of flying.",
];

/// The default number of tokens per passage: all-MiniLM-L6-v2 is trained for it, and common embedding models accept it.
const WINDOW: usize = 256;

/// A model whose queries are less like their own texts than this does not fit its prefixes.
const LEAST_ECHO: f32 = 0.5;

/// The files of a model, and how to use them.
#[derive(Clone, Debug)]
pub struct ModelOptions {
    /// An ONNX file. Its inputs are `input_ids` and optionally `attention_mask` and `token_type_ids`; its first output
    /// has the token states `[1, n, d]` or a pooled vector `[1, d]`.
    pub model: PathBuf,
    /// The `tokenizer.json` of the model.
    pub tokenizer: PathBuf,
    pub pooling: Pooling,
    /// Prepended to every query, such as `"query: "`.
    pub query_prefix: String,
    /// Prepended to every passage, such as `"passage: "`.
    pub passage_prefix: String,
    /// Tokens per passage, including special tokens and the prefix. Default 256.
    pub window: usize,
    /// A permanent name for the model. Default: derived from the files, the pooling and the prefixes.
    pub id: Option<String>,
    /// The dimensions of the vectors. If unknown, the model is loaded to find out.
    pub dimensions: Option<usize>,
    /// The expected hash in hexadecimal; `None` skips the check.
    pub model_sha256: Option<String>,
    pub tokenizer_sha256: Option<String>,
    /// See [`Embedder::is_multilingual`].
    pub multilingual: bool,
    /// See [`Embedder::echo`]; `None` measures it with a few sentences.
    pub echo: Option<f32>,
    /// See [`Embedder::contrast`].
    pub contrast: f32,
}

impl ModelOptions {
    /// Defaults for any model: mean pooling, no prefixes.
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
            echo: None,
            contrast: 1.0,
        }
    }

    /// The shipped model in `folder`. Its identity is known without loading it.
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

    /// The multilingual model in `folder`. Its identity is known without loading it.
    pub fn multilingual(folder: &Path) -> Self {
        Self {
            query_prefix: "query: ".to_owned(),
            passage_prefix: "passage: ".to_owned(),
            id: Some(multilingual_id()),
            dimensions: Some(MULTILINGUAL_DIMENSIONS),
            model_sha256: Some(MULTILINGUAL_MODEL.to_owned()),
            tokenizer_sha256: Some(MULTILINGUAL_TOKENIZER.to_owned()),
            echo: Some(MULTILINGUAL_ECHO),
            contrast: MULTILINGUAL_CONTRAST,
            ..Self::new(folder.join(format!("{MULTILINGUAL_NAME}.onnx")), folder.join("tokenizer.json"))
        }
    }
}

/// The name of a model whose files and options are known, wherever they are.
fn known_id(options: &ModelOptions, files: (&str, &str)) -> Option<String> {
    let prefixes = (&options.query_prefix[..], &options.passage_prefix[..]);
    match (options.pooling, prefixes, files) {
        (Pooling::Mean, ("", ""), (SHIPPED_MODEL, SHIPPED_TOKENIZER)) => Some(shipped_id()),
        (Pooling::Mean, ("query: ", "passage: "), (MULTILINGUAL_MODEL, MULTILINGUAL_TOKENIZER)) => {
            Some(multilingual_id())
        }
        _ => None,
    }
}

fn multilingual_id() -> String {
    format!("{MULTILINGUAL_NAME}@{}", &MULTILINGUAL_MODEL[..12])
}

fn shipped_id() -> String {
    format!("{SHIPPED_NAME}@{}", &SHIPPED_MODEL[..12])
}

/// An ONNX model run by tract, loaded on first use. If loading fails, the next call tries again.
pub struct ModelEmbedder {
    options: ModelOptions,
    loaded: Mutex<Option<Arc<Loaded>>>,
    known: KnownPassages,
    echo: OnceLock<f32>,
}

pub(super) struct Loaded {
    pub(super) network: Network,
    pub(super) tokens: Tokens,
    pub(super) identity: ModelIdentity,
}

impl ModelEmbedder {
    /// Reads no file.
    pub fn new(options: ModelOptions) -> Self {
        Self { options, loaded: Mutex::new(None), known: KnownPassages::default(), echo: OnceLock::new() }
    }

    /// Loads the model if it is not loaded yet.
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

    /// With other file names the multilingual model is recognised once it is loaded.
    fn is_copy_of_multilingual(&self) -> bool {
        self.options.id.is_none() && self.loaded().is_ok_and(|loaded| loaded.identity.id == multilingual_id())
    }

    fn measured_echo(&self) -> Result<f32, EmbeddingError> {
        let mut sum = 0.0;
        for text in ECHOED {
            let query = self.query(text)?;
            let passages = self.passages(text)?;
            sum += query.iter().zip(&passages[0].vector).map(|(query, passage)| query * passage).sum::<f32>();
        }
        Ok((sum / ECHOED.len() as f32).clamp(LEAST_ECHO, 1.0))
    }

    fn vector(&self, output: &Output) -> Result<Vec<f32>, EmbeddingError> {
        normalised(pooled(self.options.pooling, output))
    }

    /// Splits the texts of a content into parts that fit the model's window.
    fn parts(&self, tokens: &Tokens, prefix: &str, text: &str) -> Result<Split, EmbeddingError> {
        let window = self.options.window;
        let whole = tokens.encode(prefix, text)?;
        if whole.ids.len() <= window && texts(text).len() == 1 {
            return Ok(Split::Whole(whole));
        }
        let own = whole.own();
        let overhead = whole.ids.len() - own.len();
        if overhead >= window {
            return Err(EmbeddingError::failed(format!(
                "the prefix and special tokens alone are {overhead} tokens of {window}"
            )));
        }
        let mut ranges = passages(text, &own, window - overhead);
        ranges.reverse();
        // A tokenizer may produce more tokens for a piece than for the same bytes in the whole text.
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
        // Means over parts of the states are meaningful only if the model was trained with mean pooling.
        let parts = match self.options.pooling {
            Pooling::Mean if !output.pooled => sentences(text, &own),
            _ => vec![(0..text.len(), tokens)],
        };
        let sentences = if let [(range, _)] = &parts[..] {
            vec![Sentence { range: range.clone(), tokens, vector: vector.clone() }]
        } else {
            let sentence = |(range, tokens): (Range<usize>, usize)| {
                // Special tokens and the prefix count for every sentence, so that a passage of one sentence has the
                // vector of that sentence.
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
    /// The text fits.
    Whole(Encoded),
    /// At least two ranges.
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
        // A copy of the shipped model with other file names is recognised once it is loaded.
        self.options.multilingual && self.loaded().is_ok_and(|loaded| loaded.identity.id != shipped_id())
    }

    fn echo(&self) -> f32 {
        if self.options.query_prefix == self.options.passage_prefix {
            return 1.0;
        }
        let ours = self.is_copy_of_multilingual().then_some(MULTILINGUAL_ECHO);
        let known = self.options.echo.or(ours).or_else(|| self.echo.get().copied());
        known.unwrap_or_else(|| match self.measured_echo() {
            Ok(measured) => *self.echo.get_or_init(|| measured),
            Err(_) => 1.0,
        })
    }

    fn contrast(&self) -> f32 {
        if self.is_copy_of_multilingual() { MULTILINGUAL_CONTRAST } else { self.options.contrast }
    }

    fn cut(&self, text: &str) -> Result<Vec<Range<usize>>, EmbeddingError> {
        Ok(match self.parts(&self.loaded()?.tokens, &self.options.passage_prefix, text)? {
            Split::Whole(_) => iter::once(0..text.len()).collect(),
            Split::Cut(ranges) => ranges,
        })
    }

    fn begin(&self, text: &str) -> Result<FirstPass<Passage>, EmbeddingError> {
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
                    self.known.get_or_embed(piece, || {
                        let encoded = loaded.tokens.encode(&self.options.passage_prefix, piece)?;
                        self.passage(&loaded, piece, &encoded)
                    })
                };
                pieces.iter().map(passage).collect()
            }
            Err(error) => pieces.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    /// A query longer than the window is represented by all of its parts, weighted by their tokens.
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
        match self.begin_query(text)? {
            FirstPass::Whole(vector) => Ok(vector),
            FirstPass::Cut(ranges) => {
                let parts: Result<Vec<_>, _> = ranges.into_iter().map(|range| self.query_part(&text[range])).collect();
                blended(&parts?)
            }
        }
    }

    fn begin_query(&self, text: &str) -> Result<FirstPass<Vec<f32>>, EmbeddingError> {
        let loaded = self.loaded()?;
        Ok(match self.parts(&loaded.tokens, &self.options.query_prefix, text)? {
            Split::Whole(encoded) => FirstPass::Whole(self.vector(&self.run(&loaded, &encoded)?)?),
            Split::Cut(ranges) => FirstPass::Cut(ranges),
        })
    }

    fn query_part(&self, part: &str) -> Result<(Vec<f32>, usize), EmbeddingError> {
        let loaded = self.loaded()?;
        let encoded = loaded.tokens.encode(&self.options.query_prefix, part)?;
        Ok((self.vector(&self.run(&loaded, &encoded)?)?, encoded.ids.len()))
    }
}

impl Loaded {
    pub(super) fn load(options: &ModelOptions) -> Result<Self, EmbeddingError> {
        let unusable = |error: String| EmbeddingError::unavailable(&options.model, error);
        let (model, model_sha256) = read(&options.model, options.model_sha256.as_deref())?;
        let network = Network::load(model).map_err(|error| unusable(error.to_string()))?;
        let (tokenizer, tokenizer_sha256) = read(&options.tokenizer, options.tokenizer_sha256.as_deref())?;
        let tokens = Tokens::load(&options.tokenizer, &tokenizer)?;
        drop(tokenizer);
        let probe = tokens.encode(&options.passage_prefix, "probe").map_err(|error| unusable(error.to_string()))?;
        let output = network.run(&probe.ids).map_err(|error| unusable(error.to_string()))?;
        let files = (&model_sha256[..], &tokenizer_sha256[..]);
        let given = options.id.clone().or_else(|| known_id(options, files));
        let id = given.unwrap_or_else(|| {
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

pub(super) fn read(file: &Path, expected: Option<&str>) -> Result<(Vec<u8>, String), EmbeddingError> {
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
