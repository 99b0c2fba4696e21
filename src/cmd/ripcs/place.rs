//! `--namespace`: the IPC namespaces that a verb looks into.

use std::io;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use crate::app::Context;
use crate::exit::words;
use crate::ipc::census;
use crate::ipc::namespace::Namespace;
use crate::output::counted;
use crate::sys::errno;

#[derive(Debug, Clone, Default, Args)]
pub(super) struct NamespaceArgs {
    /// Look into the IPC namespace of this process, or into all of them
    #[arg(long, value_name = "PID|all", value_parser = which)]
    namespace: Option<Which>,
}

/// The namespaces that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    All,
    Of(i32),
}

fn which(text: &str) -> Result<Which, String> {
    match text.parse() {
        _ if text == "all" => Ok(Which::All),
        Ok(pid) if pid > 0 => Ok(Which::Of(pid)),
        _ => Err("a namespace is that of a process, by its pid, or 'all'".into()),
    }
}

/// An IPC namespace that is looked into.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The namespace, where one was asked for: then rows tell it.
    pub namespace: Option<Arc<Namespace>>,
    /// Its number.
    pub number: u64,
    /// Whether it is one of all there are: then it is no failure that it ends meanwhile.
    may_end: bool,
}

impl Place {
    /// Does something inside.
    pub(super) fn within<T: Send>(&self, act: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        match self.namespace.as_deref() {
            Some(namespace) => namespace.within(act),
            None => act(),
        }
    }

    /// Does something inside that has something to tell; nothing is told where it has ended meanwhile and was
    /// only one of all.
    pub(super) fn visit<T: Send>(&self, act: impl FnOnce() -> io::Result<T> + Send) -> io::Result<Option<T>> {
        match self.within(act) {
            Err(error) if self.may_end && errno::is(&error, errno::ESRCH) => Ok(None),
            done => done.map(Some),
        }
    }

    /// What stands in messages behind the object: nothing for our own.
    pub(super) fn told(&self) -> String {
        told(self.namespace.as_deref())
    }
}

/// The same of a namespace, where one was asked for.
pub(super) fn told(namespace: Option<&Namespace>) -> String {
    namespace.map_or_else(String::new, |namespace| format!(" in namespace {}", namespace.number))
}

impl NamespaceArgs {
    /// Whether rows have to tell their namespace.
    pub(super) fn is_given(&self) -> bool {
        self.namespace.is_some()
    }

    /// Whether several namespaces are looked into.
    pub(super) fn is_all(&self) -> bool {
        self.namespace == Some(Which::All)
    }

    /// The namespaces to look into; what cannot be entered is said once.
    pub(super) fn places(&self, context: &mut Context) -> anyhow::Result<Vec<Place>> {
        let place = |namespace: Namespace| Place {
            number: namespace.number,
            namespace: Some(Arc::new(namespace)),
            may_end: self.is_all(),
        };
        match self.namespace {
            None => {
                let number = census::own_namespace().context("cannot look at our own IPC namespace")?;
                Ok(vec![Place { namespace: None, number, may_end: false }])
            }
            Some(Which::Of(pid)) => {
                let cannot = || format!("cannot enter the IPC namespace of process {pid}");
                let namespace = Namespace::of(pid).with_context(cannot)?;
                namespace.join_users().with_context(cannot)?;
                namespace.within(|| Ok(())).with_context(cannot)?;
                Ok(vec![place(namespace)])
            }
            Some(Which::All) => {
                let (all, hidden) = Namespace::all().context("cannot look at the processes")?;
                if hidden > 0 {
                    let processes = counted(hidden as u64, "process");
                    context.note(&format!("{processes} could not be asked for the IPC namespace"));
                }
                let entered = all.into_iter().filter(|namespace| match namespace.within(|| Ok(())) {
                    Ok(()) => true,
                    // It ended in between: there is none any more.
                    Err(error) if errno::is(&error, errno::ESRCH) => false,
                    Err(error) => {
                        let Namespace { number, pid, .. } = namespace;
                        context.note(&format!("cannot enter namespace {number} of process {pid}: {}", words(&error)));
                        false
                    }
                });
                Ok(entered.map(place).collect())
            }
        }
    }
}
