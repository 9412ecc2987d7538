//! How large may a value be? The limits of the public contract.

/// Characters (Unicode scalar values) of a memory's content.
pub const CONTENT_CHARACTERS: usize = 200_000;
/// Tags of one memory.
pub const TAGS: usize = 64;
/// Characters of one tag.
pub const TAG_CHARACTERS: usize = 256;
/// Bytes of a memory's metadata as JSON text.
pub const METADATA_BYTES: usize = 1024 * 1024;
/// Bytes of a path into metadata.
pub const METADATA_PATH_BYTES: usize = 64 * 1024;
/// Nesting of objects and arrays in metadata, including the metadata object itself.
pub const METADATA_DEPTH: usize = 32;
/// The largest integer that JavaScript represents exactly: ±2^53.
pub const EXACT_INTEGER: u64 = 1 << 53;
/// Characters of an id, including user, agent, app and run ids.
pub const ID_CHARACTERS: usize = 256;
/// Characters of `actor` and of `reason`.
pub const NOTE_CHARACTERS: usize = 1024;
/// Items of one batch.
pub const BATCH: usize = 1000;
/// Characters of a search query.
pub const QUERY_CHARACTERS: usize = 8192;
/// Results of one search.
pub const HITS: usize = 1000;
/// Tokens of a block for a prompt.
pub const CONTEXT_TOKENS: usize = 10_000_000;
/// Earlier texts that a hit has with it.
pub const EARLIER_TEXTS: usize = 16;
/// Numbers of a vector.
pub const DIMENSIONS: usize = 65_536;
/// Hits that a search skips.
pub const OFFSET: usize = 10_000;
/// Distinct values that are counted in one answer.
pub const FACETS: usize = 10_000;
/// Memories per page, versions per history call.
pub const PAGE: usize = 1000;
/// Messages of one call that learns.
pub const MESSAGES: usize = 1000;
/// Characters of one message.
pub const MESSAGE_CHARACTERS: usize = 200_000;
/// Characters of the instructions of a call that learns.
pub const INSTRUCTIONS_CHARACTERS: usize = 4000;
/// Names of which a model may choose for what it adds.
pub const CATEGORIES: usize = 100;
/// Characters that say what one of them means.
pub const CATEGORY_CHARACTERS: usize = 500;
/// Operations that one call applies.
pub const OPERATIONS: usize = 64;
/// Characters of a text that a language model proposes.
pub const LEARNT_CHARACTERS: usize = 2000;
