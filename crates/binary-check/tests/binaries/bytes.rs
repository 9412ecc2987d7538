//! Numbers as the three formats write them.

#[derive(Default)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    pub fn u16(&mut self, number: u16) -> &mut Self {
        self.raw(&number.to_le_bytes())
    }

    pub fn u32(&mut self, number: u32) -> &mut Self {
        self.raw(&number.to_le_bytes())
    }

    pub fn u64(&mut self, number: u64) -> &mut Self {
        self.raw(&number.to_le_bytes())
    }

    /// Only signatures are in this order.
    pub fn u32_big(&mut self, number: u32) -> &mut Self {
        self.raw(&number.to_be_bytes())
    }

    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A text that fills `length` bytes.
    pub fn padded(&mut self, text: &str, length: usize) -> &mut Self {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(length, 0);
        self.raw(&bytes)
    }

    pub fn until(&mut self, length: usize) -> &mut Self {
        assert!(self.0.len() <= length, "{} bytes are more than {length}", self.0.len());
        self.0.resize(length, 0);
        self
    }
}

/// Texts that end with a zero, and where each begins.
pub fn strings(texts: &[&str]) -> (Vec<u8>, Vec<u32>) {
    let (mut table, mut offsets) = (vec![0], Vec::new());
    for text in texts {
        offsets.push(table.len() as u32);
        table.extend_from_slice(text.as_bytes());
        table.push(0);
    }
    (table, offsets)
}
