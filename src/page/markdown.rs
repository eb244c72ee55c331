//! Reads Markdown with tables, as GitHub writes it.

use std::borrow::Cow;

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
    let text = without_tabs_in_rules(&source.text);
    for (event, range) in Parser::new_ext(&text, options).into_offset_iter() {
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

/// The text, as long as before, with spaces in place of tabs in the line under a table's header: GitHub
/// takes a table for one with either, and this parser only with spaces.
fn without_tabs_in_rules(text: &str) -> Cow<'_, str> {
    let is_rule = |line: &str| {
        line.contains('\t')
            && line.contains('|')
            && line.trim().chars().all(|c| "|-: \t".contains(c))
    };
    if !text.lines().any(is_rule) {
        return text.into();
    }
    let spaced = |line: &str| {
        // What it is indented by has another meaning.
        let (indent, rule) = line.split_at(line.len() - line.trim_start().len());
        if is_rule(line) { format!("{indent}{}", rule.replace('\t', " ")) } else { line.to_owned() }
    };
    text.split_inclusive('\n').map(spaced).collect::<String>().into()
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
