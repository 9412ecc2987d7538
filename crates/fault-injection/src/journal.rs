//! What did a recorded process do to its files? The entries of the recorder's journal.

use std::path::PathBuf;

pub enum Entry {
    /// A file was created.
    Create {
        path: PathBuf,
        inode: u64,
    },
    Write {
        inode: u64,
        offset: u64,
        data: Vec<u8>,
    },
    Truncate {
        inode: u64,
        length: u64,
    },
    /// Of a file or a directory, identified by inode and path.
    Sync {
        inode: u64,
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
    MakeDirectory {
        path: PathBuf,
    },
    /// Lines that the process wrote to stdout.
    Output(String),
}

/// The complete entries of a journal.
pub fn entries(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some((entry, remaining)) = entry(bytes) {
        entries.extend(entry);
        bytes = remaining;
    }
    entries
}

fn entry(bytes: &[u8]) -> Option<(Option<Entry>, &[u8])> {
    let (kind, remaining) = bytes.split_first()?;
    let (fields, remaining) = remaining.split_first_chunk::<32>()?;
    let field = |i: usize| u64::from_le_bytes(std::array::from_fn(|byte| fields[i * 8 + byte]));
    let (text, remaining) = remaining.split_at_checked(field(0) as usize)?;
    let (data, remaining) = remaining.split_at_checked(field(1) as usize)?;
    let path = |bytes: &[u8]| PathBuf::from(String::from_utf8_lossy(bytes).into_owned());
    let (inode, offset) = (field(2), field(3));
    let entry = match kind {
        b'c' => Entry::Create { path: path(text), inode },
        b'w' => Entry::Write { inode, offset, data: data.to_vec() },
        b't' => Entry::Truncate { inode, length: offset },
        b's' => Entry::Sync { inode, path: path(text) },
        b'r' => Entry::Rename { from: path(text), to: path(data) },
        b'u' => Entry::Remove { path: path(text) },
        b'd' => Entry::MakeDirectory { path: path(text) },
        b'o' => Entry::Output(String::from_utf8_lossy(data).into_owned()),
        _ => return Some((None, remaining)),
    };
    Some((Some(entry), remaining))
}
