//! Do short trials pass? The long ones are `npm run test:crash`, `test:powercut`, `test:damage` and `test:faults`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Command;

/// Runs a trial and returns its output.
fn trial(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_trials")).args(arguments).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}");
    printed
}

#[test]
fn a_killed_process_loses_nothing_that_was_acknowledged() {
    let printed = trial(&["crash", "--rounds", "15"]);
    assert!(printed.starts_with("15 kills, ") && printed.contains("\n0 lost or torn"), "{printed}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let printed = trial(&["powercut", "--images", "16"]);
    assert!(printed.starts_with("16 images of ") && printed.contains("\n0 lost, torn or not opened"), "{printed}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_power_cut_leaves_what_was_learnt_whole_and_loses_nothing_that_was_answered() {
    let printed = trial(&["powercut", "--learning", "--images", "12"]);
    assert!(printed.starts_with("12 images of ") && printed.contains("\n0 lost, torn or not opened"), "{printed}");
}

#[test]
fn a_damaged_store_is_recovered_or_rejected() {
    let printed = trial(&["damage", "--stores", "40"]);
    assert!(printed.starts_with("40 damaged stores ") && printed.contains("\n0 with a panic"), "{printed}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_failing_system_call_loses_nothing() {
    for more in [vec![], vec!["--server"]] {
        let printed = trial(&[vec!["faults", "--every", "300", "--seed", "104"], more].concat());
        assert!(printed.contains(" failed calls in ") && printed.contains("\n0 lost, torn or not opened"), "{printed}");
    }
}

/// Windows refuses to sync a file through a handle that may not write, so that closing a store failed there.
#[test]
#[cfg(target_os = "linux")]
fn every_sync_of_a_file_goes_through_a_handle_that_may_write() {
    let printed = trial(&["handles", "--seed", "7"]);
    assert!(printed.contains("\n0 syncs through a handle that may not write\n"), "{printed}");
    assert!(!printed.starts_with("0 changes acknowledged"), "{printed}");
}
