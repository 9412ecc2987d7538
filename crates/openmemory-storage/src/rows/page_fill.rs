//! In which order do rows fill sled's pages?

/// The rows of a page. sled splits a page that has more of them after the ninth.
const PAGE: usize = 16;

/// Of a run of keys: whether a key is among those that are written first. They are nine of sixteen, including the first and
/// the last, and make pages of nine rows. The other seven of each page then split none.
pub(crate) fn is_frame(position: usize) -> bool {
    let position = position % PAGE;
    position.is_multiple_of(2) || position == PAGE - 1
}
