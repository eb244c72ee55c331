//! Reads Markdown with tables, as GitHub writes it.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{
    builder::{Attributes, Builder},
    html,
};
use crate::source::fault::SourceText;

/// Reads a whole page: each part of it is one of HTML's elements.
pub(super) fn read(builder: &mut Builder, source: &SourceText) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    for (event, range) in Parser::new_ext(&source.text, options).into_offset_iter() {
        let line = source.line(range.start);
        match event {
            // As a whole: a tag may go over several lines.
            Event::Start(Tag::HtmlBlock) => {
                html::read(builder, source, &source.text[range.clone()], range.start);
            }
            Event::Start(tag) => {
                let anchor = match &tag {
                    Tag::Heading { id, .. } => id.as_ref().map(ToString::to_string),
                    _ => None,
                };
                if let Some(name) = element(tag.to_end()) {
                    builder.open(name, Attributes { anchor, ..Attributes::default() }, line);
                }
            }
            Event::End(tag) => {
                if let Some(name) = element(tag) {
                    builder.close(name, line);
                }
            }
            Event::Text(text) => builder.text(&text, line),
            Event::Code(code) => {
                builder.open("code", Attributes::default(), line);
                builder.text(&code, line);
                builder.close("code", line);
            }
            Event::InlineHtml(piece) => html::read(builder, source, &piece, range.start),
            Event::SoftBreak | Event::HardBreak => builder.text("\n", line),
            _ => {}
        }
    }
}

/// The element that a part of the page is, unless it is part of a line.
fn element(tag: TagEnd) -> Option<&'static str> {
    Some(match tag {
        TagEnd::Heading(level) => ["h1", "h2", "h3", "h4", "h5", "h6"][level as usize - 1],
        TagEnd::CodeBlock => "pre",
        TagEnd::Item => "li",
        TagEnd::Table => "table",
        TagEnd::TableHead | TagEnd::TableRow => "tr",
        TagEnd::TableCell => "td",
        TagEnd::Paragraph | TagEnd::BlockQuote(_) | TagEnd::List(_) => "div",
        TagEnd::MetadataBlock(_) => "template",
        _ => return None,
    })
}
