//! Which statements read and write rows? All of them are here, so that a test can look at each.

use openmemory_domain::Memory;
use openmemory_domain::{Dynamics, Embedding, Timestamp, Version};
use openmemory_rules::{Error, IndexedText, Number, Words};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio_postgres::Row;

use crate::error::damaged;
use crate::scope_key::ScopeKey;

pub(crate) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
pub(crate) const COMMIT: &str = "COMMIT";

/// Declares statements, and lists them.
macro_rules! statements {
    ($($(#[$about:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$about])* pub(crate) const $name: &str = $sql;)*

        /// Every statement with its name.
        pub const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

/// The row of a memory `m` in another table of the scope, which is the first parameter. A limited subquery is looked up for
/// each memory. A plain join may read the whole scope: PostgreSQL plans for one of average size, and a user may have a thousand
/// times as much.
macro_rules! lookup {
    ($columns:literal, $table:literal) => {
        lookup!($columns, $table, "")
    };
    ($columns:literal, $table:literal, $condition:literal) => {
        concat!(
            "LATERAL (SELECT ",
            $columns,
            " FROM ",
            $table,
            " WHERE scope = $1 AND number = m.number",
            $condition,
            " LIMIT 1) "
        )
    };
}

/// Whole memories in an order. The page is limited before anything else of its memories is read.
macro_rules! page {
    ($condition:literal, $order:literal, $limit:literal) => {
        concat!(
            "SELECT m.number, m.scope, m.record, t.content, d.record FROM \
             (SELECT number, scope, hash, record, created_at, updated_at FROM om_memory m WHERE ",
            $condition,
            " ORDER BY ",
            $order,
            " LIMIT ",
            $limit,
            ") m CROSS JOIN LATERAL \
             (SELECT content FROM om_text WHERE scope = m.scope AND number = m.number AND hash = m.hash LIMIT 1) t CROSS JOIN LATERAL \
             (SELECT record FROM om_dynamics WHERE scope = m.scope AND number = m.number LIMIT 1) d ORDER BY ",
            $order
        )
    };
}
pub(crate) use page;

/// Rows of a scope, the first parameter, by the numbers of their memories, the second one.
macro_rules! of_numbers {
    ($columns:literal, $table:literal, $order:literal) => {
        concat!(
            "SELECT r.* FROM (SELECT DISTINCT unnest($2::bigint[]) AS number) n CROSS JOIN LATERAL (SELECT ",
            $columns,
            " FROM ",
            $table,
            " WHERE scope = $1 AND number = n.number OFFSET 0) r",
            $order
        )
    };
}

/// Memories of a scope, the first parameter, by their numbers, the second one.
macro_rules! memories {
    ($columns:literal, $($lookups:expr),*) => {
        concat!(
            "SELECT ", $columns, " FROM (SELECT DISTINCT unnest($2::bigint[]) AS number) n \
             CROSS JOIN LATERAL (SELECT number, scope, record, hash FROM om_memory WHERE scope = $1 AND number = n.number LIMIT 1) m",
            $(" ", $lookups),*
        )
    };
}

statements! {
    /// Until the transaction ends, only rows of this tenant are seen and written.
    CONFINE = "SELECT set_config('openmemory.tenant', $1, true)";
    /// Takes the lock of a scope, and makes its row if it is new.
    LOCK_SCOPE = "INSERT INTO om_scope (scope, tenant, user_id) VALUES ($1, $2, $3) \
                  ON CONFLICT (scope) DO UPDATE SET seq = om_scope.seq RETURNING seq";
    MOVE_CLOCK = "UPDATE om_scope SET seq = $2, memories = memories + $3 WHERE scope = $1";
    CLOCK = "SELECT seq, memories FROM om_scope WHERE scope = $1";
    NUMBERS = "SELECT nextval('om_number') FROM generate_series(1, $1::int)";
    ID = "SELECT id, scope, number, tombstone FROM om_id WHERE id = $1 AND tenant = $2";
    FORGET_TOMBSTONE = "DELETE FROM om_id WHERE id = $1 AND tenant = $2 AND number IS NULL";
    ADD_ID = "INSERT INTO om_id (id, tenant, scope, number, tombstone) VALUES ($1, $2, $3, $4, $5)";
    SET_ID = "UPDATE om_id SET scope = $3, number = $4, tombstone = $5 WHERE id = $1 AND tenant = $2";
    HEAD = "SELECT record FROM om_memory WHERE scope = $1 AND number = $2";
    EARLIER = "SELECT record FROM om_history WHERE scope = $1 AND number = $2 AND version = $3";
    HISTORY = "SELECT version, record FROM om_history WHERE scope = $1 AND number = $2 AND version < $3 \
               ORDER BY version DESC LIMIT $4";
    TEXT = "SELECT content FROM om_text WHERE scope = $1 AND number = $2 AND hash = $3";
    INDEX_ENTRY = "SELECT record FROM om_index_entry WHERE scope = $1 AND number = $2";
    EMBEDDING = "SELECT record FROM om_embedding WHERE scope = $1 AND number = $2 AND hash = $3";
    DYNAMICS = "SELECT record FROM om_dynamics WHERE scope = $1 AND number = $2";
    WAYPOINTS = "SELECT record FROM om_waypoints WHERE scope = $1 AND number = $2";
    NUMBERS_OF_TEXT = "SELECT m.number FROM om_text t \
                       JOIN om_memory m ON m.scope = t.scope AND m.number = t.number AND m.hash = t.hash \
                       WHERE t.scope = $1 AND t.key = $2 ORDER BY m.number";
    /// What most writes read of a memory.
    WRITTEN = memories!(
        "m.number, m.record, m.hash, t.content, d.record, w.record",
        "CROSS JOIN", lookup!("content", "om_text", " AND hash = m.hash"), "t",
        "CROSS JOIN", lookup!("record", "om_dynamics"), "d",
        "LEFT JOIN", lookup!("record", "om_waypoints"), "w ON true"
    );
    META = "SELECT value FROM om_meta WHERE tenant = $1 AND name = $2";
    ADD_META = "INSERT INTO om_meta (tenant, name, value) VALUES ($1, $2, $3)";
    SET_META = "UPDATE om_meta SET value = $3 WHERE tenant = $1 AND name = $2";
    REMOVE_META = "DELETE FROM om_meta WHERE tenant = $1 AND name = $2";
    ADD_MEMORY = "INSERT INTO om_memory (scope, number, tenant, hash, agent_id, app_id, run_id, created_at, updated_at, record) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    SET_MEMORY = "UPDATE om_memory SET hash = $3, created_at = $4, updated_at = $5, record = $6 WHERE scope = $1 AND number = $2";
    ADD_HISTORY = "INSERT INTO om_history (scope, number, tenant, version, record) VALUES ($1, $2, $3, $4, $5)";
    ADD_TEXT = "INSERT INTO om_text (scope, number, tenant, hash, key, content) VALUES ($1, $2, $3, $4, $5, $6) \
                ON CONFLICT (scope, number, hash) DO NOTHING";
    SET_INDEX_ENTRY = "INSERT INTO om_index_entry (scope, number, tenant, record) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (scope, number) DO UPDATE SET record = excluded.record";
    SET_EMBEDDING = "INSERT INTO om_embedding (scope, number, tenant, hash, record) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT (scope, number, hash) DO UPDATE SET record = excluded.record";
    SET_DYNAMICS = "INSERT INTO om_dynamics (scope, number, tenant, record) VALUES ($1, $2, $3, $4) \
                    ON CONFLICT (scope, number) DO UPDATE SET record = excluded.record";
    SET_WAYPOINTS = "INSERT INTO om_waypoints (scope, number, tenant, record) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (scope, number) DO UPDATE SET record = excluded.record";
    REMOVE_WAYPOINTS = "DELETE FROM om_waypoints WHERE scope = $1 AND number = $2";
    REMOVE_MEMORY = "DELETE FROM om_memory WHERE scope = $1 AND number = $2";
    REMOVE_TEXTS = "DELETE FROM om_text WHERE scope = $1 AND number = $2";
    REMOVE_INDEX_ENTRY = "DELETE FROM om_index_entry WHERE scope = $1 AND number = $2";
    REMOVE_EMBEDDINGS = "DELETE FROM om_embedding WHERE scope = $1 AND number = $2";
    REMOVE_HISTORY = "DELETE FROM om_history WHERE scope = $1 AND number = $2";
    REMOVE_DYNAMICS = "DELETE FROM om_dynamics WHERE scope = $1 AND number = $2";
    ADD_CHANGE = "INSERT INTO om_change (scope, seq, tenant, number, id, version, kind, at, writer, owner) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// The same for many rows of a scope, whose columns are arrays.
    ADD_MEMORIES = "INSERT INTO om_memory (scope, number, tenant, hash, agent_id, app_id, run_id, created_at, updated_at, record) \
                    SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[], $8::bigint[], $9::bigint[], $10::bytea[])";
    ADD_HISTORIES = "INSERT INTO om_history (scope, number, tenant, version, record) \
                     SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bytea[])";
    ADD_TEXTS = "INSERT INTO om_text (scope, number, tenant, hash, key, content) \
                 SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bytea[], $5::bytea[], $6::bytea[]) \
                 ON CONFLICT (scope, number, hash) DO NOTHING";
    SET_INDEX_ENTRIES = "INSERT INTO om_index_entry (scope, number, tenant, record) \
                         SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bytea[]) \
                         ON CONFLICT (scope, number) DO UPDATE SET record = excluded.record";
    SET_EMBEDDINGS = "INSERT INTO om_embedding (scope, number, tenant, hash, record) \
                      SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bytea[], $5::bytea[]) \
                      ON CONFLICT (scope, number, hash) DO UPDATE SET record = excluded.record";
    SET_MANY_DYNAMICS = "INSERT INTO om_dynamics (scope, number, tenant, record) \
                         SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bytea[]) \
                         ON CONFLICT (scope, number) DO UPDATE SET record = excluded.record";
    SET_MANY_WAYPOINTS = "INSERT INTO om_waypoints (scope, number, tenant, record) \
                          SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bytea[]) \
                          ON CONFLICT (scope, number) DO UPDATE SET record = excluded.record";
    SET_MANY_SOURCES = "INSERT INTO om_sources (scope, number, tenant, record) \
                        SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bytea[]) \
                        ON CONFLICT (scope, number) DO UPDATE SET record = excluded.record";
    ADD_CHANGES = "INSERT INTO om_change (scope, seq, tenant, number, id, version, kind, at, writer, owner) \
                   SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::smallint[], $8::bigint[], $9::uuid[], $10::bytea[])";
    /// All of them are there. An update that joins may read the whole scope.
    SET_MEMORIES = "INSERT INTO om_memory (scope, number, tenant, hash, created_at, updated_at, record) \
                    SELECT $1, u.number, coalesce((SELECT tenant FROM om_scope WHERE scope = $1), ''), u.hash, u.created_at, u.updated_at, u.record \
                    FROM unnest($2::bigint[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bytea[]) \
                    AS u(number, hash, created_at, updated_at, record) \
                    ON CONFLICT (scope, number) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at, \
                    updated_at = excluded.updated_at, record = excluded.record";
    /// Whether a job has committed whose answer was lost. Its scope is locked, so nothing of it is under way.
    WRITER = "SELECT seq FROM om_change WHERE scope = $1 AND seq > $2 AND writer = $3 LIMIT 1";

    /// What a partition is filled with.
    FILL = concat!(
        "SELECT m.number, m.record, i.record, d.record FROM \
         (SELECT number, record FROM om_memory WHERE scope = $1 AND number > $2 ORDER BY number LIMIT $3) m CROSS JOIN ",
        lookup!("record", "om_index_entry"),
        "i CROSS JOIN ",
        lookup!("record", "om_dynamics"),
        "d ORDER BY m.number"
    );
    /// What has changed in a partition since a time of its clock.
    DELTA = concat!(
        "SELECT m.seq, m.number, h.record, i.record, d.record FROM om_change m LEFT JOIN ",
        lookup!("record", "om_memory"),
        "h ON true LEFT JOIN ",
        lookup!("record", "om_index_entry"),
        "i ON true LEFT JOIN ",
        lookup!("record", "om_dynamics"),
        "d ON true WHERE m.scope = $1 AND m.seq > $2 ORDER BY m.seq"
    );
    HITS = memories!(
        "m.number, m.scope, m.record, t.content, d.record",
        "CROSS JOIN", lookup!("content", "om_text", " AND hash = m.hash"), "t",
        "CROSS JOIN", lookup!("record", "om_dynamics"), "d"
    );
    /// Hits with the vectors of their texts, which another commit could change between two statements.
    HITS_WITH_VECTORS = memories!(
        "m.number, m.scope, m.record, t.content, d.record, i.record",
        "CROSS JOIN", lookup!("content", "om_text", " AND hash = m.hash"), "t",
        "CROSS JOIN", lookup!("record", "om_dynamics"), "d",
        "CROSS JOIN", lookup!("record", "om_index_entry"), "i"
    );

    /// Memories of a scope that have a history.
    PAST_NUMBERS = "SELECT DISTINCT number FROM om_history WHERE scope = $1 AND number > $2 ORDER BY number LIMIT $3";
    /// Memories of a scope that have changed since a time of its clock, each with the first time.
    CHANGED_SINCE = "SELECT number, min(seq) FROM om_change WHERE scope = $1 AND seq > $2 GROUP BY number ORDER BY number";
    PAST_ENTRIES = of_numbers!("number, record", "om_index_entry", "");
    PAST_EMBEDDINGS = of_numbers!("number, hash, record", "om_embedding", "");
    PAST_TEXTS = of_numbers!("number, hash, content", "om_text", "");
    PAST_VERSIONS = of_numbers!("number, record, version", "om_history", " ORDER BY r.number, r.version DESC");

    /// Every tenant has a model, or something that a server keeps.
    TENANTS = "SELECT tenant FROM om_meta UNION SELECT tenant FROM om_document ORDER BY 1";
    SCOPES = "SELECT scope, seq, memories FROM om_scope WHERE tenant = $1 AND memories > 0";
    TENANT_HEADS = page!("m.tenant = $1 AND m.number > $2", "m.number", "$3");
    TENANT_ENTRIES = "SELECT m.number, m.scope, m.hash, i.record FROM \
                      (SELECT number, scope, hash FROM om_memory WHERE tenant = $1 AND number > $2 ORDER BY number LIMIT $3) m \
                      LEFT JOIN LATERAL (SELECT record FROM om_index_entry WHERE scope = m.scope AND number = m.number LIMIT 1) i \
                      ON true ORDER BY m.number";
    TOMBSTONES = "SELECT id, tombstone FROM om_id WHERE tenant = $1 AND tombstone IS NOT NULL AND id > $2 ORDER BY id LIMIT $3";
    COUNT = "SELECT coalesce(sum(memories), 0)::bigint FROM om_scope WHERE tenant = $1";
    DOCUMENT = "SELECT value FROM om_document WHERE tenant = $1 AND name = $2";
    DOCUMENT_NAMES = "SELECT name FROM om_document WHERE tenant = $1 AND name >= $2 ORDER BY name";
    PUT_DOCUMENT = "INSERT INTO om_document (tenant, name, value) VALUES ($1, $2, $3) \
                    ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value";
    REMOVE_DOCUMENT = "DELETE FROM om_document WHERE tenant = $1 AND name = $2";
    LEARNING = "SELECT record FROM om_learning WHERE tenant = $1 AND id = $2";
    /// The one that did not fail, if there is one.
    LEARNING_OF_KEY = "SELECT id FROM om_learning WHERE tenant = $1 AND key = $2 ORDER BY failed, id DESC LIMIT 1";
    LEARNINGS_OF = "SELECT id FROM om_learning WHERE tenant = $1 AND user_id IS NOT DISTINCT FROM $2 ORDER BY id";
    LEARNINGS = "SELECT id FROM om_learning WHERE tenant = $1 ORDER BY id";
    PUT_LEARNING = "INSERT INTO om_learning (tenant, id, user_id, key, failed, record) VALUES ($1, $2, $3, $4, $5, $6) \
                    ON CONFLICT (tenant, id) DO UPDATE \
                    SET key = excluded.key, failed = excluded.failed, record = excluded.record";
    REMOVE_LEARNING = "DELETE FROM om_learning WHERE tenant = $1 AND id = $2";
    MESSAGE = "SELECT record FROM om_message WHERE scope = $1 AND id = $2";
    MESSAGES_OF = "SELECT id FROM om_message WHERE scope = $1 ORDER BY at, id";
    /// In the order of every store: those without a user first, then by the length of the user's id.
    MESSAGES = "SELECT user_id, id FROM om_message WHERE tenant = $1 \
                ORDER BY user_id IS NOT NULL, length(user_id), user_id, at, id";
    PUT_MESSAGE = "INSERT INTO om_message (scope, id, tenant, user_id, at, record) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (scope, id) DO UPDATE SET at = excluded.at, record = excluded.record";
    REMOVE_MESSAGE = "DELETE FROM om_message WHERE scope = $1 AND id = $2";
    SOURCES = "SELECT record FROM om_sources WHERE scope = $1 AND number = $2";
    SOURCES_OF = of_numbers!("number, record", "om_sources", "");
    TENANT_SOURCES = "SELECT number, record FROM om_sources WHERE tenant = $1 AND number > $2 ORDER BY number LIMIT $3";
    SET_SOURCES = "INSERT INTO om_sources (scope, number, tenant, record) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (scope, number) DO UPDATE SET record = excluded.record";
    REMOVE_SOURCES = "DELETE FROM om_sources WHERE scope = $1 AND number = $2";
    /// Writes with an `Idempotency-Key`. One can be claimed again if its server has ended, or its answer is too old.
    CLAIM = "INSERT INTO om_idempotency AS w (tenant, key, fingerprint, began, claimed_until) \
             VALUES ($1, $2, $3, now(), now() + interval '30 seconds') ON CONFLICT (tenant, key) DO UPDATE \
             SET fingerprint = excluded.fingerprint, began = excluded.began, claimed_until = excluded.claimed_until, answer = NULL \
             WHERE w.began < now() - interval '10 minutes' OR (w.answer IS NULL AND w.claimed_until < now()) RETURNING true";
    CLAIMED = "SELECT fingerprint, answer FROM om_idempotency WHERE tenant = $1 AND key = $2";
    RENEW_CLAIM = "UPDATE om_idempotency SET claimed_until = now() + interval '30 seconds' WHERE tenant = $1 AND key = $2";
    KEEP_ANSWER = "UPDATE om_idempotency SET answer = $3 WHERE tenant = $1 AND key = $2";
    REMOVE_CLAIM = "DELETE FROM om_idempotency WHERE tenant = $1 AND key = $2";
    /// Answers that are too old, and those beyond a number.
    FORGET_ANSWERS = "DELETE FROM om_idempotency WHERE tenant = $1 AND answer IS NOT NULL \
                      AND began < greatest(now() - interval '10 minutes', \
                      (SELECT began FROM om_idempotency WHERE tenant = $1 ORDER BY began DESC OFFSET $2 LIMIT 1))";
    /// The transactions below are over.
    HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_current_snapshot()::text";
    /// What transactions from one on, and before another, have changed.
    FEED = "SELECT scope, seq, number, id, version, kind, at, owner, xid::text::bigint FROM om_change \
            WHERE tenant = $1 AND xid >= $2::text::xid8 AND xid < $3::text::xid8 AND kind < 2 \
            AND NOT pg_visible_in_snapshot(xid, $4::text::pg_snapshot) ORDER BY xid, scope, seq";
    /// The transaction before which changes are too old: of the first one that is not, and none that watchers may not have been
    /// told of yet.
    TOO_OLD = "SELECT least(pg_snapshot_xmin(pg_current_snapshot())::text::bigint, \
               (SELECT xid::text::bigint FROM om_change WHERE tenant = $1 AND at >= $2 ORDER BY xid LIMIT 1))";
    /// The transaction after so many changes, all of them before another one. Nothing if there are none.
    TRIM_TO = "SELECT max(x) + 1 FROM (SELECT xid::text::bigint AS x FROM om_change \
               WHERE tenant = $1 AND xid < $2::text::xid8 ORDER BY xid LIMIT $3) oldest";
    TRIM = "DELETE FROM om_change WHERE tenant = $1 AND xid < $2::text::xid8";
    SET_TRIMMED = "INSERT INTO om_meta (tenant, name, value) VALUES ($1, $2, $3) \
                   ON CONFLICT (tenant, name) DO UPDATE SET value = greatest(om_meta.value, excluded.value)";
}

/// The statements for a single row, and for many.
pub(crate) const MANY: &[(&str, &str)] = &[
    (ADD_MEMORY, ADD_MEMORIES),
    (ADD_HISTORY, ADD_HISTORIES),
    (ADD_TEXT, ADD_TEXTS),
    (SET_INDEX_ENTRY, SET_INDEX_ENTRIES),
    (SET_EMBEDDING, SET_EMBEDDINGS),
    (SET_DYNAMICS, SET_MANY_DYNAMICS),
    (SET_WAYPOINTS, SET_MANY_WAYPOINTS),
    (SET_SOURCES, SET_MANY_SOURCES),
    (ADD_CHANGE, ADD_CHANGES),
    (SET_MEMORY, SET_MEMORIES),
];

/// What a change of the feed says.
pub(crate) const STORED: i16 = 0;
pub(crate) const DELETED: i16 = 1;
/// Tags, expiry or salience: watchers are not told.
pub(crate) const SIGNAL: i16 = 2;

pub(crate) fn encode<T: Serialize>(record: &T) -> Vec<u8> {
    // Writing to a vector cannot fail.
    postcard::to_stdvec(record).unwrap_or_default()
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, Error> {
    match postcard::take_from_bytes(bytes) {
        Ok((record, [])) => Ok(record),
        _ => Err(damaged(what)),
    }
}

pub(crate) fn version(bytes: &[u8]) -> Result<Version, Error> {
    decode(bytes, "a version of a memory")
}

pub(crate) fn dynamics(bytes: &[u8]) -> Result<Dynamics, Error> {
    decode(bytes, "the salience of a memory")
}

pub(crate) fn text(bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|_| damaged("the text of a memory"))
}

pub(crate) fn embedding(bytes: &[u8]) -> Result<Embedding, Error> {
    let embedding: Embedding = decode(bytes, "the vectors of a memory")?;
    if embedding.is_whole() { Ok(embedding) } else { Err(damaged("the vectors of a memory")) }
}

pub(crate) fn encode_entry(text: &IndexedText) -> Vec<u8> {
    encode(&(text.content, text.words.as_bytes(), &*text.embedding))
}

pub(crate) fn entry(bytes: &[u8]) -> Result<IndexedText, Error> {
    let (content, words, embedding): (_, Vec<u8>, Embedding) = decode(bytes, "the vectors of a memory")?;
    if !embedding.is_whole() {
        return Err(damaged("the vectors of a memory"));
    }
    Ok(IndexedText { content, words: Words::new(words), embedding: Arc::new(embedding) })
}

/// A whole memory, as [`page`] selects it.
pub(crate) struct Whole {
    pub number: Number,
    pub scope: ScopeKey,
    pub memory: Memory,
}

pub(crate) fn whole(row: &Row, now: Timestamp) -> Result<Whole, Error> {
    let memory =
        Memory { version: version(row.get(2))?, content: text(row.get(3))?, dynamics: dynamics(row.get(4))?, now };
    Ok(Whole { number: Number(row.get::<_, i64>(0) as u64), scope: row.get(1), memory })
}
