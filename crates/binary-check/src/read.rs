//! Which of the three formats is a file?

use object::read::elf::ElfFile64;
use object::read::macho::MachOFile64;
use object::read::pe::PeFile64;
use object::{Architecture, FileKind, Object};

use crate::facts::{Binary, Unreadable};
use crate::platform::Processor;
use crate::{elf, macho, pe};

pub fn read(data: &[u8]) -> Result<Binary, Unreadable> {
    match FileKind::parse(data).map_err(|_| Unreadable::Format)? {
        FileKind::Elf64 => {
            let file = ElfFile64::parse(data)?;
            elf::read(&file, processor(&file)?)
        }
        FileKind::Pe64 => {
            let file = PeFile64::parse(data)?;
            pe::read(&file, processor(&file)?)
        }
        FileKind::MachO64 => {
            let file = MachOFile64::parse(data)?;
            macho::read(&file, processor(&file)?)
        }
        _ => Err(Unreadable::Format),
    }
}

fn processor<'data>(file: &impl Object<'data>) -> Result<Processor, Unreadable> {
    match file.architecture() {
        Architecture::X86_64 => Ok(Processor::X64),
        Architecture::Aarch64 => Ok(Processor::Arm64),
        _ => Err(Unreadable::Processor),
    }
}
