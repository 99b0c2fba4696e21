//! The drop-in faces: links with the names of old tools, ahead of the originals on PATH.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use super::{Outcome, TOOLS, World};

/// The faces, and the tool behind each: a new face gets its line here.
pub(crate) const FACES: &[(&str, &str)] = &[
    ("flock", "rlock"),
    ("ipcmk", "ripcs"),
    ("ipcrm", "ripcs"),
    ("ipcs", "ripcs"),
    ("kill", "rsignal"),
    ("lsipc", "ripcs"),
    ("lslocks", "rlock"),
    ("mkfifo", "rfifo"),
    ("waitpid", "rsignal"),
];

/// A folder with a link for each face, which everybody may look into.
pub(crate) struct Faces {
    folder: tempfile::TempDir,
}

impl Faces {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("it is ours");
        for (face, tool) in FACES {
            let behind = folder.path().join(tool);
            if !behind.exists() {
                let path = Path::new(TOOLS[0].1).with_file_name(tool);
                fs::hard_link(&path, &behind).or_else(|_| fs::copy(path, &behind).map(drop)).expect("room for a copy");
            }
            symlink(tool, folder.path().join(face)).expect("room for a link");
        }
        Self { folder }
    }

    /// Where the links are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a shell script inside, to which the old names mean the faces; `$1` and on are `args`.
    pub(crate) fn script(&self, world: &World, script: &str, args: &[&str]) -> Outcome {
        Outcome::of(&mut self.sh(world, script, args))
    }

    /// A shell script inside, to which the old names mean the faces.
    pub(crate) fn sh(&self, world: &World, script: &str, args: &[&str]) -> Command {
        let mut command = world.sh("PATH=$1:$PATH; export PATH; script=$2; shift 2; eval \"$script\"", &[]);
        command.arg(self.folder()).arg(script).args(args);
        command
    }
}
