//! Who can read what is created on Windows, where modes do not exist? A new directory or file gets an access list of its
//! owner, the system and the administrators, instead of what its parent grants.

use std::path::Path;

/// Grants access to the owner only, and to those who have it anyway. What is created in a directory later inherits that.
/// Volumes without access lists ignore it. Does nothing where the mode of creation has done it.
pub fn restrict_to_owner(path: &Path) {
    #[cfg(windows)]
    windows::restrict(path);
    let _ = path;
}

#[cfg(windows)]
mod windows {
    use std::os::windows::process::CommandExt;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    /// No console window appears.
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    /// The identifiers of whoever owns the file, of the system and of the group of administrators, which have the same
    /// number in every language.
    const TRUSTEES: [&str; 3] = ["*S-1-3-4", "*S-1-5-18", "*S-1-5-32-544"];

    pub(super) fn restrict(path: &Path) {
        let inherited = if path.is_dir() { "(OI)(CI)" } else { "" };
        let grants = TRUSTEES.map(|trustee| format!("{trustee}:{inherited}F"));
        // Not searched for, because the current directory may contain another program of this name.
        let root = std::env::var_os("SystemRoot").map_or_else(|| PathBuf::from(r"C:\Windows"), PathBuf::from);
        let mut command = Command::new(root.join(r"System32\icacls.exe"));
        command.arg(path).args(["/inheritance:r", "/grant:r"]).args(grants).arg("/q");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).creation_flags(CREATE_NO_WINDOW);
        let _ = command.status();
    }
}
