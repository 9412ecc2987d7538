//! What are the keys of rows? The first byte is the key space. Numbers are big-endian, so that keys sort like values.

use openmemory_domain::learning::{KeptSource, LearningId, MessageId};
use openmemory_domain::{ContentHash, MemoryId, TextKey, Timestamp};
use openmemory_rules::Number;

use crate::rows::backend::Batch;
use crate::rows::page_fill::is_frame;

pub(crate) const META: u8 = b'M';
pub(crate) const ID: u8 = b'I';
pub(crate) const TOMBSTONE: u8 = b'Z';
pub(crate) const HEAD: u8 = b'H';
pub(crate) const HISTORY: u8 = b'Y';
pub(crate) const CONTENT: u8 = b'C';
pub(crate) const REPLACED_EMBEDDING: u8 = b'R';
pub(crate) const INDEXED: u8 = b'N';
pub(crate) const WAYPOINT: u8 = b'W';
pub(crate) const CREATED: u8 = b'O';
pub(crate) const UPDATED: u8 = b'U';
pub(crate) const SCOPE: u8 = b'S';
pub(crate) const TAG: u8 = b'T';
pub(crate) const TEXT: u8 = b'X';
pub(crate) const LEARNING: u8 = b'L';
pub(crate) const LEARNING_KEY: u8 = b'K';
pub(crate) const LEARNING_OF_USER: u8 = b'B';
pub(crate) const MESSAGE: u8 = b'G';
pub(crate) const MESSAGE_TIME: u8 = b'J';
pub(crate) const SOURCE: u8 = b'Q';
pub(crate) const DOCUMENT: u8 = b'F';
pub(crate) const PART: u8 = b'P';

fn key(space: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + pieces.iter().map(|piece| piece.len()).sum::<usize>());
    key.push(space);
    for piece in pieces {
        key.extend_from_slice(piece);
    }
    key
}

pub(crate) fn meta(name: &str) -> Vec<u8> {
    key(META, &[name.as_bytes()])
}

pub(crate) fn id(id: &MemoryId) -> Vec<u8> {
    key(ID, &[id.as_str().as_bytes()])
}

pub(crate) fn tombstone(id: &MemoryId) -> Vec<u8> {
    key(TOMBSTONE, &[id.as_str().as_bytes()])
}

pub(crate) fn head(number: Number) -> Vec<u8> {
    key(HEAD, &[&number.0.to_be_bytes()])
}

pub(crate) fn history(number: Number, version: u64) -> Vec<u8> {
    key(HISTORY, &[&number.0.to_be_bytes(), &version.to_be_bytes()])
}

pub(crate) fn content(number: Number, hash: ContentHash) -> Vec<u8> {
    key(CONTENT, &[&number.0.to_be_bytes(), hash.as_bytes()])
}

pub(crate) fn replaced_embedding(number: Number, hash: ContentHash) -> Vec<u8> {
    key(REPLACED_EMBEDDING, &[&number.0.to_be_bytes(), hash.as_bytes()])
}

/// What the index needs of a memory, in three rows. All memories of a user are adjacent, in the order of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IndexedKind {
    Dynamics = b'd' as isize,
    Labels = b'l' as isize,
    Text = b't' as isize,
}

impl IndexedKind {
    pub(crate) const ALL: [Self; 3] = [Self::Dynamics, Self::Labels, Self::Text];
}

pub(crate) fn indexed(user: Option<&str>, number: Number, kind: IndexedKind) -> Vec<u8> {
    let mut key = indexed_prefix(user);
    key.extend_from_slice(&number.0.to_be_bytes());
    key.push(kind as u8);
    key
}

/// The value after its length, so that no user is a prefix of another.
pub(crate) fn indexed_prefix(user: Option<&str>) -> Vec<u8> {
    of_user(INDEXED, user)
}

fn of_user(space: u8, user: Option<&str>) -> Vec<u8> {
    match user {
        None => key(space, &[&[0]]),
        Some(user) => key(space, &[&[1], &(user.len() as u16).to_be_bytes(), user.as_bytes()]),
    }
}

pub(crate) fn learning(id: &LearningId) -> Vec<u8> {
    key(LEARNING, &[id.as_str().as_bytes()])
}

/// By the hash of the call.
pub(crate) fn learning_key(hash: &str) -> Vec<u8> {
    key(LEARNING_KEY, &[hash.as_bytes()])
}

pub(crate) fn learning_of_user(user: Option<&str>, id: &LearningId) -> Vec<u8> {
    let mut key = learnings_prefix(user);
    key.extend_from_slice(id.as_str().as_bytes());
    key
}

pub(crate) fn learnings_prefix(user: Option<&str>) -> Vec<u8> {
    of_user(LEARNING_OF_USER, user)
}

pub(crate) fn message(user: Option<&str>, id: &MessageId) -> Vec<u8> {
    let mut key = of_user(MESSAGE, user);
    key.extend_from_slice(id.as_str().as_bytes());
    key
}

pub(crate) fn message_time(user: Option<&str>, at: Timestamp, id: &MessageId) -> Vec<u8> {
    let mut key = message_times_prefix(user);
    key.extend_from_slice(&sortable(at));
    key.extend_from_slice(id.as_str().as_bytes());
    key
}

pub(crate) fn message_times_prefix(user: Option<&str>) -> Vec<u8> {
    of_user(MESSAGE_TIME, user)
}

pub(crate) fn all_learnings_prefix() -> Vec<u8> {
    vec![LEARNING]
}

pub(crate) fn all_message_times_prefix() -> Vec<u8> {
    vec![MESSAGE_TIME]
}

/// The user and the message in a key of [`message_time`].
pub(crate) fn parse_message_time(key: &[u8]) -> Option<(Option<&str>, &str)> {
    let (user, rest) = match key.strip_prefix(&[MESSAGE_TIME])? {
        [0, rest @ ..] => (None, rest),
        [1, high, low, rest @ ..] => {
            let (user, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
            (Some(std::str::from_utf8(user).ok()?), rest)
        }
        _ => return None,
    };
    Some((user, std::str::from_utf8(rest.get(8..)?).ok()?))
}

/// The id at the end of a key, after a prefix and `skipped` bytes.
pub(crate) fn trailing_id<'a>(key: &'a [u8], prefix: &[u8], skipped: usize) -> Option<&'a str> {
    std::str::from_utf8(key.strip_prefix(prefix)?.get(skipped..)?).ok()
}

pub(crate) fn source(number: Number, source: &KeptSource) -> Vec<u8> {
    let KeptSource { version, learning, message, .. } = source;
    let ids = [learning.as_str().as_bytes(), message.as_str().as_bytes()];
    key(SOURCE, &[&number.0.to_be_bytes(), &version.to_be_bytes(), ids[0], ids[1]])
}

pub(crate) fn sources_prefix(number: Number) -> Vec<u8> {
    key(SOURCE, &[&number.0.to_be_bytes()])
}

/// By name, so that names with the same beginning are adjacent.
pub(crate) fn document(name: &str) -> Vec<u8> {
    key(DOCUMENT, &[name.as_bytes()])
}

pub(crate) fn all_indexed_prefix() -> Vec<u8> {
    vec![INDEXED]
}

/// The user, the number and the kind in a key of [`indexed`].
pub(crate) fn parse_indexed(key: &[u8]) -> Option<(Option<&str>, Number, IndexedKind)> {
    let (kind, rest) = key.strip_prefix(&[INDEXED])?.split_last()?;
    let kind = IndexedKind::ALL.into_iter().find(|known| *known as u8 == *kind)?;
    let (user, number) = rest.split_last_chunk()?;
    let user = match user {
        [0] => None,
        [1, _, _, user @ ..] => Some(std::str::from_utf8(user).ok()?),
        _ => return None,
    };
    Some((user, Number(u64::from_be_bytes(*number)), kind))
}

pub(crate) fn waypoints(number: Number) -> Vec<u8> {
    key(WAYPOINT, &[&number.0.to_be_bytes()])
}

pub(crate) fn created(at: Timestamp, number: Number) -> Vec<u8> {
    key(CREATED, &[&sortable(at), &number.0.to_be_bytes()])
}

pub(crate) fn updated(at: Timestamp, number: Number) -> Vec<u8> {
    key(UPDATED, &[&sortable(at), &number.0.to_be_bytes()])
}

pub(crate) fn scope(field: &str, value: &str, created: Timestamp, number: Number) -> Vec<u8> {
    let mut key = scope_prefix(field, value);
    key.extend_from_slice(&sortable(created));
    key.extend_from_slice(&number.0.to_be_bytes());
    key
}

pub(crate) fn tag(value: &str, created: Timestamp, number: Number) -> Vec<u8> {
    let mut key = tag_prefix(value);
    key.extend_from_slice(&sortable(created));
    key.extend_from_slice(&number.0.to_be_bytes());
    key
}

/// A letter for the field, and the value after its length, so that no value is a prefix of another.
pub(crate) fn scope_prefix(field: &str, value: &str) -> Vec<u8> {
    let letter = match field {
        "user_id" => b'u',
        "agent_id" => b'a',
        "app_id" => b'p',
        _ => b'r',
    };
    key(SCOPE, &[&[letter], &(value.len() as u16).to_be_bytes(), value.as_bytes()])
}

pub(crate) fn tag_prefix(value: &str) -> Vec<u8> {
    key(TAG, &[&(value.len() as u16).to_be_bytes(), value.as_bytes()])
}

pub(crate) fn text(text: TextKey, number: Number) -> Vec<u8> {
    key(TEXT, &[text.as_bytes(), &number.0.to_be_bytes()])
}

pub(crate) fn text_prefix(text: TextKey) -> Vec<u8> {
    key(TEXT, &[text.as_bytes()])
}

pub(crate) fn part(row: &[u8], index: u16) -> Vec<u8> {
    key(PART, &[row, &index.to_be_bytes()])
}

pub(crate) fn is_part(key: &[u8]) -> bool {
    key.first() == Some(&PART)
}

/// Orders writes so that a concurrent reader sees each memory either old or new. What a version refers to is written
/// before the version and removed after it; a replaced version is added to the history before the new one becomes the
/// newest; an id leads to a memory only while the memory is complete. Apart from that, pages become full: `batch` is in key
/// order.
pub(crate) fn in_write_order(batch: Batch) -> Batch {
    let (frame, between): (Vec<_>, Vec<_>) =
        batch.into_iter().enumerate().partition(|(position, _)| is_frame(*position));
    let mut batch: Batch = frame.into_iter().chain(between).map(|(_, write)| write).collect();
    batch.sort_by_key(|(key, value)| match (key.first(), value) {
        (
            Some(
                &(PART | CONTENT | REPLACED_EMBEDDING | HISTORY | TOMBSTONE | CREATED | UPDATED | SCOPE | TAG | TEXT
                | LEARNING | MESSAGE | SOURCE),
            ),
            Some(_),
        ) => 0,
        // The vectors of the replaced text are there by now.
        (Some(&INDEXED), Some(_)) => 1,
        (Some(&HEAD), Some(_)) | (Some(&ID), None) => 2,
        (Some(&ID), Some(_)) | (Some(&HEAD), None) => 3,
        (_, Some(_)) => 4,
        (Some(&(CREATED | UPDATED | SCOPE | TAG | TEXT)), None) => 5,
        (_, None) => 6,
    });
    batch
}

/// The prefixes of a memory's rows in the key spaces that are ordered by number.
pub(crate) fn prefixes_of(number: Number) -> [Vec<u8>; 6] {
    [HEAD, HISTORY, CONTENT, REPLACED_EMBEDDING, WAYPOINT, SOURCE].map(|space| key(space, &[&number.0.to_be_bytes()]))
}

pub(crate) fn history_prefix(number: Number) -> Vec<u8> {
    key(HISTORY, &[&number.0.to_be_bytes()])
}

pub(crate) fn heads_prefix() -> Vec<u8> {
    vec![HEAD]
}

pub(crate) fn tombstones_prefix() -> Vec<u8> {
    vec![TOMBSTONE]
}

/// The id in the key of a tombstone.
pub(crate) fn tombstone_id(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key.strip_prefix(&[TOMBSTONE])?).ok()
}

pub(crate) fn created_prefix() -> Vec<u8> {
    vec![CREATED]
}

pub(crate) fn updated_prefix() -> Vec<u8> {
    vec![UPDATED]
}

/// The number of the memory that a key contains.
pub(crate) fn number(key: &[u8]) -> Option<Number> {
    let (space, rest) = key.split_first()?;
    let bytes = match *space {
        HEAD | HISTORY | CONTENT | REPLACED_EMBEDDING | WAYPOINT | SOURCE => rest.first_chunk(),
        INDEXED => rest.split_last()?.1.last_chunk(),
        CREATED | UPDATED | SCOPE | TAG | TEXT => rest.last_chunk(),
        PART => return number(rest.split_last_chunk::<2>()?.0),
        _ => None,
    };
    bytes.map(|bytes| Number(u64::from_be_bytes(*bytes)))
}

/// The number at the end of a key.
pub(crate) fn trailing_number(key: &[u8]) -> Option<Number> {
    key.last_chunk().map(|bytes| Number(u64::from_be_bytes(*bytes)))
}

/// The first key after all keys with `prefix`.
pub(crate) fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// Milliseconds with the sign bit inverted, so that times before 1970 sort first.
pub(crate) fn sortable(at: Timestamp) -> [u8; 8] {
    (at.millis() as u64 ^ (1 << 63)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use openmemory_domain::Scope;

    use super::*;

    #[test]
    fn keys_sort_by_time() {
        let times = [-62_000_000_000_000, -1, 0, 1, 1_700_000_000_000].map(Timestamp::from_millis);
        let keys = times.map(|at| created(at, Number(1)));
        assert!(keys.is_sorted());
    }

    #[test]
    fn no_tag_prefix_matches_another_tag() {
        let long = tag("ab", Timestamp::from_millis(0), Number(1));
        assert!(!long.starts_with(&tag_prefix("a")));
    }

    #[test]
    fn scope_fields_have_distinct_prefixes() {
        let prefixes = ["user_id", "agent_id", "app_id", "run_id"].map(|field| scope_prefix(field, "x"));
        assert_eq!(prefixes.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn the_rows_of_a_user_are_adjacent_and_name_the_memory() {
        let users = [None, Some(""), Some("a"), Some("ab"), Some("\0")];
        for user in users {
            for kind in IndexedKind::ALL {
                let key = indexed(user, Number(7), kind);
                assert_eq!(parse_indexed(&key), Some((user, Number(7), kind)));
                let of: Vec<_> = users.iter().filter(|user| key.starts_with(&indexed_prefix(**user))).collect();
                assert_eq!(of, [&user]);
            }
        }
        assert_eq!(parse_indexed(&head(Number(7))), None);
    }

    #[test]
    fn cut_keys_are_not_read_and_changed_ones_never_panic() {
        for user in [None, Some(""), Some("äb")] {
            let key = indexed(user, Number(1 << 40), IndexedKind::Text);
            for length in 0..key.len() {
                assert_eq!(parse_indexed(&key[..length]), None, "cut at {length}");
            }
            for at in 0..key.len() {
                for byte in 0..=u8::MAX {
                    let mut other = key.clone();
                    other[at] = byte;
                    let same_length = |(found, ..): (Option<&str>, _, _)| found.map(str::len) == user.map(str::len);
                    assert!(parse_indexed(&other).is_none_or(same_length), "{other:?}");
                }
            }
        }
    }

    #[test]
    fn what_a_version_refers_to_is_written_before_it() {
        let (number, hash) = (Number(1), ContentHash::of("x"));
        let id = id(&MemoryId::read("id", "m").unwrap());
        let [text, head, replaced] =
            [indexed(None, number, IndexedKind::Text), head(number), replaced_embedding(number, hash)];
        let order = |value: Option<Vec<u8>>| {
            let batch = [&text, &head, &id, &replaced].into_iter().map(|key| (key.clone(), value.clone())).collect();
            in_write_order(batch).into_iter().map(|(key, _)| key[0]).collect::<Vec<_>>()
        };
        assert_eq!(order(Some(Vec::new())), [REPLACED_EMBEDDING, INDEXED, HEAD, ID]);
        assert_eq!(order(None)[..2], [ID, HEAD]);
    }

    #[test]
    fn a_key_names_the_memory_whose_row_it_is() {
        let (at, hash) = (Timestamp::from_millis(1), ContentHash::of("x"));
        let of = |number: Number| {
            let text = TextKey::of(&Scope::default(), "x");
            let mut keys = vec![head(number), history(number, 2), content(number, hash), waypoints(number)];
            keys.extend([replaced_embedding(number, hash), created(at, number), updated(at, number)]);
            keys.extend([scope("user_id", "ada", at, number), tag("a", at, number), super::text(text, number)]);
            keys.extend(IndexedKind::ALL.map(|kind| indexed(Some("ada"), number, kind)));
            let parts: Vec<_> = keys.iter().map(|key| part(key, 3)).collect();
            [keys, parts].concat()
        };
        for expected in [0, 7, u64::MAX].map(Number) {
            assert!(of(expected).iter().all(|key| number(key) == Some(expected)), "{expected:?}");
        }
        let id = MemoryId::read("id", "a long name of a memory").unwrap();
        for other in [meta("counters"), super::id(&id), tombstone(&id), document("a long name"), Vec::new()] {
            assert_eq!(number(&other), None, "{other:?}");
        }
    }

    #[test]
    fn rows_of_one_kind_are_written_so_that_they_fill_pages() {
        let batch = (0..32).map(|number| (head(Number(number)), Some(Vec::new()))).collect();
        let order: Vec<u64> = in_write_order(batch).iter().map(|(key, _)| number(key).unwrap().0).collect();
        let frame = [0, 2, 4, 6, 8, 10, 12, 14, 15, 16, 18, 20, 22, 24, 26, 28, 30, 31];
        assert_eq!(order[..18], frame);
        assert!(order[18..].is_sorted());
    }

    #[test]
    fn the_key_after_a_prefix_ends_its_range() {
        assert_eq!(after(b"ab"), b"ac");
        assert_eq!(after(&[1, 255]), [2]);
    }
}
