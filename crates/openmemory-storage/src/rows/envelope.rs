//! How is a row checksummed, and split if it is long?
//!
//! A row is `1, crc32(key ‖ payload), payload`. A payload of more than 16 KiB is split into parts with keys of their
//! own, and the row becomes `2, crc32(key ‖ payload), length, count`. This is because sled stores pages of more than
//! half a segment in files that it never syncs; sixteen rows of 16 KiB remain below that.

use std::borrow::Cow;

use crate::error::StorageError;
use crate::rows::keys;

const WHOLE: u8 = 1;
const CUT: u8 = 2;
const PART_BYTES: usize = 16 * 1024;

/// The rows for `payload` at `key`: the row itself, and its parts if the payload is long.
pub(crate) fn seal(key: &[u8], payload: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    if payload.len() <= PART_BYTES {
        return vec![(key.to_vec(), seal_short(key, payload))];
    }
    let checksum = checksum(key, payload).to_le_bytes();
    let parts = payload.chunks(PART_BYTES);
    let length = (payload.len() as u32).to_le_bytes();
    let count = (parts.len() as u16).to_le_bytes();
    let row = [&[CUT], checksum.as_slice(), &length, &count].concat();
    let parts = parts.enumerate().map(|(i, part)| (keys::part(key, i as u16), part.to_vec()));
    std::iter::once((key.to_vec(), row)).chain(parts).collect()
}

/// The row of a short payload.
pub(crate) fn seal_short(key: &[u8], payload: &[u8]) -> Vec<u8> {
    [&[WHOLE], checksum(key, payload).to_le_bytes().as_slice(), payload].concat()
}

/// The number of parts of a row; 0 for a short one.
pub(crate) fn parts(row: &[u8]) -> u16 {
    match row {
        [CUT, .., low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    }
}

/// The verified payload of a row. `value` reads other keys. `None` if the row changed while its parts were read.
pub(crate) fn open<'r>(
    key: &[u8],
    row: &'r [u8],
    value: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, StorageError>,
) -> Result<Option<Cow<'r, [u8]>>, StorageError> {
    let damaged = || StorageError::Corrupted(format!("row {}", String::from_utf8_lossy(key).escape_debug()));
    let (kind, rest) = row.split_first().ok_or_else(damaged)?;
    let (expected, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let expected = u32::from_le_bytes(*expected);
    let payload = match *kind {
        WHOLE => Cow::Borrowed(rest),
        CUT => {
            let mut payload = Vec::new();
            for i in 0..parts(row) {
                match value(&keys::part(key, i))? {
                    Some(part) => payload.extend_from_slice(&part),
                    None => break,
                }
            }
            match rest {
                [a, b, c, d, _, _]
                    if payload.len() == u32::from_le_bytes([*a, *b, *c, *d]) as usize
                        && payload.len().div_ceil(PART_BYTES) == usize::from(parts(row)) =>
                {
                    Cow::Owned(payload)
                }
                _ if value(key)?.as_deref() != Some(row) => return Ok(None),
                _ => return Err(damaged()),
            }
        }
        _ => return Err(damaged()),
    };
    if checksum(key, &payload) == expected {
        return Ok(Some(payload));
    }
    if *kind == CUT && value(key)?.as_deref() != Some(row) {
        return Ok(None);
    }
    Err(damaged())
}

fn checksum(key: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(rows: &BTreeMap<Vec<u8>, Vec<u8>>, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(open(key, &rows[key], |key| Ok(rows.get(key).cloned()))?.map(Cow::into_owned))
    }

    #[test]
    fn every_length_round_trips() {
        for length in [0, 1, PART_BYTES, PART_BYTES + 1, 5 * PART_BYTES, 900_000] {
            let payload: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            let rows: BTreeMap<_, _> = seal(b"Ckey", &payload).into_iter().collect();
            assert!(rows.values().all(|row| row.len() <= PART_BYTES + 16));
            assert_eq!(read(&rows, b"Ckey").unwrap().unwrap(), payload);
        }
    }

    #[test]
    fn every_flipped_bit_is_detected() {
        for length in [10, PART_BYTES + 5] {
            let payload = vec![7; length];
            let good: BTreeMap<_, _> = seal(b"Ckey", &payload).into_iter().collect();
            for key in good.keys() {
                for byte in 0..good[key].len().min(40) {
                    let mut bad = good.clone();
                    bad.get_mut(key).unwrap()[byte] ^= 4;
                    assert!(read(&bad, b"Ckey").is_err(), "byte {byte} of {key:?}");
                }
            }
        }
    }

    #[test]
    fn a_row_at_another_key_is_detected() {
        let (_, row) = seal(b"Ca", b"text").remove(0);
        assert!(open(b"Cb", &row, |_| Ok(None)).is_err());
    }
}
