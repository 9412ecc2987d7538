//! For which system and processor is a binary? Named as the packages below `npm/` are.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    Glibc,
    Musl,
    MacOs,
    Windows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processor {
    X64,
    Arm64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform {
    pub system: System,
    pub processor: Processor,
}

impl Platform {
    /// Which one a file is named after: `openmemory.<platform>.node`.
    pub fn of_file_name(name: &str) -> Option<Self> {
        let systems = [System::Glibc, System::Musl, System::MacOs, System::Windows];
        let platforms = systems
            .into_iter()
            .flat_map(|system| [Processor::X64, Processor::Arm64].map(|processor| Self { system, processor }));
        let part = name.strip_suffix(".node")?.rsplit('.').next()?;
        platforms.into_iter().find(|platform| platform.to_string() == part)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let processor = match self.processor {
            Processor::X64 => "x64",
            Processor::Arm64 => "arm64",
        };
        match self.system {
            System::Glibc => write!(f, "linux-{processor}-gnu"),
            System::Musl => write!(f, "linux-{processor}-musl"),
            System::MacOs => write!(f, "darwin-{processor}"),
            System::Windows => write!(f, "win32-{processor}-msvc"),
        }
    }
}
