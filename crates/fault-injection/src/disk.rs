//! What may be on a disk after a power cut? The strictest model: a synced file is complete. Every block of 4096 bytes
//! that was written since may be present, missing or torn, and every name that was created, changed or removed since
//! its directory was synced may have its old or its new state.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::journal::Entry;
use crate::rng::Rng;

const BLOCK: u64 = 4096;

#[derive(Default)]
struct File {
    /// The content that the process sees.
    now: Vec<u8>,
    synced: Vec<u8>,
    /// Blocks written since the last sync, with their content after each write.
    unsynced: BTreeMap<u64, Vec<Vec<u8>>>,
    /// Lengths of the file since the last sync.
    lengths: Vec<u64>,
}

enum Name {
    File(PathBuf, u64),
    Directory(PathBuf),
    Renamed(PathBuf, PathBuf),
    Removed(PathBuf),
}

impl Name {
    /// Whether syncing `directory` makes the change durable.
    fn is_in(&self, directory: &Path) -> bool {
        let within = |path: &PathBuf| path.parent() == Some(directory);
        match self {
            Self::File(path, _) | Self::Directory(path) | Self::Removed(path) => within(path),
            Self::Renamed(from, to) => within(from) && within(to),
        }
    }
}

/// A directory tree on a disk, built from the entries of a journal.
#[derive(Default)]
pub struct Disk {
    files: HashMap<u64, File>,
    /// Every change of a name, and whether it is durable.
    names: Vec<(Name, bool)>,
}

impl Disk {
    pub fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::Create { path, inode } => {
                // An inode number may be reused although an image may still contain the old file. Its content is lost
                // here.
                self.files.insert(*inode, File::default());
                self.names.push((Name::File(path.clone(), *inode), false));
            }
            Entry::Write { inode, offset, data } => self.write(*inode, *offset, data),
            Entry::Truncate { inode, length } => {
                let file = self.files.entry(*inode).or_default();
                file.now.resize(*length as usize, 0);
                file.lengths.push(*length);
                let blocks: Vec<u64> = file.unsynced.range(length / BLOCK..).map(|(block, _)| *block).collect();
                for block in blocks {
                    let content = block_of(&file.now, block);
                    file.unsynced.entry(block).or_default().push(content);
                }
            }
            Entry::Sync { inode, path } => {
                if let Some(file) = self.files.get_mut(inode) {
                    file.synced.clone_from(&file.now);
                    file.unsynced.clear();
                    file.lengths.clear();
                }
                for (name, durable) in &mut self.names {
                    *durable |= name.is_in(path);
                }
            }
            Entry::Rename { from, to } => self.names.push((Name::Renamed(from.clone(), to.clone()), false)),
            Entry::Remove { path } => self.names.push((Name::Removed(path.clone()), false)),
            Entry::MakeDirectory { path } => self.names.push((Name::Directory(path.clone()), false)),
            Entry::Output(_) => {}
        }
    }

    fn write(&mut self, inode: u64, offset: u64, data: &[u8]) {
        let Some(file) = self.files.get_mut(&inode) else { return };
        let end = offset as usize + data.len();
        if file.now.len() < end {
            file.now.resize(end, 0);
            file.lengths.push(end as u64);
        }
        file.now[offset as usize..end].copy_from_slice(data);
        for block in offset / BLOCK..(end as u64).div_ceil(BLOCK) {
            let content = block_of(&file.now, block);
            file.unsynced.entry(block).or_default().push(content);
        }
    }

    /// Writes one of the images that a power cut may leave.
    pub fn write_image(&self, root: &Path, image: &Path, rng: &mut Rng) -> io::Result<()> {
        // The probability of loss differs from cut to cut.
        let keep = [0, 20, 50, 80, 100][rng.below(5)];
        let mut files: BTreeMap<PathBuf, u64> = BTreeMap::new();
        for (name, durable) in &self.names {
            if !durable && rng.below(100) >= keep {
                continue;
            }
            match name {
                Name::File(path, inode) => drop(files.insert(path.clone(), *inode)),
                Name::Directory(_) => {}
                Name::Renamed(from, to) => rename(&mut files, from, to),
                Name::Removed(path) => drop(files.remove(path)),
            }
        }
        for (path, inode) in files {
            let (Ok(path), Some(file)) = (path.strip_prefix(root), self.files.get(&inode)) else { continue };
            let path = image.join(path);
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            file.write_image(&path, keep, rng)?;
        }
        Ok(())
    }
}

fn rename(files: &mut BTreeMap<PathBuf, u64>, from: &Path, to: &Path) {
    let moved: Vec<PathBuf> = files.keys().filter(|path| path.starts_with(from)).cloned().collect();
    for path in moved {
        let Some(inode) = files.remove(&path) else { continue };
        let relative = path.strip_prefix(from).unwrap_or(&path);
        let target = if relative.as_os_str().is_empty() { to.to_owned() } else { to.join(relative) };
        files.insert(target, inode);
    }
}

impl File {
    fn write_image(&self, path: &Path, keep: usize, rng: &mut Rng) -> io::Result<()> {
        let mut bytes = self.synced.clone();
        let mut length = self.synced.len() as u64;
        for candidate in &self.lengths {
            if rng.below(100) < keep {
                length = *candidate;
            }
        }
        for (block, versions) in &self.unsynced {
            if rng.below(100) >= keep {
                continue;
            }
            let start = (block * BLOCK) as usize;
            let version = &versions[rng.below(versions.len())];
            // A block that was written extends the file to its end.
            length = length.max((start + version.len()) as u64);
            bytes.resize(bytes.len().max(start + version.len()), 0);
            let torn = rng.one_in(3);
            let (from, to) = if torn { torn_part(version.len(), rng) } else { (0, version.len()) };
            bytes[start + from..start + to].copy_from_slice(&version[from..to]);
        }
        bytes.resize(length as usize, 0);
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        file.set_len(length)?;
        for (block, chunk) in bytes.chunks(BLOCK as usize).enumerate() {
            if chunk.iter().any(|byte| *byte != 0) {
                file.write_all_at(chunk, block as u64 * BLOCK)?;
            }
        }
        Ok(())
    }
}

/// The part of a torn block that reached the disk: its beginning, its end or something in between.
fn torn_part(length: usize, rng: &mut Rng) -> (usize, usize) {
    let (one, other) = (rng.below(length + 1), rng.below(length + 1));
    match rng.below(3) {
        0 => (0, one),
        1 => (one, length),
        _ => (one.min(other), one.max(other)),
    }
}

fn block_of(bytes: &[u8], block: u64) -> Vec<u8> {
    let start = (block * BLOCK).min(bytes.len() as u64) as usize;
    bytes[start..bytes.len().min(start + BLOCK as usize)].to_vec()
}
