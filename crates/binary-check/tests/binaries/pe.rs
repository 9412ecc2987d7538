//! The smallest DLL: one section with a table of exports and one of imports.

use crate::bytes::Bytes;

pub struct Pe<'a> {
    pub exports: Vec<&'a str>,
    pub libraries: Vec<&'a str>,
    pub system: (u16, u16),
    pub align: u32,
}

impl Default for Pe<'_> {
    fn default() -> Self {
        Self {
            exports: vec!["napi_register_module_v1"],
            libraries: vec!["KERNEL32.dll", "api-ms-win-core-synch-l1-2-0.dll"],
            system: (6, 0),
            align: 0x1000,
        }
    }
}

const ADDRESS: u32 = 0x1000;
const PLACE: usize = 0x200;

impl Pe<'_> {
    pub fn build(&self) -> Vec<u8> {
        let count = self.exports.len() as u32;
        let functions = ADDRESS + 40;
        let (pointers, ordinals) = (functions + 4 * count, functions + 8 * count);
        let imports = (ordinals + 2 * count).next_multiple_of(4);
        let imports_size = 20 * (self.libraries.len() as u32 + 1);
        let empty_thunks = imports + imports_size;
        let mut texts = Bytes::default();
        let mut text = |text: &str| {
            let address = empty_thunks + 8 + texts.0.len() as u32;
            texts.raw(text.as_bytes()).raw(&[0]);
            address
        };
        let exported: Vec<u32> = self.exports.iter().map(|name| text(name)).collect();
        let libraries: Vec<u32> = self.libraries.iter().map(|name| text(name)).collect();

        let mut data = Bytes::default();
        data.u32(0).u32(0).u32(0).u32(0).u32(1).u32(count).u32(count).u32(functions).u32(pointers).u32(ordinals);
        exported.iter().for_each(|_| _ = data.u32(0x2000));
        exported.iter().for_each(|address| _ = data.u32(*address));
        (0..count).for_each(|at| _ = data.u16(at as u16));
        data.until((imports - ADDRESS) as usize);
        for address in libraries {
            data.u32(empty_thunks).u32(0).u32(0).u32(address).u32(empty_thunks);
        }
        data.raw(&[0; 20]).u64(0).raw(&texts.0);
        let size = data.0.len() as u32;

        let mut file = Bytes::default();
        file.raw(b"MZ").until(60).u32(64).raw(b"PE\0\0");
        // x64, one section, a header of 240 bytes, a DLL.
        file.u16(0x8664).u16(1).u32(0).u32(0).u32(0).u16(240).u16(0x2022);
        file.u16(0x20b).u16(0).u32(0).u32(size).u32(0).u32(0).u32(0).u64(0x1_8000_0000).u32(self.align).u32(0x200);
        file.u16(self.system.0).u16(self.system.1).u32(0).u16(self.system.0).u16(self.system.1).u32(0);
        file.u32(0x3000).u32(PLACE as u32).u32(0).u16(2).u16(0x160).u64(0).u64(0).u64(0).u64(0).u32(0).u32(16);
        file.u32(ADDRESS).u32(size).u32(imports).u32(imports_size).raw(&[0; 14 * 8]);
        file.padded(".rdata", 8)
            .u32(size)
            .u32(ADDRESS)
            .u32(size)
            .u32(PLACE as u32)
            .u32(0)
            .u32(0)
            .u32(0)
            .u32(0x4000_0040);
        file.until(PLACE).raw(&data.0);
        file.0
    }
}
