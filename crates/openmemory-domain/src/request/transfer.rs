//! What does an export or an import ask for?

use std::path::PathBuf;

use serde_json::Value;

use super::properties::{FILTERS, any_text};
use super::{Fields, OnConflict, Property, list};
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

    /// `{filters?}`, for an export that is not written to a file.
    pub fn read_filter(value: Value) -> Result<Option<Filter>, Invalid> {
        list::filters(&mut Fields::of(value, Self::FILTER)?)
    }
}

/// `{file, onConflict?}`
#[derive(Debug, Clone)]
pub struct Import {
    pub file: PathBuf,
    pub on_conflict: OnConflict,
}

impl Import {
    pub const PROPERTIES: &[Property] = &[any_text("file").required(), OnConflict::IMPORTED];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let on_conflict = OnConflict::read(&mut fields)?.unwrap_or_default();
        Ok(Self { file: file(&mut fields)?, on_conflict })
    }
}

fn file(fields: &mut Fields) -> Result<PathBuf, Invalid> {
    match fields.string("file")? {
        Some(path) if !path.is_empty() => Ok(path.into()),
        _ => Err(Invalid::argument("file", "must be the path of a file")),
    }
}
