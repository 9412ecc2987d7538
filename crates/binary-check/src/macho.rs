//! What does a library of macOS export and need?

use object::macho;
use object::read::macho::{LoadCommandVariant, MachHeader, MachOFile64, Segment};
use object::{Import, ImportFlags, Object, ObjectSegment};

use crate::facts::{Binary, Unreadable, Version};
use crate::names;
use crate::platform::{Platform, Processor, System};
use crate::signature;

pub fn read(file: &MachOFile64<'_>, processor: Processor) -> Result<Binary, Unreadable> {
    let (endian, data) = (file.endian(), file.data());
    if !matches!(file.macho_header().filetype(endian), macho::MH_DYLIB | macho::MH_BUNDLE) {
        return Err(Unreadable::NotALibrary);
    }
    let (mut least_system, mut install_name, mut signature) = (None, None, None);
    let mut page_size = u64::MAX;
    let mut commands = file.macho_load_commands()?;
    while let Some(command) = commands.next()? {
        match command.variant()? {
            LoadCommandVariant::BuildVersion(build, _) if build.platform.get(endian) == macho::PLATFORM_MACOS => {
                least_system = Some(version(build.minos.get(endian)));
            }
            LoadCommandVariant::VersionMin(least) if command.cmd() == macho::LC_VERSION_MIN_MACOSX => {
                least_system = Some(version(least.version.get(endian)));
            }
            LoadCommandVariant::IdDylib(id) => {
                let name = command.string(endian, id.dylib.name)?;
                install_name = Some(String::from_utf8_lossy(name).into_owned());
            }
            LoadCommandVariant::LinkeditData(place) if command.cmd() == macho::LC_CODE_SIGNATURE => {
                signature = Some(place);
            }
            LoadCommandVariant::Segment64(segment, _) if segment.filesize(endian) > 0 => {
                let places = segment.vmaddr(endian) | segment.fileoff(endian);
                page_size = page_size.min(1_u64.checked_shl(places.trailing_zeros()).unwrap_or(u64::MAX));
            }
            _ => {}
        }
    }
    for segment in file.segments() {
        // Fails if the file ends before the segment does.
        segment.data()?;
    }
    Ok(Binary {
        platform: Platform { system: System::MacOs, processor },
        exports: names::without_underscore(names::exports(file)?),
        libraries: names::libraries(file)?,
        unbound: names::without_underscore(names::imports(file, is_unbound)?),
        least_system,
        odd_versions: Vec::new(),
        page_size,
        names_own_functions: false,
        install_name,
        signature: signature::verify(signature, endian, data),
    })
}

fn version(version: macho::Version) -> Version {
    Version(version.major(), version.minor().into())
}

/// Looked for in everything that the process has loaded. A weak definition of C++ is, too, and is there itself.
fn is_unbound(import: &Import<'_>) -> bool {
    let weak_definition =
        matches!(import.flags(), ImportFlags::MachOBind { dylib: macho::BIND_SPECIAL_DYLIB_WEAK_LOOKUP, .. });
    import.library().is_empty() && !import.is_weak() && !weak_definition
}
