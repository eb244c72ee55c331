//! The page with the docs, checked against the contract: a page's text is read into its [`content`],
//! what that says are its [`facts`], and [`judge`] says which of them the contract has otherwise.
//! [`mod@print`] goes the other way. Only [`fetch`] touches the network.

mod builder;
pub mod content;
pub mod facts;
pub mod fetch;
pub mod finding;
mod html;
pub mod judge;
pub mod link;
mod markdown;
mod plain;
pub mod print;
pub mod read;
pub mod trials;
