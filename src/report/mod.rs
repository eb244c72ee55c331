//! What a person sees: siblings over one result type, which holds no key any more.

pub mod client;
pub mod collect;
pub mod collected;
pub mod curl;
pub mod failure;
pub mod files;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod page;
pub mod paint;
pub mod plan;
pub mod print;
pub mod result;
pub mod summary;
