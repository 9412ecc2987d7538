//! Are all rows of the store present, and no others? A sum over all rows shows it.
//!
//! Every commit records the sum after it, so lost, wrong and additional rows are detected.

use serde::{Deserialize, Serialize};

/// The sum of the row hashes (independent of their order), the number of rows, and the bytes of keys and values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Digest {
    sum: u128,
    pub rows: u64,
    pub bytes: u64,
}

/// The contribution of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowDigest {
    hash: u128,
    bytes: u64,
}

impl RowDigest {
    pub(crate) fn of(key: &[u8], value: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(key.len() as u32).to_le_bytes()).update(key).update(value);
        let mut hash = [0; 16];
        hasher.finalize_xof().fill(&mut hash);
        Self { hash: u128::from_le_bytes(hash), bytes: (key.len() + value.len()) as u64 }
    }
}

impl Digest {
    pub(crate) const ENCODED: usize = 32;

    pub(crate) fn add(&mut self, row: RowDigest) {
        self.sum = self.sum.wrapping_add(row.hash);
        self.rows = self.rows.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(row.bytes);
    }

    pub(crate) fn subtract(&mut self, row: RowDigest) {
        self.sum = self.sum.wrapping_sub(row.hash);
        self.rows = self.rows.wrapping_sub(1);
        self.bytes = self.bytes.wrapping_sub(row.bytes);
    }

    /// Adds a sum of rows, of which some may have been subtracted.
    pub(crate) fn add_all(&mut self, rows: &Self) {
        self.sum = self.sum.wrapping_add(rows.sum);
        self.rows = self.rows.wrapping_add(rows.rows);
        self.bytes = self.bytes.wrapping_add(rows.bytes);
    }

    pub(crate) fn encode(&self) -> [u8; Self::ENCODED] {
        let mut bytes = [0; Self::ENCODED];
        bytes[..16].copy_from_slice(&self.sum.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.rows.to_le_bytes());
        bytes[24..].copy_from_slice(&self.bytes.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; Self::ENCODED]) -> Self {
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        Self { sum: u128::from_le_bytes(std::array::from_fn(|i| bytes[i])), rows: number(16), bytes: number(24) }
    }
}

/// The contents of a store after a commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The sequence of the commit; the first is 1.
    pub sequence: u64,
    pub digest: Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_independent_of_order_and_subtraction_undoes_addition() {
        let rows = [(b"a".as_slice(), b"1".as_slice()), (b"b", b""), (b"", b"b")].map(|(k, v)| RowDigest::of(k, v));
        let (mut one, mut other) = (Digest::default(), Digest::default());
        rows.iter().for_each(|row| one.add(*row));
        rows.iter().rev().for_each(|row| other.add(*row));
        assert_eq!(one, other);
        assert_ne!(rows[1].hash, rows[2].hash, "a byte that moves from the key to the value changes the hash");
        assert_eq!(Digest::decode(&one.encode()), one);
        let mut change = Digest::default();
        change.subtract(rows[0]);
        other.add_all(&change);
        rows[1..].iter().for_each(|row| other.subtract(*row));
        rows.iter().for_each(|row| one.subtract(*row));
        assert_eq!([one, other], [Digest::default(); 2]);
    }
}
