//! The smallest shared object that a loader of Linux would accept.

use crate::bytes::{Bytes, strings};

pub struct Elf<'a> {
    pub machine: u16,
    pub library: &'a str,
    pub version: &'a str,
    pub exports: Vec<&'a str>,
    /// Imported with `version`.
    pub import: &'a str,
    pub unversioned: Vec<&'a str>,
    pub align: u64,
    /// Whether it has a table of its own symbols.
    pub symbol_table: bool,
    pub text: &'a str,
}

pub const X64: u16 = 62;
pub const ARM64: u16 = 183;

impl Default for Elf<'_> {
    fn default() -> Self {
        Self {
            machine: X64,
            library: "libc.so.6",
            version: "GLIBC_2.17",
            exports: vec!["napi_register_module_v1"],
            import: "memcpy",
            unversioned: Vec::new(),
            align: 0x1000,
            symbol_table: false,
            text: "",
        }
    }
}

impl Elf<'_> {
    pub fn build(&self) -> Vec<u8> {
        let fixed = [self.library, self.version, self.import];
        let names: Vec<&str> = fixed.iter().chain(&self.exports).chain(&self.unversioned).copied().collect();
        let (strings, at) = strings(&names);
        let (exports, unversioned) = at[3..].split_at(self.exports.len());

        let mut symbols = Bytes::default();
        let mut versions = Bytes::default();
        symbols.raw(&[0; 24]);
        versions.u16(0);
        let mut symbol = |name: u32, section: u16, version: u16| {
            // Global functions.
            symbols.u32(name).raw(&[0x12, 0]).u16(section).u64(0).u64(0);
            versions.u16(version);
        };
        symbol(at[2], 0, 2);
        exports.iter().for_each(|name| symbol(*name, 1, 1));
        unversioned.iter().for_each(|name| symbol(*name, 0, 1));

        let mut needed = Bytes::default();
        needed.u16(1).u16(1).u32(at[0]).u32(16).u32(0).u32(hash(self.version)).u16(0).u16(2).u32(at[1]).u32(0);
        let mut dynamic = Bytes::default();
        dynamic.u64(1).u64(at[0].into()).u64(0).u64(0);

        // Kind, data, the section with its strings, what the kind keeps in `info`, the size of an entry.
        let mut sections: Vec<(u32, &[u8], u32, u32, u64)> = vec![
            (3, &strings, 0, 0, 0),
            (11, &symbols.0, 1, 1, 24),
            (0x6fff_ffff, &versions.0, 2, 0, 2),
            (0x6fff_fffe, &needed.0, 1, 1, 0),
            (6, &dynamic.0, 1, 0, 16),
            (1, self.text.as_bytes(), 0, 0, 0),
        ];
        if self.symbol_table {
            sections.push((2, &symbols.0, 1, 1, 24));
        }
        let count = sections.len() + 1;
        let mut body = Bytes::default();
        let places: Vec<u64> = sections
            .iter()
            .map(|(_, data, ..)| {
                let place = body.0.len().next_multiple_of(8);
                body.until(place).raw(data);
                (HEADERS + place) as u64
            })
            .collect();
        let table = (HEADERS + body.0.len()).next_multiple_of(8);

        let mut file = Bytes::default();
        file.raw(b"\x7fELF\x02\x01\x01").until(16).u16(3).u16(self.machine).u32(1).u64(0).u64(64).u64(table as u64);
        file.u32(0).u16(64).u16(56).u16(2).u16(64).u16(count as u16).u16(1);
        let length = (table + count * 64) as u64;
        file.u32(1).u32(5).u64(0).u64(0).u64(0).u64(length).u64(length).u64(self.align);
        let size = dynamic.0.len() as u64;
        file.u32(2).u32(6).u64(places[4]).u64(places[4]).u64(places[4]).u64(size).u64(size).u64(8);
        file.until(HEADERS).raw(&body.0).until(table).raw(&[0; 64]);
        for ((kind, data, link, info, entry), place) in sections.into_iter().zip(places) {
            file.u32(0)
                .u32(kind)
                .u64(2)
                .u64(place)
                .u64(place)
                .u64(data.len() as u64)
                .u32(link)
                .u32(info)
                .u64(8)
                .u64(entry);
        }
        file.0
    }
}

const HEADERS: usize = 64 + 2 * 56;

fn hash(name: &str) -> u32 {
    name.bytes().fold(0_u32, |hash, byte| {
        let hash = (hash << 4).wrapping_add(byte.into());
        (hash ^ ((hash & 0xf000_0000) >> 24)) & 0x0fff_ffff
    })
}
