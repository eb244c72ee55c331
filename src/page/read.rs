//! Reads a page's text, whatever it is written in.

use super::{builder::Builder, content::Content, html, markdown, plain};
use crate::{
    contract::{Contract, contract_file::Form},
    source::fault::SourceText,
};

/// Reads a page's text.
#[must_use]
pub fn read(text: &str, form: Form, contract: &Contract) -> Content {
    let source = SourceText::new("page".into(), text.to_owned());
    let mut builder = Builder::default();
    match form {
        Form::Html => html::read(&mut builder, &source, text, 0),
        Form::Markdown => markdown::read(&mut builder, &source),
        Form::Text => plain::read(&mut builder, &source, &contract.page.heading),
    }
    builder.finish()
}

/// What a page is written in: as the contract says, or its server, or its name, or else as it looks.
#[must_use]
pub fn form_of(contract: &Contract, media: &str, name: &str, text: &str) -> Form {
    let name = name.to_ascii_lowercase();
    let named = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let looks = || match text.trim_start().as_bytes() {
        [b'<', ..] => Form::Html,
        _ if text.lines().any(|line| line.starts_with("```") || line.starts_with("# ")) => {
            Form::Markdown
        }
        _ => Form::Text,
    };
    match contract.page.form {
        Some(form) => form,
        None if matches!(media, "text/html" | "application/xhtml+xml") => Form::Html,
        None if media == "text/markdown" => Form::Markdown,
        None if named(&[".html", ".htm", ".xhtml"]) => Form::Html,
        None if named(&[".md", ".markdown", ".mdx"]) => Form::Markdown,
        None => looks(),
    }
}
