//! How is the addon linked? It exports one function, and looks up Node's functions when it is loaded (`dyn-symbols`).

fn main() {
    let set = |name: &str| std::env::var(name).unwrap_or_default();
    let link = |argument: &str| println!("cargo:rustc-cdylib-link-arg={argument}");
    match (set("CARGO_CFG_TARGET_OS").as_str(), set("CARGO_CFG_TARGET_ENV").as_str()) {
        // The default is the path of the file on the build machine.
        ("macos", _) => ["-install_name", "@rpath/openmemory.node"].into_iter().for_each(link),
        // zig does not apply rustc's list of exports, and lld would export more functions than a DLL can have.
        // napi-build would require a libnode.dll.
        ("windows", "gnu") => link(&format!("{}/scripts/cross/windows/exports.def", set("CARGO_MANIFEST_DIR"))),
        _ => napi_build::setup(),
    }
}
