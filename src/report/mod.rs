//! What a person sees: siblings over one result type, which holds no key any more.

pub mod client;
pub mod collect;
pub mod collected;
pub mod curl;
pub mod evidence;
pub mod failure;
pub mod files;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod outcome;
pub mod page;
pub mod paint;
pub mod plan;
pub mod print;
pub mod result;
pub mod summary;
