//! Another user inside a `World`: what they may and may not.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::{Outcome, TOOLS, World, has, is_root, skip};

/// Another user inside a `World`, without privilege, and copies of the tools where they can reach
/// them.
pub(crate) struct User<'a> {
    world: &'a World,
    uid: u32,
    tools: tempfile::TempDir,
}

impl<'a> User<'a> {
    fn new(world: &'a World, uid: u32) -> Self {
        let tools = tempfile::tempdir().expect("a directory");
        fs::set_permissions(tools.path(), PermissionsExt::from_mode(0o755)).expect("it is ours");
        for (name, path) in TOOLS {
            let copy = tools.path().join(name);
            fs::hard_link(path, &copy).or_else(|_| fs::copy(path, &copy).map(drop)).expect("room for a copy");
        }
        Self { world, uid, tools }
    }

    /// Where this user finds a tool.
    pub(crate) fn tool(&self, name: &str) -> String {
        self.tools.path().join(name).display().to_string()
    }

    /// A command that this user runs.
    pub(crate) fn command(&self, program: &str) -> Command {
        let copy = self.tools.path().join(program);
        let mut command = self.world.command("setpriv");
        let id = self.uid;
        command.args([format!("--reuid={id}"), format!("--regid={id}"), "--clear-groups".into(), "--".into()]);
        command.arg(if copy.exists() { copy.as_os_str() } else { OsStr::new(program) }).current_dir("/");
        command
    }

    /// Runs a tool as this user.
    pub(crate) fn run(&self, tool: &str, args: &[&str]) -> Outcome {
        Outcome::of(self.command(tool).args(args))
    }

    /// Runs a tool as this user and expects success, as [`World::ok`].
    pub(crate) fn ok(&self, tool: &str, args: &[&str]) -> String {
        self.run(tool, args).success()
    }
}

impl World {
    /// Another user inside; `None` with a printed reason where we cannot become one.
    pub(crate) fn user(&self, uid: u32) -> Option<User<'_>> {
        if !is_root() {
            skip("only root becomes another user");
            return None;
        }
        has("setpriv").then(|| User::new(self, uid))
    }
}
