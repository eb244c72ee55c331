//! `report.html`: one file that needs no network and no scripts, for a browser or a phone.

mod attempts;
mod burst;
mod element;
mod matrix;
mod order;
mod page;
mod parts;
mod trial;

pub use page::render;

/// Markup in lines that can be reviewed: an element that follows a tag at once begins one.
#[cfg(test)]
fn in_lines(markup: &str) -> String {
    let mut lines = String::new();
    for (at, part) in markup.split("><").enumerate() {
        let between = match at {
            0 => "",
            _ if part.starts_with('/') => "><",
            _ => ">\n<",
        };
        lines.extend([between, part]);
    }
    lines
}
