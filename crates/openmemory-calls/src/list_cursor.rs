//! Where did a page end, and which values confine a list?

use openmemory_domain::filter::{Field, Filter};
use openmemory_domain::request::{Order, TimeField};
use openmemory_domain::{Invalid, Timestamp};
use openmemory_rules::Number;
use serde::{Deserialize, Serialize};

/// The time of a memory in the order of a list, and its number.
pub type Position = (Timestamp, Number);

/// The content of a cursor: where the page ended, and in which order.
#[derive(Serialize, Deserialize)]
struct Cursor {
    newest_first: bool,
    by_updated: bool,
    at: Timestamp,
    number: Number,
}

/// The cursor of a page that ends here.
pub fn write_cursor(order: Order, (at, number): Position) -> String {
    let cursor = Cursor { newest_first: order.newest_first, by_updated: order.by == TimeField::Updated, at, number };
    data_encoding::BASE64URL_NOPAD.encode(&postcard::to_stdvec(&cursor).unwrap_or_default())
}

/// Where the page with this cursor ended.
pub fn read_cursor(text: &str, order: Order) -> Result<Position, Invalid> {
    let wrong = || Invalid::argument("cursor", "must be the next_cursor of a page in the same order");
    let bytes = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| wrong())?;
    let cursor: Cursor = postcard::from_bytes(&bytes).map_err(|_| wrong())?;
    let same = cursor.newest_first == order.newest_first && cursor.by_updated == (order.by == TimeField::Updated);
    if same { Ok((cursor.at, cursor.number)) } else { Err(wrong()) }
}

/// The only value of a field that a match can have.
pub fn only_value<'a>(filter: &'a Filter, field: &Field) -> Option<&'a str> {
    match filter.required(field)?[..] {
        [Some(value)] => Some(value),
        _ => None,
    }
}
