//! How is a checkpoint written while commits continue?

use crate::checkpoint::format;
use crate::checkpoint::format::Header;
use crate::error::StorageError;
use crate::files::layout::Layout;
use crate::files::layout::StoreId;
use crate::rows::backend::Backend;
use crate::rows::backend::all_rows;
use crate::rows::digest::State;
use crate::rows::records::is_applied;

/// Writes a checkpoint of rows that may change meanwhile. It starts with `state`, which must be applied already.
pub(crate) fn write(
    layout: &Layout,
    store: StoreId,
    state: State,
    backend: &dyn Backend,
    keep_going: impl Fn() -> bool,
) -> Result<(), StorageError> {
    let rows = all_rows(backend).filter(|row| !row.as_ref().is_ok_and(|(key, _)| is_applied(key)));
    format::write(&layout.checkpoint(state.sequence), &Header { store, state }, rows, keep_going)
}
