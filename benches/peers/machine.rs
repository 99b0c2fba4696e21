//! What this machine has: instruments, processors, a place for files in memory.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::call;

/// The instruments that are here, and a directory that goes when we do.
pub(crate) struct Machine {
    pub valgrind: Option<PathBuf>,
    pub strace: Option<PathBuf>,
    pub perl: Option<PathBuf>,
    taskset: Option<PathBuf>,
    /// The processors that we may use.
    processors: Vec<String>,
    /// In memory where there is a /dev/shm: a disk would measure itself.
    pub files: TempDir,
}

impl Machine {
    pub(crate) fn look() -> anyhow::Result<Self> {
        let files = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).context("no place for files")?;
        Ok(Self {
            valgrind: missed("valgrind", "no instructions are counted"),
            strace: missed("strace", "no system calls are counted"),
            perl: missed("perl", "perl is no peer, and nothing is listed"),
            taskset: missed("taskset", "no process is bound to a processor"),
            processors: processors()?,
            files,
        })
    }

    /// The words before a command that bind it to the `index`th of our processors; `None` where
    /// there is no such processor.
    pub(crate) fn bound_to(&self, index: usize) -> Option<Vec<String>> {
        let taskset = self.taskset.as_ref()?.to_str()?.to_owned();
        Some(vec![taskset, "-c".into(), self.processors.get(index)?.clone()])
    }

    /// Binds this process, and so what it starts, to its first processor, or to all of them again.
    pub(crate) fn bind_ourselves(&self, to_one: bool) -> anyhow::Result<()> {
        let Some(taskset) = &self.taskset else { return Ok(()) };
        let list = if to_one { self.processors[..1].join(",") } else { self.processors.join(",") };
        let ourselves = std::process::id().to_string();
        call::finish(Command::new(taskset).args(["-p", "-c", &list, &ourselves]).stdout(Stdio::null()))
    }

    /// Compiles a program of `benches/` with these arguments behind its source.
    pub(crate) fn compile(&self, name: &str, arguments: &[&str]) -> anyhow::Result<PathBuf> {
        let compiler = find("cc").context("there is no cc")?;
        let program = self.files.path().join(name);
        let source = format!("{}/benches/{name}.c", env!("CARGO_MANIFEST_DIR"));
        call::finish(Command::new(compiler).args(["-O2", "-o"]).arg(&program).arg(source).args(arguments))?;
        Ok(program)
    }

    /// Makes `count` objects that share nothing but the function that makes them, a Perl expression.
    pub(crate) fn make_objects(&self, expression: &str, count: usize) -> anyhow::Result<()> {
        let perl = self.perl.as_ref().context("there is no perl")?;
        let program = format!("defined({expression}) or die $! for 1..{count}");
        call::finish(Command::new(perl).args(["-e", &program]))
    }
}

/// The program of this name on PATH; says what its absence means.
fn missed(program: &str, means: &str) -> Option<PathBuf> {
    let found = find(program);
    if found.is_none() {
        println!("There is no {program}: {means}.");
    }
    found
}

/// The program of this name: one of ours, or the first on PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    // All of ours lie together, with none of the peers.
    let ours = Path::new(env!("CARGO_BIN_EXE_rmsgq")).with_file_name(program);
    if is_executable(&ours) {
        return Some(ours);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|file| is_executable(file))
}

/// The same tool as `cargo build --release --target ARCH-unknown-linux-musl` leaves it, if it is there.
pub(crate) fn built_against_musl(tool: &Path) -> Option<PathBuf> {
    // target/TRIPLE/PROFILE/TOOL
    let target = tool.ancestors().nth(3)?;
    let triple = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let built = target.join(triple).join("release").join(tool.file_name()?);
    is_executable(&built).then_some(built)
}

fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

/// The numbers in `Cpus_allowed_list`, which look like `0-3,8`.
fn processors() -> anyhow::Result<Vec<String>> {
    let status = fs::read_to_string("/proc/self/status").context("cannot read /proc/self/status")?;
    let Some(list) = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")) else {
        bail!("/proc/self/status does not tell the processors");
    };
    let mut numbers = Vec::new();
    for range in list.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse()?, last.parse()?);
        numbers.extend((first..=last).map(|number| number.to_string()));
    }
    Ok(numbers)
}
