//! What does a DLL of Windows export and need?

use object::pe;
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader, PeFile64};
use object::{LittleEndian as LE, Object, ObjectSegment};

use crate::facts::{Binary, Signature, Unreadable, Version};
use crate::names;
use crate::platform::{Platform, Processor, System};

pub fn read(file: &PeFile64<'_>, processor: Processor) -> Result<Binary, Unreadable> {
    let headers = file.nt_headers();
    if !headers.file_header().characteristics.get(LE).contains(pe::IMAGE_FILE_DLL) {
        return Err(Unreadable::NotALibrary);
    }
    for section in file.segments() {
        // Fails if the file ends before the section does.
        section.data()?;
    }
    let optional = headers.optional_header();
    let system = Version(optional.major_operating_system_version(), optional.minor_operating_system_version());
    let subsystem = Version(optional.major_subsystem_version(), optional.minor_subsystem_version());
    Ok(Binary {
        platform: Platform { system: System::Windows, processor },
        exports: names::exports(file)?,
        // Includes those that are loaded with the first call.
        libraries: names::libraries(file)?,
        // Each import names its library.
        unbound: Vec::new(),
        least_system: Some(system.max(subsystem)),
        odd_versions: Vec::new(),
        page_size: optional.section_alignment().into(),
        names_own_functions: false,
        install_name: None,
        signature: Signature::Absent,
    })
}
