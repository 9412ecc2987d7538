//! Is an export file complete and valid, and what are its lines? The file is read twice: first to validate all of it,
//! so that a truncated, damaged or invalid file changes nothing, and then to import it in groups of lines.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use crate::contract::Control;
use crate::error::Error;
use openmemory_domain::export::{Header, HeaderProblem, Line, Trailer};
use openmemory_domain::json::without_bom;
use openmemory_domain::{Invalid, ModelIdentity};

/// Maximum length of a line in bytes: import holds a whole line in memory.
pub const LINE_BYTES: usize = 1 << 30;

/// Maximum size of a group, which is held in memory and committed at once.
const MAX_GROUP_LINES: usize = 64;
const MAX_GROUP_BYTES: usize = 4 << 20;

/// A validated export file.
pub struct ImportFile {
    lines: Lines,
    pub model: Option<ModelIdentity>,
    pub memories: usize,
    pub tombstones: usize,
}

/// A line with its number, counted from 1.
pub struct Numbered {
    pub number: u64,
    pub line: Line,
}

struct Lines {
    file: BufReader<File>,
    name: PathBuf,
    max_line_bytes: usize,
    /// Number of the last line read.
    number: u64,
    bytes: Vec<u8>,
}

impl ImportFile {
    /// Reads and validates the whole file. Blocks.
    ///
    /// # Errors
    /// An error that names line and field if a line is invalid; `CORRUPTED` if the end is missing or the checksum
    /// differs; `FORMAT_UNSUPPORTED`.
    pub fn check(name: &Path, control: &Control) -> Result<Self, Error> {
        Self::validated(Lines::open(name)?, control)
    }

    /// Like [`ImportFile::check`], for an unnamed file from an untrusted client. Its lines have at most
    /// `max_line_bytes`.
    pub fn check_opened(file: File, max_line_bytes: usize, control: &Control) -> Result<Self, Error> {
        let mut lines = Lines::of(file, Path::new("the lines to import"), max_line_bytes.min(LINE_BYTES));
        lines.rewind()?;
        Self::validated(lines, control)
    }

    fn validated(mut lines: Lines, control: &Control) -> Result<Self, Error> {
        let mut hasher = blake3::Hasher::new();
        let (mut memories, mut versions, mut tombstones) = (0, 0, 0);
        let model = lines.header(&mut hasher)?;
        let trailer = loop {
            if control.is_cancelled() {
                return Err(Error::Aborted);
            }
            match lines.next()? {
                Some(Line::Memory(memory)) => {
                    memories += 1;
                    versions += memory.versions.len() as u64;
                }
                Some(Line::Tombstone(_)) => tombstones += 1,
                Some(Line::Message(_) | Line::Learning(_) | Line::Source(_)) => {}
                Some(Line::End(trailer)) => break trailer,
                None => return Err(lines.damaged("its last line is missing, so it is incomplete")),
            }
            hasher.update(&lines.bytes);
        };
        let Trailer { blake3, .. } = &trailer;
        if blake3.as_ref().is_some_and(|expected| *expected != hasher.finalize().to_hex().as_str()) {
            return Err(lines.damaged("its checksum does not match the one in its last line"));
        }
        let counts = [(trailer.memories, memories), (trailer.versions, versions), (trailer.tombstones, tombstones)];
        if counts.iter().any(|(expected, found)| expected.is_some_and(|expected| expected != *found)) {
            return Err(lines.damaged("its number of memories does not match the one in its last line"));
        }
        if lines.fill()? {
            return Err(lines.damaged("it continues after its last line"));
        }
        lines.rewind()?;
        lines.header(&mut blake3::Hasher::new())?;
        Ok(Self { lines, model, memories: memories as usize, tombstones: tombstones as usize })
    }

    /// The next group of lines; empty at the end of the file.
    pub fn group(&mut self) -> Result<Vec<Numbered>, Error> {
        let (mut group, mut bytes) = (Vec::new(), 0);
        while group.len() < MAX_GROUP_LINES && bytes < MAX_GROUP_BYTES {
            match self.lines.next()? {
                None | Some(Line::End(_)) => break,
                Some(line) => group.push(Numbered { number: self.lines.number, line }),
            }
            bytes += self.lines.bytes.len();
        }
        Ok(group)
    }
}

impl Lines {
    fn open(name: &Path) -> Result<Self, Error> {
        // Windows does not open directories, and opening a pipe waits for its writer.
        let found = name.metadata().map_err(|error| Error::file(name, error))?;
        if !found.is_file() {
            return Err(Invalid::argument("file", "must be a regular file, because it is read twice").into());
        }
        let file = File::open(name).map_err(|error| Error::file(name, error))?;
        Ok(Self::of(file, name, LINE_BYTES))
    }

    fn of(file: File, name: &Path, max_line_bytes: usize) -> Self {
        Self { file: BufReader::new(file), name: name.to_owned(), max_line_bytes, number: 0, bytes: Vec::new() }
    }

    /// Reads the next non-empty line; false at the end of the file.
    fn fill(&mut self) -> Result<bool, Error> {
        loop {
            self.bytes.clear();
            // Release the buffer of an unusually long line.
            self.bytes.shrink_to(MAX_GROUP_BYTES);
            let mut limited = self.file.by_ref().take(self.max_line_bytes as u64 + 1);
            let read = limited.read_until(b'\n', &mut self.bytes).map_err(|error| Error::file(&self.name, error))?;
            self.number += 1;
            if read == 0 {
                return Ok(false);
            }
            if read > self.max_line_bytes {
                let problem = format!("is longer than {} MiB", self.max_line_bytes >> 20);
                return Err(self.refuse(Invalid::limit("", problem)));
            }
            self.normalize();
            if self.bytes != b"\n" {
                return Ok(true);
            }
        }
    }

    /// Removes what editors and other systems add: a byte order mark before the first line, and `\r` at line ends.
    fn normalize(&mut self) {
        if self.number == 1 {
            let mark = self.bytes.len() - without_bom(&self.bytes).len();
            self.bytes.drain(..mark);
        }
        if self.bytes.ends_with(b"\r\n") {
            self.bytes.truncate(self.bytes.len() - 2);
            self.bytes.push(b'\n');
        }
    }

    fn header(&mut self, hasher: &mut blake3::Hasher) -> Result<Option<ModelIdentity>, Error> {
        if !self.fill()? {
            return Err(self.refuse(Invalid::argument("format", "is missing: the file is empty")));
        }
        hasher.update(&self.bytes);
        if self.bytes.trim_ascii_start().starts_with(b"[") {
            let why = "is a JSON array; an export has one JSON object per line, starting with its header";
            return Err(self.refuse(Invalid::argument("file", why)));
        }
        match Header::read(&self.bytes) {
            Ok(header) => Ok(header.model),
            Err(HeaderProblem::Invalid(invalid)) => Err(self.refuse(invalid)),
            Err(HeaderProblem::Version(found)) => Err(Error::ExportVersion { found }),
        }
    }

    fn next(&mut self) -> Result<Option<Line>, Error> {
        if !self.fill()? {
            return Ok(None);
        }
        Line::read(&self.bytes).map(Some).map_err(|invalid| {
            // A line without its newline was cut off by a crash or a full disk, so its content is not to blame.
            if self.bytes.ends_with(b"\n") { self.refuse(invalid) } else { self.damaged("its last line is cut off") }
        })
    }

    fn rewind(&mut self) -> Result<(), Error> {
        self.number = 0;
        self.file.rewind().map_err(|error| Error::file(&self.name, error))
    }

    fn refuse(&self, invalid: Invalid) -> Error {
        Error::Line { line: self.number, invalid }
    }

    fn damaged(&self, problem: &'static str) -> Error {
        Error::DamagedExport { problem, line: self.number }
    }
}
