//! What holds for the package around the tools.

mod classic_pages;
mod completions;
mod imports;
mod page;
mod pages;
mod paths;
mod scripts;
mod session;
