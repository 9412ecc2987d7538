//! Which tables are there? Numbered files are applied in order, by one server at a time.

use openmemory_rules::Error;

use crate::error::of_migration;
use crate::session::Session;

const MIGRATIONS: [&str; 4] = [
    include_str!("../migrations/0001_memories.sql"),
    include_str!("../migrations/0002_learning.sql"),
    include_str!("../migrations/0003_row_security.sql"),
    include_str!("../migrations/0004_idempotency.sql"),
];

/// The key of the lock under which migrations run.
const LOCK: i64 = 0x6f70_656e_6d65_6d01;

/// Brings the tables up to date. Servers that start at once do it one after another; a role that may not create tables
/// can start when they are there.
pub(crate) fn migrate(session: &Session, hash_partitions: Option<u32>) -> Result<(), Error> {
    let version = version(session)?;
    if version == Some(MIGRATIONS.len()) {
        return Ok(());
    }
    session.query("SELECT pg_advisory_lock($1)", &[&LOCK])?;
    let migrated = apply(session, hash_partitions).map_err(|error| of_migration(error, version, MIGRATIONS.len()));
    let unlocked = session.query("SELECT pg_advisory_unlock($1)", &[&LOCK]);
    migrated.and(unlocked.map(drop))
}

/// Whether row-level security confines this role to one tenant.
pub(crate) fn is_confined(session: &Session) -> Result<bool, Error> {
    let rows = session.query("SELECT row_security_active('om_memory')", &[])?;
    Ok(rows.first().is_some_and(|row| row.get(0)))
}

fn apply(session: &Session, hash_partitions: Option<u32>) -> Result<(), Error> {
    session.execute("CREATE TABLE IF NOT EXISTS om_schema (version bigint PRIMARY KEY)")?;
    let applied = version(session)?.unwrap_or(0);
    for (at, migration) in MIGRATIONS.iter().enumerate().skip(applied) {
        let sql = with_partitions(migration, hash_partitions);
        session
            .execute(&format!("BEGIN; {sql}; INSERT INTO om_schema VALUES ({}); COMMIT", at + 1))
            .inspect_err(|_| session.roll_back())?;
        tracing::info!(version = at + 1, "the tables were migrated");
    }
    Ok(())
}

/// The version of the tables; `None` if there are none. A newer server may have gone further: what it added does not
/// disturb this one.
fn version(session: &Session) -> Result<Option<usize>, Error> {
    let known = session.query("SELECT to_regclass('om_schema')::text", &[])?;
    if known.first().and_then(|row| row.get::<_, Option<String>>(0)).is_none() {
        return Ok(None);
    }
    let rows = session.query("SELECT coalesce(max(version), 0) FROM om_schema", &[])?;
    let version: i64 = rows.first().map_or(0, |row| row.get(0));
    Ok(Some((version as usize).min(MIGRATIONS.len())))
}

/// The SQL of a migration, with the places of the tables.
fn with_partitions(migration: &str, count: Option<u32>) -> String {
    let mut sql = String::with_capacity(migration.len());
    let mut parts = String::new();
    let mut table = "";
    for line in migration.lines() {
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            table = rest.split(' ').next().unwrap_or_default();
        }
        let Some((before, place)) = line.strip_prefix(") {").map(|place| (")", place)) else {
            sql.push_str(line);
            sql.push('\n');
            continue;
        };
        let column = place.split([':', '}']).next().unwrap_or_default();
        let factor = place.split_once(':').and_then(|(_, rest)| rest.split('}').next());
        sql.push_str(before);
        match (count, factor) {
            (Some(count), _) => {
                sql.push_str(&format!(" PARTITION BY HASH ({column});\n"));
                for part in 0..count {
                    parts.push_str(&format!(
                        "CREATE TABLE {table}_{part} PARTITION OF {table} FOR VALUES WITH (MODULUS {count}, REMAINDER {part});\n"
                    ));
                }
            }
            (None, Some(factor)) => sql.push_str(&format!(" WITH (fillfactor = {factor});\n")),
            (None, None) => sql.push_str(";\n"),
        }
    }
    sql.push_str(&parts);
    sql
}
