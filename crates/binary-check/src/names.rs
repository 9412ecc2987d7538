//! Names as text, each once, in order.

use object::read::{Error, NameOrOrdinal};
use object::{Import, Object};

pub fn exports<'data>(file: &impl Object<'data>) -> Result<Vec<String>, Error> {
    sorted(file.exports()?.map(|export| {
        Ok(match export?.name() {
            NameOrOrdinal::Name(name) => text(name),
            NameOrOrdinal::Ordinal(ordinal) => format!("#{ordinal}"),
        })
    }))
}

pub fn libraries<'data>(file: &impl Object<'data>) -> Result<Vec<String>, Error> {
    sorted(file.import_libraries()?.map(|library| Ok(text(library?.name()))))
}

/// The imported symbols that `wanted` selects.
pub fn imports<'data>(file: &impl Object<'data>, wanted: fn(&Import<'_>) -> bool) -> Result<Vec<String>, Error> {
    let wanted = file.imports()?.filter(|import| import.as_ref().map_or(true, wanted));
    sorted(wanted.map(|import| Ok(text(import?.name().name().unwrap_or_default()))))
}

fn sorted(names: impl Iterator<Item = Result<String, Error>>) -> Result<Vec<String>, Error> {
    let mut names = names.collect::<Result<Vec<_>, _>>()?;
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// C names have an underscore in front on macOS.
pub fn without_underscore(names: Vec<String>) -> Vec<String> {
    names.into_iter().map(|name| name.strip_prefix('_').map_or(name.clone(), str::to_owned)).collect()
}
