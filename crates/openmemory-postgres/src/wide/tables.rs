//! Which tables does it take? They are made by the first server that is to search widely, if its role may.

use openmemory_domain::Invalid;
use openmemory_rules::Error;

use crate::session::Session;

/// The option that asks for it.
pub(crate) const OPTION: &str = "approximateAbove";

/// The key of the lock under which the tables are made.
const LOCK: i64 = 0x6f70_656e_6d65_6d02;
/// The first version whose index goes on if too many of what it finds belong to others.
const OLDEST: (u32, u32) = (0, 8);
/// The most dimensions that the extension indexes.
const MAX_DIMENSIONS: usize = 4000;

/// Whether the tables are there as this version has them.
const IS_KNOWN: &str = "SELECT to_regclass($1::text) IS NOT NULL AND to_regclass('om_wide_run') IS NOT NULL";

/// Makes the tables for vectors of so many dimensions, unless they are there.
pub(crate) fn prepare(session: &Session, dimensions: usize) -> Result<(), Error> {
    if dimensions > MAX_DIMENSIONS {
        let problem =
            format!("needs vectors of at most {MAX_DIMENSIONS} dimensions, and the model's have {dimensions}");
        return Err(Invalid::argument(OPTION, problem).into());
    }
    let table = format!("om_wide_vector_{dimensions}");
    let known = session.query(IS_KNOWN, &[&table])?;
    if known.first().is_some_and(|row| row.get(0)) {
        return Ok(());
    }
    session.query("SELECT pg_advisory_lock($1)", &[&LOCK])?;
    let made = make(session, dimensions);
    let unlocked = session.query("SELECT pg_advisory_unlock($1)", &[&LOCK]);
    made.and(unlocked.map(drop))
}

fn make(session: &Session, dimensions: usize) -> Result<(), Error> {
    let needed = |why: String| {
        let (major, minor) = OLDEST;
        let problem = format!("needs the extension vector of version {major}.{minor} or newer in the database: {why}");
        Error::from(Invalid::argument(OPTION, problem))
    };
    if version(session)?.is_none() {
        session.execute("CREATE EXTENSION IF NOT EXISTS vector").map_err(|error| needed(error.to_string()))?;
    }
    match version(session)? {
        Some(version) if version >= OLDEST => {}
        Some((major, minor)) => return Err(needed(format!("its version is {major}.{minor}"))),
        None => return Err(needed("it is not there".to_owned())),
    }
    let sql = include_str!("tables.sql").replace("{dimensions}", &dimensions.to_string());
    session.execute(&format!("BEGIN; {sql}; COMMIT")).inspect_err(|_| session.roll_back())
}

/// The version of the extension in this database.
fn version(session: &Session) -> Result<Option<(u32, u32)>, Error> {
    let rows = session.query("SELECT extversion FROM pg_extension WHERE extname = 'vector'", &[])?;
    Ok(rows.first().and_then(|row| {
        let mut numbers = row.get::<_, &str>(0).split('.').map(|number| number.parse().unwrap_or(0));
        Some((numbers.next()?, numbers.next()?))
    }))
}
