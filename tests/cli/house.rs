//! What holds for the package around the tools.

mod imports;
mod paths;
