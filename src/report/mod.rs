//! What a person sees: siblings over one result type, which holds no key any more.

pub mod failure;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod summary;
