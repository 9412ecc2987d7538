//! What does a search ask for?

use serde_json::Value;

use super::properties::{AS_OF, AT, FILTERS, REFERENCE_TIME, SHOW_EXPIRED, SHOW_RETIRED};
use super::{Fields, Kind, Property, list, vector};
use crate::filter::{Field, Filter};
use crate::valid_time::PointInTime;
use crate::{Invalid, PartialDate, Sector, Shown, Timestamp, limits};

/// `{query?, vector?, limit?, offset?, filters?, sectors?, minScore?, explain?, showExpired?, showRetired?, at?, asOf?,
/// referenceTime?, history?, includeHistory?}`; `k` is an older name of `limit`.
#[derive(Debug, Clone)]
pub struct Search {
    /// Empty only if there is a vector.
    pub query: String,
    /// The vector of the query by the model of the store, if the caller has it.
    pub vector: Option<Vec<f32>>,
    /// The most hits that are wanted.
    pub limit: usize,
    /// How many of the best hits are skipped.
    pub offset: usize,
    pub filter: Option<Filter>,
    /// Restricts the search to memories of these sectors, and to their vectors of these sectors; empty for all.
    pub sectors: Vec<Sector>,
    /// 0 to 1.
    pub min_score: f64,
    pub explain: bool,
    pub shown: Shown,
    pub point: PointInTime,
    /// What relative times in the query refer to; `None`: now.
    pub reference_time: Option<Timestamp>,
    /// How many earlier texts each hit has with it.
    pub history: usize,
    /// Whether texts that were replaced are found too.
    pub include_history: bool,
}

impl Search {
    pub const PROPERTIES: &[Property] = &[
        Property::new("query", Kind::Text { least: 0, most: Some(limits::QUERY_CHARACTERS) })
            .about("Required unless there is a `vector`"),
        vector::PROPERTY.about("That of the query by the model of the store, which then does not embed it"),
        Property::new("limit", Kind::Integer { least: 1, most: limits::HITS as u64 }).default("8"),
        Property::new("k", Kind::Integer { least: 1, most: limits::HITS as u64 }).about("The older name of `limit`"),
        Property::new("offset", Kind::Integer { least: 0, most: limits::OFFSET as u64 })
            .about("How many of the best hits to skip")
            .default("0"),
        FILTERS,
        Property::new("sectors", Kind::Sectors),
        Property::new("minScore", Kind::Number { least: 0.0, open: false, most: Some(1.0) }).default("0"),
        Property::new("explain", Kind::Boolean),
        SHOW_EXPIRED,
        SHOW_RETIRED,
        AT,
        AS_OF,
        REFERENCE_TIME,
        Property::new("history", Kind::Integer { least: 0, most: limits::EARLIER_TEXTS as u64 })
            .about("How many texts that were true before each hit has in `before`")
            .default("0"),
        Property::new("includeHistory", Kind::Boolean)
            .about("Finds texts that were replaced too; such a hit is `current: false`"),
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let query = fields.string("query")?.unwrap_or_default();
        let vector = vector::read(&mut fields)?;
        if query.trim().is_empty() && vector.is_none() {
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
            vector,
            offset: fields.whole("offset", 0, limits::OFFSET as u64)?.unwrap_or(0) as usize,
            limit: read_limit(&mut fields)?.unwrap_or(8) as usize,
            filter: list::filters(&mut fields)?,
            sectors: read_sectors(&sectors)?,
            min_score,
            explain: fields.boolean("explain")?.unwrap_or(false),
            shown: fields.shown()?,
            point: fields.point_in_time()?,
            reference_time: fields.date("referenceTime")?.map(PartialDate::start),
            history: fields.whole("history", 0, limits::EARLIER_TEXTS as u64)?.unwrap_or(0) as usize,
            include_history: fields.boolean("includeHistory")?.unwrap_or(false),
        })
    }

    /// How many of the best hits have to be known.
    pub fn wanted(&self) -> usize {
        self.offset + self.limit
    }

    /// Whether texts that were replaced are searched.
    pub fn reads_past(&self) -> bool {
        self.include_history || !self.point.is_now()
    }

    /// Whether the filter constrains more than users, so that each hit must be tested.
    pub fn asks_each(&self) -> bool {
        self.filter.as_ref().is_some_and(|filter| !filter.constrains_only(&Field::UserId))
    }
}

/// Each name is checked for itself, so that a refusal names the one that the caller used.
fn read_limit(fields: &mut Fields) -> Result<Option<u64>, Invalid> {
    let mut read = |name| fields.whole(name, 1, limits::HITS as u64);
    match (read("limit")?, read("k")?) {
        (Some(limit), Some(k)) if limit != k => Err(Invalid::argument("limit", "and k, its older name, differ")),
        (limit, k) => Ok(limit.or(k)),
    }
}

/// Distinct sectors, in the order named.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::InvalidKind;

    fn limit(fields: Value) -> Result<usize, Invalid> {
        let mut request = json!({"query": "tea"});
        request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        Search::read(request).map(|search| search.limit)
    }

    #[test]
    fn k_is_an_older_name_of_limit() {
        assert_eq!(limit(json!({})), Ok(8));
        assert_eq!(limit(json!({"limit": 3})), Ok(3));
        assert_eq!(limit(json!({"k": 3})), Ok(3));
        assert_eq!(limit(json!({"limit": 3, "k": 3})), Ok(3));
        let refused = limit(json!({"limit": 3, "k": 4})).unwrap_err();
        assert_eq!((refused.kind, &*refused.field), (InvalidKind::Argument, "limit"));
    }

    #[test]
    fn a_refused_limit_has_the_name_that_the_caller_used() {
        for name in ["limit", "k"] {
            for (value, kind) in [
                (json!(0), InvalidKind::Argument),
                (json!(1.5), InvalidKind::Argument),
                (json!("two"), InvalidKind::Argument),
                (json!(null), InvalidKind::Argument),
                (json!(1001), InvalidKind::Limit),
            ] {
                let refused = limit(json!({ name: value })).unwrap_err();
                assert_eq!((refused.kind, &*refused.field), (kind, name));
            }
        }
    }
}
