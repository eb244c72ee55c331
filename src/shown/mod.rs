//! Text that may be shown, and what must not be: secrets, and what takes them out.

pub mod redactor;
pub mod secret;
pub mod visible;
