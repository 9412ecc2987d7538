use crate::findings::published;
use crate::pe::Pe;

const FILE: &str = "openmemory.win32-x64-msvc.node";

#[test]
fn a_dll_that_needs_windows_only_is_published() {
    let data = Pe::default().build();
    assert_eq!(published(&data, FILE), [""; 0]);
    assert_eq!(binary_check::read(&data).unwrap().exports, ["napi_register_module_v1"]);
}

#[test]
fn the_runtime_of_visual_c_and_node_by_name_are_refused() {
    let data = Pe { libraries: vec!["VCRUNTIME140.dll", "node.exe"], ..Pe::default() }.build();
    assert_eq!(
        published(&data, FILE),
        ["needs VCRUNTIME140.dll, which not every system has", "needs node.exe, which not every system has"]
    );
}

#[test]
fn another_export_a_newer_windows_and_small_pages_are_refused() {
    let exports = vec!["memmove", "napi_register_module_v1"];
    let data = Pe { exports, system: (11, 0), align: 0x200, ..Pe::default() }.build();
    assert_eq!(
        published(&data, FILE),
        [
            "exports memmove",
            "cannot be mapped in pages of 4 KiB, only of 512 bytes",
            "needs Windows 11.0, newer than 10.0",
        ]
    );
}
