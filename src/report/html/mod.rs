//! `report.html`: one file that needs no network and no scripts, for a browser or a phone.

mod attempts;
mod burst;
mod matrix;
mod page;
mod trial;

pub use page::render;
