//! What is written to a file, and what becomes of a file's memories?

use std::path::PathBuf;

use serde_json::Value;

use super::{Fields, list};
use crate::domain::Invalid;
use crate::domain::filter::Filter;

/// `{file, filters?}`
#[derive(Debug, Clone)]
pub struct Export {
    pub file: PathBuf,
    pub filter: Option<Filter>,
}

impl Export {
    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::read(value, &["file", "filters"])?;
        Ok(Self { file: file(&mut fields)?, filter: list::filters(&mut fields)? })
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

/// `{file, onConflict?}`
#[derive(Debug, Clone)]
pub struct Import {
    pub file: PathBuf,
    pub on_conflict: OnConflict,
}

impl Import {
    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::read(value, &["file", "onConflict"])?;
        let on_conflict = match fields.string("onConflict")?.as_deref() {
            None | Some("report") => OnConflict::Report,
            Some("skip") => OnConflict::Skip,
            Some("replace") => OnConflict::Replace,
            Some(_) => return Err(Invalid::argument("onConflict", "must be report, skip or replace")),
        };
        Ok(Self { file: file(&mut fields)?, on_conflict })
    }
}

fn file(fields: &mut Fields) -> Result<PathBuf, Invalid> {
    match fields.string("file")? {
        Some(path) if !path.is_empty() => Ok(path.into()),
        _ => Err(Invalid::argument("file", "must be the path of a file")),
    }
}
