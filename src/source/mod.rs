//! A file that a person wrote, as TOML with all its faults and their places.

pub mod advice;
pub(crate) mod bounds;
pub mod document;
pub mod fault;
pub mod folder;
pub mod format;
pub(crate) mod reader;
pub(crate) mod shape;
mod strict;
