//! How are many rows written with few statements? Those of one table and scope together, as columns of arrays.

use std::collections::HashMap;

use uuid::Uuid;

use crate::rows;
use crate::scope_key::ScopeKey;
use crate::session::{Param, Request};

/// Rows of a statement, and bytes of their values.
const MAX_ROWS: usize = 256;
const MAX_BYTES: usize = 8 << 20;

/// The value of a column.
pub(crate) enum Value {
    Int(i64),
    Small(i16),
    Text(String),
    Bytes(Option<Vec<u8>>),
    Uuid(Uuid),
}

impl Value {
    fn bytes(&self) -> usize {
        match self {
            Self::Int(_) | Self::Small(_) | Self::Bytes(None) => 8,
            Self::Uuid(_) => 16,
            Self::Text(text) => text.len(),
            Self::Bytes(Some(bytes)) => bytes.len(),
        }
    }

    fn into_param(self) -> Param {
        match self {
            Self::Int(value) => Box::new(value),
            Self::Small(value) => Box::new(value),
            Self::Text(value) => Box::new(value),
            Self::Bytes(value) => Box::new(value),
            Self::Uuid(value) => Box::new(value),
        }
    }
}

/// A row to be written.
pub(crate) struct Row {
    /// The statement for a single row, one of [`rows::MANY`].
    pub sql: &'static str,
    pub scope: ScopeKey,
    /// The columns after the scope.
    pub columns: Vec<Value>,
}

impl Row {
    fn into_request(self) -> Request {
        let mut params: Vec<Param> = vec![Box::new(self.scope)];
        params.extend(self.columns.into_iter().map(Value::into_param));
        Request::new(self.sql, params)
    }
}

/// The statements that write rows. No two rows of a table are the same one.
pub(crate) fn requests(all: Vec<Row>) -> Vec<Request> {
    let mut groups: Vec<Vec<Row>> = Vec::new();
    // The open group of each table and scope, with the bytes of its values.
    let mut open: HashMap<(&'static str, ScopeKey), (usize, usize)> = HashMap::new();
    for row in all {
        let bytes: usize = row.columns.iter().map(Value::bytes).sum();
        let (group, taken) = open.entry((row.sql, row.scope)).or_insert((usize::MAX, 0));
        match groups.get_mut(*group) {
            Some(rows) if rows.len() < MAX_ROWS && *taken + bytes <= MAX_BYTES => {
                *taken += bytes;
                rows.push(row);
            }
            _ => {
                (*group, *taken) = (groups.len(), bytes);
                groups.push(vec![row]);
            }
        }
    }
    groups.into_iter().flat_map(together).collect()
}

/// The rows of a group in one statement, if there is one for many.
fn together(mut group: Vec<Row>) -> Vec<Request> {
    let Some(first) = group.first() else { return Vec::new() };
    let many = rows::MANY.iter().find(|(one, _)| *one == first.sql).map(|(_, many)| *many);
    let (Some(sql), 2..) = (many, group.len()) else { return group.into_iter().map(Row::into_request).collect() };
    let (scope, columns) = (first.scope, first.columns.len());
    let mut params: Vec<Param> = vec![Box::new(scope)];
    for _ in 0..columns {
        let last = group.iter_mut().filter_map(|row| row.columns.pop());
        params.insert(1, array(last.collect()));
    }
    vec![Request::new(sql, params)]
}

/// A column as an array. All its values are of one kind.
fn array(column: Vec<Value>) -> Param {
    macro_rules! of {
        ($kind:ident) => {{
            let value = |value| if let Value::$kind(value) = value { Some(value) } else { None };
            Box::new(column.into_iter().filter_map(value).collect::<Vec<_>>())
        }};
    }
    match column.first() {
        Some(Value::Small(_)) => of!(Small),
        Some(Value::Text(_)) => of!(Text),
        Some(Value::Bytes(_)) => of!(Bytes),
        Some(Value::Uuid(_)) => of!(Uuid),
        Some(Value::Int(_)) | None => of!(Int),
    }
}
