//! Is this file whole, and what are its lines? It is read twice: first to check all of it, so that a file that is
//! truncated, damaged or wrong in any line changes nothing, and then to import it, some lines at a time.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use crate::contract::Control;
use crate::error::Error;
use openmemory_domain::export::{Header, HeaderProblem, Line, Trailer};
use openmemory_domain::json::without_bom;
use openmemory_domain::{Invalid, ModelIdentity};

/// Bytes of a line at most: import has to hold one whole.
pub const LINE_BYTES: usize = 1 << 30;

/// Lines and bytes that are held at once, and share a commit.
const GROUP_LINES: usize = 64;
const GROUP_BYTES: usize = 4 << 20;

/// An export that has been checked.
pub struct ImportFile {
    lines: Lines,
    pub model: Option<ModelIdentity>,
    pub memories: usize,
    pub tombstones: usize,
}

/// A line and where it is, counted from 1.
pub struct Numbered {
    pub number: u64,
    pub line: Line,
}

struct Lines {
    file: BufReader<File>,
    name: PathBuf,
    /// Bytes of a line at most.
    longest: usize,
    /// Of the line read last.
    number: u64,
    bytes: Vec<u8>,
}

impl ImportFile {
    /// Reads the whole file once. Blocks.
    ///
    /// # Errors
    /// A refusal that names the line and the field; `CORRUPTED` if the end is missing or the checksum is another;
    /// `FORMAT_UNSUPPORTED`.
    pub fn check(name: &Path, control: &Control) -> Result<Self, Error> {
        Self::whole(Lines::open(name)?, control)
    }

    /// As [`ImportFile::check`], of a file that has no name and that a stranger sent: its lines have at most `line_bytes`.
    pub fn check_opened(file: File, line_bytes: usize, control: &Control) -> Result<Self, Error> {
        let mut lines = Lines::of(file, Path::new("the lines to import"), line_bytes.min(LINE_BYTES));
        lines.rewind()?;
        Self::whole(lines, control)
    }

    fn whole(mut lines: Lines, control: &Control) -> Result<Self, Error> {
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
                Some(Line::End(trailer)) => break trailer,
                None => return Err(lines.damaged("its last line is missing, so it is not whole")),
            }
            hasher.update(&lines.bytes);
        };
        let Trailer { blake3, .. } = &trailer;
        if blake3.as_ref().is_some_and(|expected| *expected != hasher.finalize().to_hex().as_str()) {
            return Err(lines.damaged("its bytes do not have the checksum of its last line"));
        }
        let counted = [(trailer.memories, memories), (trailer.versions, versions), (trailer.tombstones, tombstones)];
        if counted.iter().any(|(told, found)| told.is_some_and(|told| told != *found)) {
            return Err(lines.damaged("it does not hold as many memories as its last line says"));
        }
        if lines.fill()? {
            return Err(lines.damaged("it goes on behind its last line"));
        }
        lines.rewind()?;
        lines.header(&mut blake3::Hasher::new())?;
        Ok(Self { lines, model, memories: memories as usize, tombstones: tombstones as usize })
    }

    /// The next lines; none at the end.
    pub fn group(&mut self) -> Result<Vec<Numbered>, Error> {
        let (mut group, mut bytes) = (Vec::new(), 0);
        while group.len() < GROUP_LINES && bytes < GROUP_BYTES {
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
        let file = File::open(name).map_err(|error| Error::file(name, error))?;
        let is_file = file.metadata().map_err(|error| Error::file(name, error))?.is_file();
        if !is_file {
            return Err(Invalid::argument("file", "must be a file, which is read twice").into());
        }
        Ok(Self::of(file, name, LINE_BYTES))
    }

    fn of(file: File, name: &Path, longest: usize) -> Self {
        Self { file: BufReader::new(file), name: name.to_owned(), longest, number: 0, bytes: Vec::new() }
    }

    /// Reads on to the next line that is not empty; false at the end.
    fn fill(&mut self) -> Result<bool, Error> {
        loop {
            self.bytes.clear();
            // A memory of one huge history is not to keep its room for all that follow.
            self.bytes.shrink_to(GROUP_BYTES);
            let mut limited = self.file.by_ref().take(self.longest as u64 + 1);
            let read = limited.read_until(b'\n', &mut self.bytes).map_err(|error| Error::file(&self.name, error))?;
            self.number += 1;
            if read == 0 {
                return Ok(false);
            }
            if read > self.longest {
                let problem = format!("is longer than {} MiB", self.longest >> 20);
                return Err(self.refuse(Invalid::limit("", problem)));
            }
            self.as_exported();
            if self.bytes != b"\n" {
                return Ok(true);
            }
        }
    }

    /// Takes off what editors and other systems put on: a byte order mark before the first line, and `\r` at the end.
    fn as_exported(&mut self) {
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
            let why = "is a JSON array; an export has one JSON object per line, the first of them its header";
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
            // What a crash or a full disk cut off is not the fault of that line.
            if self.bytes.ends_with(b"\n") { self.refuse(invalid) } else { self.damaged("its last line is not whole") }
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
