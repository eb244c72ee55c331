//! Text that may be shown, and what must not be.
//!
//! A [`secret::Secret`] shows nothing of itself. [`redactor::Redactor`] finds secrets in whatever form
//! (`views`) and makes [`text::Shown`] of what is left: the only kind of text that reaches a screen or
//! a file.

mod escapes;
mod grams;
mod kinds;
pub mod markdown;
pub mod plural;
pub mod redactor;
pub mod seconds;
pub mod secret;
pub mod secrets;
pub mod text;
mod views;
pub mod visible;
