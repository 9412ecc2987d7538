//! Which lists of stop words are in the binary? Those of the languages that the index knows, a line each.
//!
//! The crate with the lists has them of all languages, as addresses of single words: a megabyte of the addon.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// Those with a stemmer, and those whose words a dictionary finds.
const LANGUAGES: [&str; 22] = [
    "ar", "da", "de", "el", "en", "es", "fi", "fr", "hu", "it", "ja", "ko", "nl", "no", "pt", "ro", "ru", "sv", "ta",
    "th", "tr", "zh",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let mut lines = String::new();
    for language in LANGUAGES {
        let words = stop_words::lookup(language).ok_or_else(|| format!("there are no stop words of {language}"))?;
        lines.push_str(&format!("{language}\t{}\n", words.join("\t")));
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("stop-words.txt"), lines)?;
    Ok(())
}
