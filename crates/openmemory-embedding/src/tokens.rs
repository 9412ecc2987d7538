//! Which tokens does the model see, and which bytes of the text are they?

use std::path::Path;

use tokenizers::Tokenizer;

use super::EmbeddingError;

pub(super) struct Tokens {
    tokenizer: Tokenizer,
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
        let unusable =
            |reason: String| EmbeddingError::unavailable(file, format!("not a usable tokenizer.json: {reason}"));
        let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(|error| unusable(error.to_string()))?;
        // Published files truncate and pad to 128 tokens. "[SEP]" in a text is ordinary text.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|error| unusable(error.to_string()))?;
        tokenizer.set_encode_special_tokens(true);
        Ok(Self { tokenizer })
    }

    pub(super) fn encode(&self, prefix: &str, text: &str) -> Result<Encoded, EmbeddingError> {
        let joined;
        let whole = if prefix.is_empty() {
            text
        } else {
            joined = format!("{prefix}{text}");
            &joined
        };
        let encoding = self
            .tokenizer
            .encode(whole, true)
            .map_err(|error| EmbeddingError::failed(format!("tokenizer: {error}")))?;
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
