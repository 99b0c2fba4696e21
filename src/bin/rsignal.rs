//! The door of `rsignal`, and of the old tools that it replaces.
#![no_main]

ripc::door!(rsignal: kill, waitpid);
