//! How many bytes were exported, and with which checksum? Lines go to the sink, and are hashed for the last line.

use serde::Serialize;

use openmemory_rules::Error;

pub struct Lines<'a> {
    sink: &'a mut dyn FnMut(&[u8]) -> Result<(), Error>,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<'a> Lines<'a> {
    pub fn to(sink: &'a mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Self {
        Self { sink, hasher: blake3::Hasher::new(), bytes: 0 }
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        (self.sink)(bytes)
    }

    pub fn record(&mut self, record: &impl Serialize) -> Result<(), Error> {
        let mut line = serde_json::to_vec(record).map_err(unwritable)?;
        line.push(b'\n');
        self.write(&line)
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The hexadecimal BLAKE3 hash of all bytes written.
    pub fn checksum(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }
}

pub fn unwritable(_: serde_json::Error) -> Error {
    Error::Internal("a memory cannot be written as JSON")
}
