//! Which tokens does the model see, and which bytes of the text are they?

use std::path::Path;

use serde::de::DeserializeOwned;
use tokenizers::{
    DecoderWrapper, Encoding, Model, ModelWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper,
    TokenizerImpl,
};

use super::EmbeddingError;
use super::unigram::Unigram;

/// A tokenizer of the library with a model of our own or of the library.
type Tokenizer<M> = TokenizerImpl<M, NormalizerWrapper, PreTokenizerWrapper, PostProcessorWrapper, DecoderWrapper>;

pub(super) enum Tokens {
    Unigram(Box<Tokenizer<Unigram>>),
    Other(Box<Tokenizer<ModelWrapper>>),
}

pub(super) struct Encoded {
    /// Including special tokens.
    pub(super) ids: Vec<i64>,
    /// The start of each token in the text; `None` for special tokens and those of the prefix.
    pub(super) starts: Vec<Option<usize>>,
}

impl Encoded {
    /// The starts of the text's own tokens, in order.
    pub(super) fn own(&self) -> Vec<usize> {
        let mut own: Vec<usize> = self.starts.iter().copied().flatten().collect();
        own.sort_unstable();
        own
    }
}

impl Tokens {
    pub(super) fn load(file: &Path, bytes: &[u8]) -> Result<Self, EmbeddingError> {
        if let Ok(tokenizer) = read(bytes) {
            return Ok(Self::Unigram(Box::new(tokenizer)));
        }
        let tokenizer = read(bytes)
            .map_err(|reason| EmbeddingError::unavailable(file, format!("not a usable tokenizer.json: {reason}")))?;
        Ok(Self::Other(Box::new(tokenizer)))
    }

    fn encoding(&self, text: &str) -> tokenizers::Result<Encoding> {
        match self {
            Self::Unigram(tokenizer) => tokenizer.encode(text, true),
            Self::Other(tokenizer) => tokenizer.encode(text, true),
        }
    }

    pub(super) fn encode(&self, prefix: &str, text: &str) -> Result<Encoded, EmbeddingError> {
        let joined;
        let whole = if prefix.is_empty() {
            text
        } else {
            joined = format!("{prefix}{text}");
            &joined
        };
        let encoding = self.encoding(whole).map_err(|error| EmbeddingError::failed(format!("tokenizer: {error}")))?;
        let starts = encoding
            .get_offsets()
            .iter()
            .zip(encoding.get_special_tokens_mask())
            .map(|((start, _), special)| if *special == 1 { None } else { start.checked_sub(prefix.len()) })
            .collect();
        let ids: Vec<i64> = encoding.get_ids().iter().map(|id| i64::from(*id)).collect();
        if ids.is_empty() {
            return Err(EmbeddingError::failed("the tokenizer gives no token for this text"));
        }
        Ok(Encoded { ids, starts })
    }
}

fn read<M: Model + DeserializeOwned>(bytes: &[u8]) -> tokenizers::Result<Tokenizer<M>> {
    let mut tokenizer: Tokenizer<M> = serde_json::from_slice(bytes)?;
    // Published files truncate and pad to 128 tokens. "[SEP]" in a text is ordinary text.
    tokenizer.with_padding(None);
    tokenizer.with_truncation(None)?;
    tokenizer.set_encode_special_tokens(true);
    Ok(tokenizer)
}
