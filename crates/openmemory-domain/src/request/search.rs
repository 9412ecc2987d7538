//! What may a search ask?

use serde_json::Value;

use super::{Fields, list};
use crate::filter::{Field, Filter};
use crate::{Invalid, Sector, limits};

/// `{query, k?, filters?, sectors?, minScore?, explain?, showExpired?}`
#[derive(Debug, Clone)]
pub struct Search {
    pub query: String,
    pub k: usize,
    pub filter: Option<Filter>,
    /// Only memories of these sectors, and only by their vectors of these sectors; empty for all.
    pub sectors: Vec<Sector>,
    /// 0 to 1.
    pub min_score: f64,
    pub explain: bool,
    pub show_expired: bool,
}

impl Search {
    pub fn read(value: Value) -> Result<Self, Invalid> {
        let known = ["query", "k", "filters", "sectors", "minScore", "explain", "showExpired"];
        let mut fields = Fields::read(value, &known)?;
        let query = fields.string("query")?.unwrap_or_default();
        if query.trim().is_empty() {
            return Err(Invalid::argument("query", "must not be empty"));
        }
        if query.chars().count() > limits::QUERY_CHARACTERS {
            return Err(Invalid::limit("query", format!("has at most {} characters", limits::QUERY_CHARACTERS)));
        }
        let min_score = fields.number("minScore")?.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&min_score) {
            return Err(Invalid::argument("minScore", "must be from 0 to 1"));
        }
        let sectors = fields.strings("sectors")?.unwrap_or_default();
        Ok(Self {
            query,
            k: fields.whole("k", 1, limits::K as u64)?.unwrap_or(8) as usize,
            filter: list::filters(&mut fields)?,
            sectors: read_sectors(&sectors)?,
            min_score,
            explain: fields.boolean("explain")?.unwrap_or(false),
            show_expired: fields.boolean("showExpired")?.unwrap_or(false),
        })
    }

    /// Whether not all memories of the users whom it names match, so that each that is found has to be asked.
    pub fn asks_each(&self) -> bool {
        self.filter.as_ref().is_some_and(|filter| !filter.asks_only(&Field::UserId))
    }
}

/// Each once, however often it is named.
fn read_sectors(names: &[String]) -> Result<Vec<Sector>, Invalid> {
    let mut sectors = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let sector = Sector::read(&format!("sectors[{i}]"), name)?;
        if !sectors.contains(&sector) {
            sectors.push(sector);
        }
    }
    Ok(sectors)
}
