//! Which files does the studio consist of? Two pages, kept in memory, and their assets, of which only the hashes are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use thiserror::Error as ThisError;

#[derive(Debug, ThisError)]
#[error("ui: cannot read the studio's files; install the package again, or start without ui (--no-ui): {0}")]
pub struct FilesError(#[from] io::Error);

pub struct Files {
    /// Served at `/`.
    pub index: Page,
    /// Served at `/docs`.
    pub docs: Page,
    pub assets: Vec<Asset>,
}

pub struct Page {
    pub html: Bytes,
    pub etag: String,
}

pub struct Asset {
    pub name: String,
    pub path: PathBuf,
    /// Compressed with gzip.
    pub is_compressed: bool,
    pub content_type: &'static str,
    pub etag: String,
}

impl Files {
    /// Reads what `npm run build:studio` has written into the directory.
    pub fn read(directory: &Path) -> Result<Self, FilesError> {
        let mut assets = Vec::new();
        for entry in fs::read_dir(directory.join("assets"))? {
            let entry = entry?;
            let file_name = entry.file_name().to_string_lossy().into_owned();
            let plain = file_name.strip_suffix(".gz");
            let (name, is_compressed) = (plain.unwrap_or(&file_name).to_owned(), plain.is_some());
            if let Some(content_type) = content_type(&name) {
                let etag = etag(&fs::read(entry.path())?);
                assets.push(Asset { name, path: entry.path(), is_compressed, content_type, etag });
            }
        }
        Ok(Self { index: Page::read(directory, "index.html")?, docs: Page::read(directory, "docs.html")?, assets })
    }
}

impl Page {
    fn read(directory: &Path, name: &str) -> Result<Self, io::Error> {
        let html = fs::read(directory.join(name))?;
        Ok(Self { etag: etag(&html), html: html.into() })
    }
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", BASE64URL_NOPAD.encode(&Sha256::digest(bytes)[..12]))
}

/// None for other files, which are not served.
fn content_type(name: &str) -> Option<&'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !name.bytes().all(plain) {
        return None;
    }
    match Path::new(name).extension()?.to_str()? {
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "png" => Some("image/png"),
        "txt" => Some("text/plain; charset=utf-8"),
        _ => None,
    }
}
