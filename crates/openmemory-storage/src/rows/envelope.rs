//! How is a row checked, and cut when it is long?
//!
//! A row is `1, crc32(key ‖ payload), payload`. A payload over 16 KiB is cut into parts under keys of their own, and
//! the row becomes `2, crc32(key ‖ payload), length, count`: sled puts pages over half a segment into files that it
//! never syncs, and sixteen rows of 16 KiB stay below that.

use crate::error::StorageError;
use crate::rows::keys;

const WHOLE: u8 = 1;
const CUT: u8 = 2;
const PART_BYTES: usize = 16 * 1024;

/// The writes that put `payload` under `key`: the row, and its parts if it is long.
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

/// The row of a payload that is known to be short.
pub(crate) fn seal_short(key: &[u8], payload: &[u8]) -> Vec<u8> {
    [&[WHOLE], checksum(key, payload).to_le_bytes().as_slice(), payload].concat()
}

/// How many parts a row has; none for a short one.
pub(crate) fn parts(row: &[u8]) -> u16 {
    match row {
        [CUT, .., low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    }
}

/// The payload of a row, checked. `value` reads other keys. None: the row changed while its parts were read.
pub(crate) fn open(
    key: &[u8],
    row: &[u8],
    value: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, StorageError>,
) -> Result<Option<Vec<u8>>, StorageError> {
    let damaged = || StorageError::Corrupted(format!("row {}", String::from_utf8_lossy(key).escape_debug()));
    let (kind, rest) = row.split_first().ok_or_else(damaged)?;
    let (expected, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let expected = u32::from_le_bytes(*expected);
    let payload = match *kind {
        WHOLE => rest.to_vec(),
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
                    payload
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
        open(key, &rows[key], |key| Ok(rows.get(key).cloned()))
    }

    #[test]
    fn every_length_comes_back() {
        for length in [0, 1, PART_BYTES, PART_BYTES + 1, 5 * PART_BYTES, 900_000] {
            let payload: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            let rows: BTreeMap<_, _> = seal(b"Ckey", &payload).into_iter().collect();
            assert!(rows.values().all(|row| row.len() <= PART_BYTES + 16));
            assert_eq!(read(&rows, b"Ckey").unwrap().unwrap(), payload);
        }
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
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
    fn a_row_under_another_key_is_noticed() {
        let (_, row) = seal(b"Ca", b"text").remove(0);
        assert!(open(b"Cb", &row, |_| Ok(None)).is_err());
    }
}
