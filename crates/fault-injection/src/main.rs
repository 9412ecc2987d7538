//! Does a store keep its guarantees? Each command tries one of them, and prints the counts that
//! docs/reference/durability.md lists.
//!
//! | file | question |
//! |---|---|
//! | `crash` | is all acknowledged data present after a kill? |
//! | `powercut`, `disk`, `journal` | … after a power cut, whatever was not synced? |
//! | `learning`, `lesson` | … and what a server has learnt, or has answered and will learn? |
//! | `faults` | … after any system call has failed? |
//! | `faulty`, `served`, `service`, `life` | how does an engine, or a server, handle the failure? |
//! | `damage` | does a damaged store ever return wrong data? |
//! | `threads` | what does a hung process do? |
//! | `preload` | where is the library that records calls or makes them fail? |
//! | `child`, `session`, `writer` | what does the killed process do, and what must the store contain? |
#![allow(clippy::print_stdout, reason = "a command that prints its counts")]

mod child;
mod crash;
mod damage;
#[cfg(target_os = "linux")]
mod disk;
#[cfg(target_os = "linux")]
mod faults;
#[cfg(target_os = "linux")]
mod faulty;
#[cfg(target_os = "linux")]
mod journal;
#[cfg(target_os = "linux")]
mod learning;
#[cfg(target_os = "linux")]
mod lesson;
#[cfg(target_os = "linux")]
mod life;
#[cfg(target_os = "linux")]
mod powercut;
#[cfg(target_os = "linux")]
mod preload;
mod rng;
#[cfg(target_os = "linux")]
mod served;
#[cfg(target_os = "linux")]
mod service;
mod session;
#[cfg(target_os = "linux")]
mod threads;
mod writer;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, options) =
        arguments.split_first().map_or(("", &[][..]), |(command, options)| (command.as_str(), options));
    let number = |name: &str, otherwise: usize| {
        let value = options.iter().position(|argument| argument == name).and_then(|at| options.get(at + 1));
        value.map_or(Some(otherwise), |value| value.parse().ok())
    };
    let seed = number("--seed", std::process::id() as usize).unwrap_or(1) as u64;
    match (command, number("--rounds", 1000), number("--images", 500), number("--stores", 500)) {
        ("child", ..) => child::run(options),
        #[cfg(target_os = "linux")]
        ("faulty", ..) => faulty::run(options),
        #[cfg(target_os = "linux")]
        ("served", ..) => served::run(options),
        #[cfg(target_os = "linux")]
        ("learning", ..) => learning::run(options),
        #[cfg(target_os = "linux")]
        ("faults", ..) => {
            let every = number("--every", 1).unwrap_or(1).max(1) as u64;
            let has = |flag: &str| options.iter().any(|argument| argument == flag);
            let story = if has("--server") { "served" } else { "faulty" };
            let outcome = faults::run(story, every, seed, has("--keep"));
            let faults::Outcome { failed_calls, call_sites, acknowledged, refused, missed, failures } = outcome;
            println!(
                "{failed_calls} failed calls in {} places (seed {seed}, 1 in {every}), {acknowledged} changes acknowledged, \
                 {refused} refused, {missed} numbers without a call",
                call_sites.len()
            );
            for (call_site, count) in call_sites.iter().filter(|_| has("--places")) {
                println!("  {count:6} {call_site}");
            }
            finish("lost, torn or not opened", &failures)
        }
        #[cfg(target_os = "linux")]
        ("handles", ..) => {
            let outcome = faults::run_with_checked_handles("faulty", seed);
            let faults::Outcome { failed_calls, call_sites, acknowledged, failures, .. } = outcome;
            println!("{acknowledged} changes acknowledged (seed {seed})");
            println!("{failed_calls} syncs through a handle that may not write");
            call_sites.keys().for_each(|call_site| println!("  {call_site}"));
            finish("lost, torn or not opened", &failures)
        }
        ("look", ..) => damage::open_and_report(options),
        ("damage", .., Some(stores)) => {
            let outcome = damage::run(stores, seed, options.iter().any(|argument| argument == "--keep"));
            let damage::Outcome { stores, unharmed, repaired, refused, failures } = outcome;
            println!(
                "{stores} damaged stores (seed {seed}): {repaired} recovered, {refused} refused, {unharmed} unharmed"
            );
            finish("with a panic, a hang or a silent loss", &failures)
        }
        ("crash", Some(rounds), ..) => {
            let outcome = crash::run(rounds, seed);
            let crash::Outcome { rounds, acknowledged, rebuilt, .. } = &outcome;
            println!(
                "{rounds} kills, {acknowledged} changes acknowledged (seed {seed}), sled rebuilt after {}",
                rebuilt.len()
            );
            rebuilt.iter().for_each(|why| println!("  {why}"));
            finish("lost or torn", &outcome.failures)
        }
        #[cfg(target_os = "linux")]
        ("powercut", _, Some(images), _) => {
            let has = |flag: &str| options.iter().any(|argument| argument == flag);
            let story = if has("--learning") { learning::LEARNING } else { powercut::WRITING };
            let outcome = powercut::run(&story, images, seed, has("--keep"));
            let powercut::Outcome { images, repaired, writes, syncs, failures } = outcome;
            println!(
                "{images} images of {writes} writes and {syncs} syncs (seed {seed}), {repaired} of them with sled rebuilt"
            );
            finish("lost, torn or not opened", &failures)
        }
        _ => {
            eprintln!(
                "usage: trials crash --rounds N | powercut --images N [--learning] | damage --stores N | faults --every N [--server] [--seed N] | handles"
            );
            ExitCode::from(2)
        }
    }
}

fn finish(what: &str, failures: &[String]) -> ExitCode {
    println!("{} {what}", failures.len());
    for failure in failures {
        println!("  {failure}");
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
