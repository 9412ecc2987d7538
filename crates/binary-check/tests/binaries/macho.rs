//! The smallest library of macOS, signed as a linker does it.

use sha2::{Digest, Sha256};

use crate::bytes::{Bytes, strings};

pub struct MachO<'a> {
    pub cpu: u32,
    pub install_name: &'a str,
    pub library: &'a str,
    pub exports: Vec<String>,
    /// Looked for in the whole process.
    pub flat: Vec<&'a str>,
    pub least: (u32, u32),
    pub address: u64,
    pub signed: bool,
}

pub const X64: u32 = 0x0100_0007;
pub const ARM64: u32 = 0x0100_000c;
pub const PAGE: usize = 0x1000;
const LINKEDIT: usize = 0x4000;

impl Default for MachO<'_> {
    fn default() -> Self {
        Self {
            cpu: ARM64,
            install_name: "@rpath/openmemory.node",
            library: "/usr/lib/libSystem.B.dylib",
            exports: vec!["_napi_register_module_v1".to_owned()],
            flat: Vec::new(),
            least: (11, 0),
            address: 0,
            signed: true,
        }
    }
}

impl MachO<'_> {
    pub fn build(&self) -> Vec<u8> {
        let names: Vec<&str> = self.exports.iter().map(String::as_str).chain(self.flat.iter().copied()).collect();
        let (strings, at) = strings(&names);
        let mut symbols = Bytes::default();
        for (index, name) in at.iter().enumerate() {
            // An absolute value, or an undefined one without a library; both are external.
            let (kind, description) = if index < self.exports.len() { (3, 0) } else { (1, 0xfe00) };
            symbols.u32(*name).raw(&[kind, 0]).u16(description).u64(0);
        }
        let strings_at = LINKEDIT + symbols.0.len();
        let signature_at = (strings_at + strings.len()).next_multiple_of(16);
        let pages = signature_at.div_ceil(PAGE);
        let signature_size = if self.signed { 64 + 32 * pages + 20 } else { 0 };
        let linkedit_size = (signature_at + signature_size - LINKEDIT) as u64;

        let mut commands = Vec::new();
        let mut command = |kind: u32, body: &[u8]| {
            let length = (8 + body.len()).next_multiple_of(8);
            let mut bytes = Bytes::default();
            bytes.u32(kind).u32(length as u32).raw(body).until(length);
            commands.push(bytes.0);
        };
        let segment = |name: &str, address: u64, place: u64, size: u64| {
            let mut body = Bytes::default();
            body.padded(name, 16).u64(address).u64(size).u64(place).u64(size).u32(5).u32(5).u32(0).u32(0);
            body.0
        };
        let library = |name: &str| {
            let mut body = Bytes::default();
            body.u32(24).u32(0).u32(0).u32(0).raw(name.as_bytes()).raw(&[0]);
            body.0
        };
        let numbers = |numbers: &[u32]| {
            let mut body = Bytes::default();
            numbers.iter().for_each(|number| _ = body.u32(*number));
            body.0
        };
        command(0x19, &segment("__TEXT", self.address, 0, LINKEDIT as u64));
        command(0x19, &segment("__LINKEDIT", self.address + LINKEDIT as u64, LINKEDIT as u64, linkedit_size));
        command(0xd, &library(self.install_name));
        command(0xc, &library(self.library));
        let least = self.least.0 << 16 | self.least.1 << 8;
        command(0x32, &numbers(&[1, least, least, 0]));
        command(2, &numbers(&[LINKEDIT as u32, names.len() as u32, strings_at as u32, strings.len() as u32]));
        if self.signed {
            command(0x1d, &numbers(&[signature_at as u32, signature_size as u32]));
        }

        let mut file = Bytes::default();
        let length = commands.concat().len() as u32;
        // A library that names the library of each symbol.
        file.u32(0xfeed_facf).u32(self.cpu).u32(0).u32(6).u32(commands.len() as u32).u32(length).u32(0x85).u32(0);
        file.raw(&commands.concat()).until(LINKEDIT).raw(&symbols.0).raw(&strings).until(signature_at);
        if self.signed {
            let signature = signature(&file.0);
            assert_eq!(signature.len(), signature_size);
            file.raw(&signature);
        }
        file.0
    }
}

/// An envelope with one directory: SHA-256 of each page, and the flag that no identity stands behind it.
fn signature(code: &[u8]) -> Vec<u8> {
    let pages: Vec<u8> = code.chunks(PAGE).flat_map(|page| Sha256::digest(page).to_vec()).collect();
    let count = (pages.len() / 32) as u32;
    let length = 64 + pages.len() as u32;
    let mut bytes = Bytes::default();
    bytes.u32_big(0xfade_0cc0).u32_big(20 + length).u32_big(1).u32_big(0).u32_big(20);
    bytes.u32_big(0xfade_0c02).u32_big(length).u32_big(0x20001).u32_big(2).u32_big(64).u32_big(44).u32_big(0);
    bytes.u32_big(count).u32_big(code.len() as u32).raw(&[32, 2, 0, 12]).u32_big(0);
    bytes.padded("openmemory", 20).raw(&pages);
    bytes.0
}
