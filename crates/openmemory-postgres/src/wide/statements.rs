//! Which statements read and write the tables of candidates? They are not there unless they are asked for.

/// The separator of marks in one text. No mark has a control character.
pub(crate) const SEPARATOR: char = '\u{1}';

/// Of the scopes in question, all of a tenant if the list is null, those that the tables here do not know up to their clocks.
pub(crate) const BEHIND: &str = "SELECT s.scope, s.seq, w.seq, w.filled_to FROM om_scope s \
     LEFT JOIN om_wide_scope w ON w.scope = s.scope WHERE s.tenant = $1 AND ($2::uuid[] IS NULL OR s.scope = ANY($2)) \
     AND (w.seq IS NULL OR w.seq < s.seq OR w.filled_to IS NOT NULL) AND (w.seq IS NOT NULL OR s.memories > 0)";
/// Takes the turn to follow a scope, which begins with reading all of it.
pub(crate) const TAKE_TURN: &str = "INSERT INTO om_wide_scope (scope, tenant, seq, filled_to) VALUES ($1, $2, $3, -1) \
     ON CONFLICT (scope) DO UPDATE SET seq = om_wide_scope.seq RETURNING seq, filled_to";
pub(crate) const SET_TURN: &str = "UPDATE om_wide_scope SET seq = $2, filled_to = $3 WHERE scope = $1";
/// What has changed in a scope, as it is now.
pub(crate) const CHANGES: &str = "SELECT c.seq, c.number, m.record, i.record, d.record FROM \
     (SELECT seq, number FROM om_change WHERE scope = $1 AND seq > $2 ORDER BY seq LIMIT $3) c \
     LEFT JOIN LATERAL (SELECT record FROM om_memory WHERE scope = $1 AND number = c.number LIMIT 1) m ON true \
     LEFT JOIN LATERAL (SELECT record FROM om_index_entry WHERE scope = $1 AND number = c.number LIMIT 1) i ON true \
     LEFT JOIN LATERAL (SELECT record FROM om_dynamics WHERE scope = $1 AND number = c.number LIMIT 1) d ON true ORDER BY c.seq";
/// What has changed in scopes since these times of their clocks, the newest memories first.
pub(crate) const CHANGED: &str = "SELECT w.scope, c.number FROM unnest($1::uuid[], $2::bigint[]) AS w(scope, seq) \
     CROSS JOIN LATERAL (SELECT number FROM om_change WHERE scope = w.scope AND seq > w.seq OFFSET 0) c \
     ORDER BY c.number DESC LIMIT $3";
pub(crate) const DIGESTS: &str =
    "SELECT number, digest FROM om_wide_text WHERE scope = $1 AND number = ANY($2::bigint[])";
pub(crate) const REMOVE_TEXTS: &str = "DELETE FROM om_wide_text WHERE scope = $1 AND number = ANY($2::bigint[])";
pub(crate) const REMOVE_ALL_TEXTS: &str = "DELETE FROM om_wide_text WHERE scope = $1";
pub(crate) const ADD_TEXTS: &str = "INSERT INTO om_wide_text (scope, number, tenant, digest, marks, run, created_at) \
     SELECT $1, number, $2, digest, string_to_array(marks, E'\\x01'), run, created_at \
     FROM unnest($3::bigint[], $4::bytea[], $5::text[], $6::uuid[], $7::bigint[]) AS t(number, digest, marks, run, created_at)";

/// Memories by chance, so many of a hundred pages of the table.
pub(crate) const SAMPLE: &str = "SELECT scope, number FROM om_wide_text TABLESAMPLE SYSTEM ($1::float4) \
     WHERE tenant = $2 AND ($3::uuid[] IS NULL OR scope = ANY($3)) LIMIT $4";
/// How many memories have a mark, up to a number.
pub(crate) const COUNT_MARK: &str = "SELECT count(*) FROM (SELECT FROM om_wide_text WHERE tenant = $1 \
     AND ($2::uuid[] IS NULL OR scope = ANY($2)) AND marks @> ARRAY[$3::text] LIMIT $4) counted";
/// The memories that have a mark.
pub(crate) const MARKED: &str = "SELECT scope, number FROM om_wide_text WHERE tenant = $1 \
     AND ($2::uuid[] IS NULL OR scope = ANY($2)) AND marks @> ARRAY[$3::text] LIMIT $4";
/// The memories that have some of these words and all of those marks, by the weights of the words.
pub(crate) const WORDED: &str = "SELECT scope, number FROM om_wide_text t WHERE tenant = $1 \
     AND ($2::uuid[] IS NULL OR scope = ANY($2)) AND marks && $3::text[] AND marks @> $5::text[] \
     ORDER BY (SELECT sum(weight) FROM unnest($3::text[], $4::float4[]) AS q(mark, weight) WHERE q.mark = ANY(t.marks)) DESC LIMIT $6";
/// The memories before and after those in their runs, so many on each side.
pub(crate) const NEIGHBOURS: &str = "SELECT w.scope, n.number \
     FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) AS w(scope, run, created_at, number) CROSS JOIN LATERAL \
     ((SELECT number FROM om_wide_text WHERE scope = w.scope AND run = w.run AND (created_at, number) < (w.created_at, w.number) \
       ORDER BY created_at DESC, number DESC LIMIT $5) UNION ALL \
      (SELECT number FROM om_wide_text WHERE scope = w.scope AND run = w.run AND (created_at, number) > (w.created_at, w.number) \
       ORDER BY created_at, number LIMIT $5)) n";
/// What a partition needs of memories.
pub(crate) const ENTRIES: &str = "SELECT w.scope, w.number, m.record, i.record, d.record \
     FROM unnest($1::uuid[], $2::bigint[]) AS w(scope, number) \
     CROSS JOIN LATERAL (SELECT record FROM om_memory WHERE scope = w.scope AND number = w.number LIMIT 1) m \
     CROSS JOIN LATERAL (SELECT record FROM om_index_entry WHERE scope = w.scope AND number = w.number LIMIT 1) i \
     CROSS JOIN LATERAL (SELECT record FROM om_dynamics WHERE scope = w.scope AND number = w.number LIMIT 1) d";

/// How the nearest vectors are looked for, until the transaction ends: the index, and as far as it takes to find those in scope.
pub(crate) const LOOK_FAR: &str = "SELECT set_config('hnsw.ef_search', $1, true), \
     set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.max_scan_tuples', '40000', true), \
     set_config('enable_sort', 'off', true)";

/// The statements about vectors, whose table depends on their dimensions.
pub(crate) struct OfVectors {
    pub nearest: String,
    pub remove: String,
    pub remove_all: String,
    pub add: String,
}

impl OfVectors {
    pub(crate) fn new(dimensions: usize) -> Self {
        let table = format!("om_wide_vector_{dimensions}");
        let of = format!("halfvec({dimensions})");
        Self {
            nearest: format!(
                "SELECT scope, number FROM {table} WHERE tenant = $1 AND ($2::uuid[] IS NULL OR scope = ANY($2)) \
                 ORDER BY v <=> $3::text::{of} LIMIT $4"
            ),
            remove: format!("DELETE FROM {table} WHERE scope = $1 AND number = ANY($2::bigint[])"),
            remove_all: format!("DELETE FROM {table} WHERE scope = $1"),
            add: format!(
                "INSERT INTO {table} (scope, number, n, tenant, v) SELECT $1, number, n, $2, v::{of} \
                 FROM unnest($3::bigint[], $4::smallint[], $5::text[]) AS t(number, n, v)"
            ),
        }
    }
}

/// A vector as the extension reads it.
pub(crate) fn as_text(numbers: &[f32]) -> String {
    let mut text = String::with_capacity(10 * numbers.len());
    for number in numbers {
        text.push(if text.is_empty() { '[' } else { ',' });
        text.push_str(&format!("{number:.5}"));
    }
    text.push(']');
    text
}
