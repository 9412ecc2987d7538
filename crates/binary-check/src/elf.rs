//! What does a shared object of Linux export and need?

use object::elf;
use object::read::elf::{ElfFile64, FileHeader};
use object::{Import, ImportFlags, Object, ObjectSegment};

use crate::facts::{Binary, Signature, Unreadable, Version};
use crate::names;
use crate::platform::{Platform, Processor, System};

pub fn read(file: &ElfFile64<'_>, processor: Processor) -> Result<Binary, Unreadable> {
    if file.elf_header().e_type(file.endian()) != elf::ET_DYN {
        return Err(Unreadable::NotALibrary);
    }
    let libraries = names::libraries(file)?;
    let musl = libraries.iter().any(|name| name == "libc.so" || name.starts_with("libc.musl-"));
    let system = if musl { System::Musl } else { System::Glibc };
    let (numbers, odd_versions) = versions(file)?;
    Ok(Binary {
        platform: Platform { system, processor },
        exports: names::exports(file)?,
        libraries,
        // musl has no versions, so nothing says in which library a symbol is expected.
        unbound: if musl { Vec::new() } else { names::imports(file, is_unbound)? },
        least_system: numbers.into_iter().max(),
        odd_versions,
        page_size: page_size(file)?,
        names_own_functions: file.symbol_table().is_some(),
        install_name: None,
        signature: Signature::Absent,
    })
}

/// The versions of glibc without which the loader refuses the file, and those that are no numbers.
fn versions(file: &ElfFile64<'_>) -> Result<(Vec<Version>, Vec<String>), Unreadable> {
    let (endian, data) = (file.endian(), file.data());
    let sections = file.elf_section_table();
    let (mut numbers, mut odd) = (Vec::new(), Vec::new());
    let Some((mut needed, link)) = sections.gnu_verneed(endian, data)? else { return Ok((numbers, odd)) };
    let strings = sections.strings(endian, data, link)?;
    while let Some((_, mut versions)) = needed.next()? {
        while let Some(version) = versions.next()? {
            let name = String::from_utf8_lossy(version.name(endian, strings)?).into_owned();
            let Some(number) = name.strip_prefix("GLIBC_") else { continue };
            match parse(number) {
                Some(version) => numbers.push(version),
                None => odd.push(name),
            }
        }
    }
    Ok((numbers, odd))
}

/// Without the third number, which glibc has not used since 2.3.4.
fn parse(number: &str) -> Option<Version> {
    let mut parts = number.split('.').map(|part| part.parse().ok());
    Some(Version(parts.next()??, parts.next()??))
}

/// Every function of glibc has a version; one without has to come from the process that loads the addon.
fn is_unbound(import: &Import<'_>) -> bool {
    !import.is_weak() && !matches!(import.flags(), ImportFlags::Elf { version: Some(_), .. })
}

/// A segment can be mapped if its address and its place in the file differ by whole pages.
fn page_size(file: &ElfFile64<'_>) -> Result<u64, Unreadable> {
    let mut smallest = u64::MAX;
    for segment in file.segments() {
        // Fails if the file ends before the segment does.
        segment.data()?;
        let distance = segment.address().wrapping_sub(segment.file_range().0);
        let fits = 1_u64.checked_shl(distance.trailing_zeros()).unwrap_or(u64::MAX);
        smallest = smallest.min(segment.align()).min(fits);
    }
    Ok(smallest)
}
