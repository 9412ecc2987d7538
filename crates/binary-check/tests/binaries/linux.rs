use binary_check::Version;

use crate::elf::{ARM64, Elf};
use crate::findings::{developed, published};

const GNU: &str = "openmemory.linux-x64-gnu.node";

#[test]
fn a_library_for_old_systems_is_published() {
    let data = Elf::default().build();
    assert_eq!(published(&data, GNU), [""; 0]);
    let binary = binary_check::read(&data).unwrap();
    assert_eq!(binary.least_system, Some(Version(2, 17)));
    assert_eq!((binary.exports, binary.libraries), (vec!["napi_register_module_v1".into()], vec!["libc.so.6".into()]));
}

#[test]
fn a_newer_glibc_is_refused_unless_it_is_for_this_machine() {
    let data = Elf { version: "GLIBC_2.34", ..Elf::default() }.build();
    assert_eq!(published(&data, GNU), ["needs glibc 2.34, newer than 2.17"]);
    assert_eq!(developed(&data, GNU), [""; 0]);
    let data = Elf { version: "GLIBC_ABI_DT_RELR", ..Elf::default() }.build();
    assert_eq!(published(&data, GNU), ["needs GLIBC_ABI_DT_RELR"]);
}

#[test]
fn the_names_of_functions_are_for_this_machine() {
    let data = Elf { symbol_table: true, ..Elf::default() }.build();
    assert_eq!(published(&data, GNU), ["names its own functions in a symbol table, which is to be stripped"]);
    assert_eq!(developed(&data, GNU), [""; 0]);
}

#[test]
fn another_export_is_refused_and_so_is_none() {
    let data = Elf { exports: vec!["blake3_hash_many_neon", "napi_register_module_v1"], ..Elf::default() }.build();
    assert_eq!(developed(&data, GNU), ["exports blake3_hash_many_neon"]);
    let data = Elf { exports: Vec::new(), ..Elf::default() }.build();
    assert_eq!(developed(&data, GNU), ["does not export napi_register_module_v1"]);
}

#[test]
fn a_library_that_is_not_everywhere_is_refused() {
    let data = Elf { library: "libssl.so.3", ..Elf::default() }.build();
    assert_eq!(developed(&data, GNU), ["needs libssl.so.3, which not every system has"]);
    let data = Elf { library: "libgcc_s.so.1", ..Elf::default() }.build();
    assert_eq!(published(&data, GNU), ["needs libgcc_s.so.1, which not every system has"]);
    assert_eq!(developed(&data, GNU), [""; 0]);
}

#[test]
fn a_function_that_is_in_no_library_is_refused_unless_node_has_it() {
    let data = Elf { unversioned: vec!["forgotten", "napi_create_string_utf8"], ..Elf::default() }.build();
    assert_eq!(published(&data, GNU), ["needs forgotten, which none of its libraries has"]);
}

#[test]
fn arm64_may_have_pages_of_64_kib() {
    let file = "openmemory.linux-arm64-gnu.node";
    let data = Elf { machine: ARM64, align: 0x1000, ..Elf::default() }.build();
    assert_eq!(published(&data, file), ["cannot be mapped in pages of 64 KiB, only of 4096 bytes"]);
    let data = Elf { machine: ARM64, align: 0x10000, ..Elf::default() }.build();
    assert_eq!(published(&data, file), [""; 0]);
}

#[test]
fn a_file_is_for_the_platform_of_its_name() {
    let musl = Elf { library: "libc.so", version: "none", ..Elf::default() }.build();
    assert_eq!(published(&musl, "openmemory.linux-x64-musl.node"), [""; 0]);
    assert_eq!(published(&musl, GNU), ["is named linux-x64-gnu, but is for linux-x64-musl"]);
    let glibc = Elf { library: "libc.so", ..Elf::default() }.build();
    assert_eq!(
        published(&glibc, "openmemory.linux-x64-musl.node"),
        ["needs glibc 2.17, and musl is another C library"]
    );
}
