//! Reads HTML, a whole page or the pieces of it in a Markdown page.

use html5gum::{DefaultEmitter, HtmlString, StartTag, Token, Tokenizer};

use super::builder::{Attributes, Builder};
use crate::source::fault::SourceText;

/// Reads a piece of a page that begins at the byte `start`.
///
/// Tokens are enough, no tree is built: tables and headings say where they begin, and the builder
/// knows which end tags may be left out.
pub(super) fn read(builder: &mut Builder, source: &SourceText, piece: &str, start: usize) {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    // What is inside <script> or <style> is no markup.
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(piece, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let line = source.line(start + tag.span.start);
                builder.open(&text(&tag.name), attributes(&tag), line);
            }
            Token::EndTag(tag) => {
                builder.close(&text(&tag.name), source.line(start + tag.span.start));
            }
            Token::String(string) => {
                let text = text(&string.value);
                let blank = text.len() - text.trim_start().len();
                builder.text(&text, source.line(start + string.span.start + blank));
            }
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
}

fn attributes(tag: &StartTag<usize>) -> Attributes {
    let value = |name: &[u8]| tag.attributes.get(name).map(|value| text(&value.value));
    let number = |name: &[u8]| value(name)?.trim().parse().ok();
    let is_link = tag.name.as_slice() == b"a";
    let name = || if is_link { value(b"name") } else { None };
    Attributes {
        anchor: value(b"id").or_else(name),
        columns: number(b"colspan"),
        rows: number(b"rowspan"),
    }
}

fn text(bytes: &HtmlString) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
