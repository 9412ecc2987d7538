//! What prevents a binary from being published, or a development build from being used?

use crate::facts::{Binary, Signature, Version};
use crate::platform::{Platform, Processor, System};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Publishing,
    /// For the machine that built it: any system and any path will do, and so will the compiler's own libraries.
    Development,
}

/// The only function that Node looks for. On Linux others could clash with those of another addon.
const ENTRY: &str = "napi_register_module_v1";
/// A linker without a list of exports leaves a few of Rust's; on macOS a name belongs to its library.
const MAX_EXPORTS_ON_MACOS: usize = 20;
const MAX_LISTED: usize = 10;

const OLDEST_GLIBC: Version = Version(2, 17);
/// The first one on arm64, and the oldest one for Node 22.
const OLDEST_MACOS: Version = Version(11, 0);
const OLDEST_WINDOWS: Version = Version(10, 0);

/// Libraries that every system has. libgcc_s is an optional package on small ones.
const GLIBC: [&str; 7] = [
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "librt.so.1",
    "libpthread.so.0",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];
/// Node's packages for musl need libgcc_s too.
const MUSL: [&str; 4] = ["libc.so", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libgcc_s.so.1"];
/// Windows has them since version 10, unlike the runtime of Visual C++ (`vcruntime140.dll`).
const WINDOWS: [&str; 15] = [
    "advapi32.dll",
    "bcrypt.dll",
    "bcryptprimitives.dll",
    "crypt32.dll",
    "dbghelp.dll",
    "kernel32.dll",
    "msvcrt.dll",
    "ntdll.dll",
    "ole32.dll",
    "psapi.dll",
    "secur32.dll",
    "shell32.dll",
    "ucrtbase.dll",
    "userenv.dll",
    "ws2_32.dll",
];
/// What a compiler brings where it is installed.
const OF_COMPILERS: [&str; 2] = ["libgcc_s.so.1", "vcruntime140.dll"];

/// `named` is the platform in the file's name.
pub fn problems(binary: &Binary, named: Option<Platform>, purpose: Purpose) -> Vec<String> {
    let mut problems = Vec::new();
    if let Some(named) = named.filter(|named| *named != binary.platform) {
        problems.push(format!("is named {named}, but is for {}", binary.platform));
    }
    exports(binary, &mut problems);
    let strange = |name: &&String| !is_part_of(binary.platform.system, name);
    let allowed = |name: &&String| purpose == Purpose::Publishing || !OF_COMPILERS.contains(&lower(name).as_str());
    for name in binary.libraries.iter().filter(strange).filter(allowed) {
        problems.push(format!("needs {name}, which not every system has"));
    }
    let unbound: Vec<_> = binary.unbound.iter().filter(|name| !is_of_node(name)).collect();
    list("needs", &unbound, ", which none of its libraries has", &mut problems);
    alignment(binary, &mut problems);
    signature(binary, &mut problems);
    if purpose == Purpose::Publishing {
        if binary.names_own_functions {
            problems.push("names its own functions in a symbol table, which is to be stripped".to_owned());
        }
        least_system(binary, &mut problems);
        install_name(binary, &mut problems);
    }
    problems
}

fn exports(binary: &Binary, problems: &mut Vec<String>) {
    if !binary.exports.iter().any(|name| name == ENTRY) {
        problems.push(format!("does not export {ENTRY}"));
    }
    if binary.platform.system == System::MacOs && binary.exports.len() <= MAX_EXPORTS_ON_MACOS {
        return;
    }
    let others: Vec<_> = binary.exports.iter().filter(|name| *name != ENTRY).collect();
    list("exports", &others, "", problems);
}

fn list(verb: &str, names: &[&String], why: &str, problems: &mut Vec<String>) {
    problems.extend(names.iter().take(MAX_LISTED).map(|name| format!("{verb} {name}{why}")));
    if names.len() > MAX_LISTED {
        problems.push(format!("{verb} {} more{why}", names.len() - MAX_LISTED));
    }
}

fn is_part_of(system: System, library: &str) -> bool {
    match system {
        System::Glibc => GLIBC.contains(&library),
        System::Musl => MUSL.contains(&library),
        System::MacOs => ["/usr/lib/", "/System/Library/Frameworks/"].iter().any(|folder| library.starts_with(folder)),
        System::Windows => {
            let library = lower(library);
            library.starts_with("api-ms-win-") || WINDOWS.contains(&library.as_str())
        }
    }
}

/// Windows does not tell `KERNEL32.dll` from `kernel32.dll`.
fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Where Node's functions are not looked up by the addon itself, the loader finds them in the process.
fn is_of_node(name: &str) -> bool {
    name.starts_with("napi_") || name.starts_with("node_api_")
}

fn alignment(binary: &Binary, problems: &mut Vec<String>) {
    // Linux can have pages of 64 KiB on arm64, and macOS has 16 there.
    let needed: u64 = match (binary.platform.system, binary.platform.processor) {
        (System::Glibc | System::Musl, Processor::Arm64) => 64 * 1024,
        (System::MacOs, Processor::Arm64) => 16 * 1024,
        _ => 4 * 1024,
    };
    if binary.page_size < needed {
        problems.push(format!(
            "cannot be mapped in pages of {} KiB, only of {} bytes",
            needed / 1024,
            binary.page_size
        ));
    }
}

fn signature(binary: &Binary, problems: &mut Vec<String>) {
    let needed = binary.platform.system == System::MacOs && binary.platform.processor == Processor::Arm64;
    match &binary.signature {
        Signature::Absent if needed => {
            problems.push("is not signed, and macOS loads no such library on arm64".to_owned())
        }
        Signature::Broken(reason) => problems.push(format!("has a broken signature: {reason}")),
        _ => {}
    }
}

fn least_system(binary: &Binary, problems: &mut Vec<String>) {
    for name in &binary.odd_versions {
        problems.push(format!("needs {name}"));
    }
    let (name, oldest) = match binary.platform.system {
        System::Glibc => ("glibc", OLDEST_GLIBC),
        System::Musl => {
            if let Some(version) = binary.least_system {
                problems.push(format!("needs glibc {version}, and musl is another C library"));
            }
            return;
        }
        System::MacOs => ("macOS", OLDEST_MACOS),
        System::Windows => ("Windows", OLDEST_WINDOWS),
    };
    match binary.least_system {
        Some(version) if version > oldest => problems.push(format!("needs {name} {version}, newer than {oldest}")),
        None if binary.platform.system == System::MacOs => problems.push("names no least version of macOS".to_owned()),
        _ => {}
    }
}

/// By default a linker writes where the library was built.
fn install_name(binary: &Binary, problems: &mut Vec<String>) {
    if let Some(name) = binary.install_name.as_ref().filter(|name| name.starts_with('/')) {
        problems.push(format!("has the install name {name}, a path of the building machine"));
    }
}
