use binary_check::{Signature, read};

use crate::findings::{developed, published};
use crate::macho::{MachO, PAGE, X64};

const ARM64_FILE: &str = "openmemory.darwin-arm64.node";
const X64_FILE: &str = "openmemory.darwin-x64.node";

#[test]
fn a_signed_library_is_published() {
    let data = MachO::default().build();
    assert_eq!(published(&data, ARM64_FILE), [""; 0]);
    let binary = read(&data).unwrap();
    assert_eq!(binary.signature, Signature::AdHoc { pages: 5 });
    assert_eq!(binary.install_name.as_deref(), Some("@rpath/openmemory.node"));
}

#[test]
fn a_changed_page_breaks_the_signature() {
    let mut data = MachO::default().build();
    data[2 * PAGE + 7] ^= 1;
    assert_eq!(
        developed(&data, ARM64_FILE),
        ["has a broken signature: 1 of 5 pages are not the signed ones, the first is page 2"]
    );
}

#[test]
fn only_x64_may_be_unsigned() {
    let unsigned = MachO { signed: false, ..MachO::default() };
    assert_eq!(published(&unsigned.build(), ARM64_FILE), ["is not signed, and macOS loads no such library on arm64"]);
    assert_eq!(published(&MachO { cpu: X64, ..unsigned }.build(), X64_FILE), [""; 0]);
}

#[test]
fn a_signature_of_something_else_is_broken() {
    // The directory says how many bytes are signed 32 bytes after its start.
    let data = MachO::default().build();
    let directory = data.windows(4).rposition(|bytes| bytes == [0xfa, 0xde, 0x0c, 0x02]).unwrap();
    let mut shorter = data.clone();
    shorter[directory + 35] -= 1;
    let found = published(&shorter, ARM64_FILE);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("bytes are signed, but the signature starts at"), "{found:?}");
    let mut fewer = data.clone();
    fewer[directory + 31] -= 1;
    assert_eq!(published(&fewer, ARM64_FILE), ["has a broken signature: 4 page hashes for 5 pages"]);
    let mut sha1 = data;
    sha1[directory + 37] = 1;
    assert_eq!(published(&sha1, ARM64_FILE), ["has a broken signature: no directory of SHA-256 hashes"]);
}

#[test]
fn the_path_of_the_build_is_no_install_name() {
    let data = MachO { install_name: "/Users/ada/target/libopenmemory.dylib", ..MachO::default() }.build();
    assert_eq!(
        published(&data, ARM64_FILE),
        ["has the install name /Users/ada/target/libopenmemory.dylib, a path of the building machine"]
    );
    assert_eq!(developed(&data, ARM64_FILE), [""; 0]);
}

#[test]
fn a_newer_macos_and_a_library_of_homebrew_are_refused() {
    let data = MachO { least: (13, 5), library: "/opt/homebrew/lib/libssl.3.dylib", ..MachO::default() }.build();
    assert_eq!(
        published(&data, ARM64_FILE),
        ["needs /opt/homebrew/lib/libssl.3.dylib, which not every system has", "needs macOS 13.5, newer than 11.0"]
    );
}

#[test]
fn what_is_looked_for_in_the_whole_process_is_nodes() {
    let data = MachO { flat: vec!["_napi_create_error", "_forgotten"], ..MachO::default() }.build();
    assert_eq!(published(&data, ARM64_FILE), ["needs forgotten, which none of its libraries has"]);
}

#[test]
fn twenty_exports_are_accepted_and_more_are_not() {
    let named = |count| {
        let others = (1..count).map(|at| format!("_rust_{at:02}"));
        MachO { exports: others.chain(["_napi_register_module_v1".to_owned()]).collect(), ..MachO::default() }.build()
    };
    assert_eq!(published(&named(20), ARM64_FILE), [""; 0]);
    let found = published(&named(21), ARM64_FILE);
    assert_eq!((found.len(), found[0].as_str(), found[10].as_str()), (11, "exports rust_01", "exports 10 more"));
}

#[test]
fn segments_begin_with_pages_of_16_kib() {
    let data = MachO { address: 0x1000, ..MachO::default() }.build();
    assert_eq!(published(&data, ARM64_FILE), ["cannot be mapped in pages of 16 KiB, only of 4096 bytes"]);
    let data = MachO { address: 0x1000, cpu: X64, ..MachO::default() }.build();
    assert_eq!(published(&data, X64_FILE), [""; 0]);
}
