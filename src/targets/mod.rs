//! Who is tested: from a file in `targets/`, from a bare address, or from the bundled mock.

pub mod header;
pub mod hook;
pub mod hook_format;
pub(crate) mod hooks;
pub mod known;
pub mod lint;
pub mod load;
mod offers;
pub mod one_or_some;
mod parts;
pub mod target;
pub mod target_file;
