//! Does a binary reveal the machine that built it? Such paths also prevent reproducible builds.

use aho_corasick::{AhoCorasick, BuildError};

/// Home directories, and cargo's sources, on any machine. A text that ends with a full stop may be followed by `cargo/`,
/// which stands for the latter.
const ANY_MACHINE: [&str; 6] =
    ["/home/", "/root/", "/Users/", ":\\Users\\", "/.cargo/registry/", "\\.cargo\\registry\\"];
/// Texts follow each other without an end in Rust's binaries.
const MAX_SHOWN_BYTES: usize = 80;

/// The paths in `data` below `own`, the directories of the building machine, or of a kind that every machine has.
/// Each is cut after 80 bytes.
pub fn paths_in(data: &[u8], own: &[String]) -> Result<Vec<String>, BuildError> {
    let below = own.iter().flat_map(|path| [format!("{path}/"), format!("{path}\\")]);
    let needles: Vec<String> = ANY_MACHINE.map(str::to_owned).into_iter().chain(below).collect();
    let found = AhoCorasick::new(&needles)?;
    let (mut paths, mut end) = (Vec::new(), 0);
    for start in found.find_iter(data).map(|at| at.start()) {
        // A path below one directory often goes through another.
        if start >= end {
            let path = path_at(&data[start..]);
            end = start + path.len();
            paths.push(path);
        }
    }
    paths.sort_unstable();
    paths.dedup();
    Ok(paths)
}

fn path_at(bytes: &[u8]) -> String {
    let belongs = |byte: &&u8| byte.is_ascii_graphic() && !b"\"'`<>|".contains(byte);
    bytes.iter().take(MAX_SHOWN_BYTES).take_while(belongs).map(|byte| char::from(*byte)).collect()
}
