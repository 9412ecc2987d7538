use std::process::Command;

use binary_check::{Unreadable, paths_in, read};

use crate::elf::Elf;
use crate::macho::MachO;
use crate::pe::Pe;

#[test]
fn what_is_no_binary_is_told_from_a_damaged_one() {
    for data in [&b""[..], b"#!/bin/sh\n", &[0; 4096]] {
        assert!(matches!(read(data), Err(Unreadable::Format)), "{data:?}");
    }
    let mut damaged = Elf::default().build();
    damaged[4] = 7;
    assert!(read(&damaged).is_err());
}

#[test]
fn a_truncated_file_is_never_accepted() {
    for data in [Elf::default().build(), Pe::default().build(), MachO::default().build()] {
        assert!(read(&data).is_ok());
        for length in (0..data.len()).step_by(97).chain([data.len() - 1]) {
            assert!(read(&data[..length]).is_err(), "the first {length} of {} bytes", data.len());
        }
    }
}

#[test]
fn damage_anywhere_is_answered_and_never_a_panic() {
    for data in [Elf::default().build(), Pe::default().build(), MachO::default().build()] {
        // What is empty in the file is only hashed.
        for at in (0..data.len()).filter(|at| *at < 0x400 || data[*at] != 0) {
            for value in [0, 0x7f, 0xff] {
                let mut damaged = data.clone();
                damaged[at] = value;
                _ = read(&damaged);
            }
        }
    }
}

#[test]
fn a_program_is_no_library() {
    let mut elf = Elf::default().build();
    elf[16] = 2;
    let mut macho = MachO::default().build();
    macho[12] = 2;
    let mut dll = Pe::default().build();
    dll[64 + 4 + 19] &= !0x20;
    for data in [elf, macho, dll] {
        assert!(matches!(read(&data), Err(Unreadable::NotALibrary)));
    }
}

#[test]
fn paths_of_this_machine_and_of_any_other_are_found() {
    let own = ["/builds/openmemory".to_owned(), "D:\\work".to_owned()];
    let text = b"at /builds/openmemory/src/lib.rs\0/builds/openmemory2/x\0D:\\work\\a.rs\0/home/ada/.cargo/registry/src/x.rs\0\
        C:\\Users\\ada\\a.rs\0cargo/registry/src/tract/lib.rs\0ran twice.cargo/registry/src/b.rs\0/rustc/1234/library/core/src/num.rs";
    assert_eq!(
        paths_in(text, &own).unwrap(),
        [
            "/builds/openmemory/src/lib.rs",
            "/home/ada/.cargo/registry/src/x.rs",
            ":\\Users\\ada\\a.rs",
            "D:\\work\\a.rs"
        ]
    );
    assert_eq!(paths_in(b"/builds/openmemory", &own).unwrap(), [""; 0]);
}

#[test]
fn the_command_fails_for_a_path_inside_and_for_a_missing_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openmemory.linux-x64-gnu.node");
    std::fs::write(&file, Elf { text: "/builds/openmemory/src/lib.rs", ..Elf::default() }.build()).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_binary-check")).args(arguments).arg(&file).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, printed) = run(&["--path", "/builds/openmemory"]);
    assert_eq!((code, printed.contains("contains the path /builds/openmemory/src/lib.rs")), (Some(1), true));
    assert_eq!(run(&["--path", "/elsewhere"]).0, Some(0));
    assert_eq!(run(&["--development", "--path", "/builds/openmemory"]).0, Some(0));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(run(&[]).0, Some(1));
    let alone = Command::new(env!("CARGO_BIN_EXE_binary-check")).output().unwrap();
    assert_eq!(alone.status.code(), Some(2));
}
