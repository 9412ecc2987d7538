//! What is written to a file, and what becomes of a file's memories?

use std::path::PathBuf;

use serde_json::Value;

use super::properties::{FILTERS, any_text};
use super::{Fields, Kind, Property, list};
use crate::Invalid;
use crate::filter::Filter;

/// `{file, filters?}`
#[derive(Debug, Clone)]
pub struct Export {
    pub file: PathBuf,
    pub filter: Option<Filter>,
}

impl Export {
    pub const PROPERTIES: &[Property] = &[any_text("file").required(), FILTERS];
    /// Of an export that goes to no file.
    pub const FILTER: &[Property] = &[FILTERS];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        Ok(Self { file: file(&mut fields)?, filter: list::filters(&mut fields)? })
    }

    /// `{filters?}`, of an export that goes to no file.
    pub fn read_filter(value: Value) -> Result<Option<Filter>, Invalid> {
        list::filters(&mut Fields::of(value, Self::FILTER)?)
    }
}

/// What becomes of a memory whose id the store has already, with other content or history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// It is reported, and the store's stays.
    Report,
    /// The store's stays.
    Skip,
    /// The file's takes its place.
    Replace,
}

impl OnConflict {
    pub const PROPERTY: Property = Property::new("onConflict", Kind::OneOf(&["report", "skip", "replace"]))
        .about("What becomes of a memory whose id the store has with another history")
        .default("\"report\"");

    pub fn read(name: Option<&str>) -> Result<Self, Invalid> {
        match name {
            None | Some("report") => Ok(Self::Report),
            Some("skip") => Ok(Self::Skip),
            Some("replace") => Ok(Self::Replace),
            Some(_) => Err(Invalid::argument("onConflict", "must be report, skip or replace")),
        }
    }
}

/// `{file, onConflict?}`
#[derive(Debug, Clone)]
pub struct Import {
    pub file: PathBuf,
    pub on_conflict: OnConflict,
}

impl Import {
    pub const PROPERTIES: &[Property] = &[any_text("file").required(), OnConflict::PROPERTY];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let on_conflict = OnConflict::read(fields.string("onConflict")?.as_deref())?;
        Ok(Self { file: file(&mut fields)?, on_conflict })
    }
}

fn file(fields: &mut Fields) -> Result<PathBuf, Invalid> {
    match fields.string("file")? {
        Some(path) if !path.is_empty() => Ok(path.into()),
        _ => Err(Invalid::argument("file", "must be the path of a file")),
    }
}
