//! How large may a value be? One constant per limit of the public contract.

/// Characters (Unicode scalar values) of a memory's content.
pub const CONTENT_CHARACTERS: usize = 200_000;
/// Tags of one memory.
pub const TAGS: usize = 64;
/// Characters of one tag.
pub const TAG_CHARACTERS: usize = 256;
/// Bytes of a memory's metadata as JSON text.
pub const METADATA_BYTES: usize = 64 * 1024;
/// Depth of nested objects and arrays in metadata, the metadata object itself counted.
pub const METADATA_DEPTH: usize = 32;
/// The largest integer that every JavaScript reader sees exactly: ±2^53.
pub const EXACT_INTEGER: u64 = 1 << 53;
/// Characters of an id, and of a user, agent, app or run.
pub const ID_CHARACTERS: usize = 256;
/// Characters of `actor` and of `reason`.
pub const NOTE_CHARACTERS: usize = 1024;
/// Items of one batch.
pub const BATCH: usize = 1000;
/// Characters of a search query.
pub const QUERY_CHARACTERS: usize = 8192;
/// Results of one search.
pub const HITS: usize = 1000;
/// Memories of one page, versions of one history call.
pub const PAGE: usize = 1000;
