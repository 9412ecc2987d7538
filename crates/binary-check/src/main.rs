//! `binary-check [--development] [--path DIR]… FILE…` prints a line per file and a line per problem. `--path` names
//! the directories of the building machine. The exit code is 1 if there is a problem, and 2 for wrong arguments.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command that prints its findings")]

use std::path::Path;
use std::process::ExitCode;

use binary_check::{Binary, Platform, Purpose, System, paths_in, problems, read};

fn main() -> ExitCode {
    let (mut purpose, mut own_paths, mut files) = (Purpose::Publishing, Vec::new(), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--development" => purpose = Purpose::Development,
            "--path" => own_paths.extend(arguments.next()),
            _ => files.push(argument),
        }
    }
    if files.is_empty() {
        println!("usage: binary-check [--development] [--path DIR]… FILE…");
        return ExitCode::from(2);
    }
    let failed = files.iter().filter(|file| !check(file, purpose, &own_paths)).count();
    ExitCode::from(u8::from(failed > 0))
}

fn check(file: &str, purpose: Purpose, own_paths: &[String]) -> bool {
    let name = Path::new(file).file_name().map_or(file.into(), |name| name.to_string_lossy());
    let found = std::fs::read(file).map_err(|error| error.to_string()).and_then(|data| {
        let binary = read(&data).map_err(|error| error.to_string())?;
        let mut found = problems(&binary, Platform::of_file_name(&name), purpose);
        if purpose == Purpose::Publishing {
            let paths = paths_in(&data, own_paths).map_err(|error| error.to_string())?;
            found.extend(paths.iter().map(|path| format!("contains the path {path}")));
        }
        println!("{name}: {}", summary(&binary, data.len()));
        Ok(found)
    });
    let found = found.unwrap_or_else(|error| {
        println!("{name}:");
        vec![error]
    });
    for problem in &found {
        println!("  {problem}");
    }
    found.is_empty()
}

fn summary(binary: &Binary, bytes: usize) -> String {
    let system = match (binary.platform.system, binary.least_system) {
        (System::Glibc, Some(version)) => format!("glibc {version}"),
        (System::MacOs, Some(version)) => format!("macOS {version}, {}", binary.signature),
        (System::Windows, Some(version)) => format!("Windows {version}"),
        _ => "any version".to_owned(),
    };
    let name = binary.install_name.as_ref().map_or(String::new(), |name| format!(", install name {name}"));
    format!(
        "{}, {:.1} MB, {system}, exports {}, pages of {} KiB, needs {}{name}",
        binary.platform,
        bytes as f64 / 1e6,
        binary.exports.len(),
        binary.page_size / 1024,
        binary.libraries.join(" "),
    )
}
