//! Who is tested: from a file in `targets/`, from a bare address, or from the bundled mock.

pub mod known;
pub mod lint;
pub mod load;
pub(crate) mod offers;
mod parts;
pub mod target;
pub mod target_file;
