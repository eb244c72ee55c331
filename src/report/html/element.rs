//! Elements of HTML, put together piece by piece.
//!
//! Texts and values of attributes are what [`MayBeShown`] allows: words of our own, numbers, and what a
//! redactor let through. A text from outside has no type that fits, so a key cannot get into the page.
//! All of them are escaped here, and no function takes markup, so what a server said stays text.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

use quick_xml::escape::escape;

use crate::shown::text::MayBeShown;

/// How the page looks: the only text that a browser gets as it is.
pub(super) const STYLE: &str = include_str!("style.css");

/// Of the elements that a page has, those that hold nothing and have no end tag: a browser takes `</br>`
/// for a second `<br>`.
const VOID: [&str; 2] = ["br", "meta"];

/// An element with all that is in it.
#[derive(Debug)]
#[must_use = "an element is on the page only if it is put into another"]
pub(super) struct Element {
    name: &'static str,
    /// As they are written, each with a space before it.
    attributes: String,
    /// What is between its tags, as it is written.
    content: String,
}

/// An element with nothing in it yet.
pub(super) fn element(name: &'static str) -> Element {
    Element { name, attributes: String::new(), content: String::new() }
}

/// The element with the page's style. Nothing in it is escaped, since a browser reads no references there.
pub(super) fn style() -> Element {
    Element { content: STYLE.to_owned(), ..element("style") }
}

/// The whole document of the element `html`.
pub(super) fn document(html: &Element) -> String {
    format!("<!DOCTYPE html>{html}")
}

#[expect(clippy::needless_pass_by_value, reason = "words and numbers are written without a `&`")]
impl Element {
    pub(super) fn attribute(mut self, name: &'static str, value: impl MayBeShown) -> Self {
        let _ = write!(self.attributes, " {name}=\"{}\"", escaped(&value));
        self
    }

    /// Several attributes with values of one kind.
    pub(super) fn attributes(
        self,
        all: impl IntoIterator<Item = (&'static str, impl MayBeShown)>,
    ) -> Self {
        all.into_iter().fold(self, |element, (name, value)| element.attribute(name, value))
    }

    /// The attribute `class`: one class, or several with spaces between.
    pub(super) fn class(self, names: impl MayBeShown) -> Self {
        self.attribute("class", names)
    }

    /// An attribute that is there or not, without a value.
    pub(super) fn flag(mut self, name: &'static str, is_set: bool) -> Self {
        if is_set {
            self.attributes.extend([" ", name]);
        }
        self
    }

    pub(super) fn text(mut self, text: impl MayBeShown) -> Self {
        self.content.push_str(&escaped(&text));
        self
    }

    /// One element inside of this one, if there is one.
    pub(super) fn child(mut self, child: impl Into<Option<Self>>) -> Self {
        if let Some(child) = child.into() {
            let _ = write!(self.content, "{child}");
        }
        self
    }

    /// Elements inside of this one.
    pub(super) fn children(self, children: impl IntoIterator<Item = Self>) -> Self {
        children.into_iter().fold(self, Self::child)
    }
}

/// The element as it is written.
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, attributes, content } = self;
        write!(f, "<{name}{attributes}>{content}")?;
        if VOID.contains(name) { Ok(()) } else { write!(f, "</{name}>") }
    }
}

/// A text in which nothing has a meaning to a browser, be it between tags or in an attribute's quotes.
fn escaped(text: &impl MayBeShown) -> Cow<'_, str> {
    escape(text.shown())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::text::Shown;

    #[test]
    fn no_text_is_markup_in_an_element_or_in_an_attribute() {
        let rows = [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("\" onclick=\"go()", "&quot; onclick=&quot;go()"),
            ("' onclick='go()", "&apos; onclick=&apos;go()"),
            ("a > b && c", "a &gt; b &amp;&amp; c"),
            ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
            ("--> ]]>", "--&gt; ]]&gt;"),
            ("a word, ✓", "a word, ✓"),
        ];
        for (said, written) in rows {
            let both = element("p").attribute("title", said).text(Shown::from(said));
            assert_eq!(both.to_string(), format!("<p title=\"{written}\">{written}</p>"));
        }
    }

    #[test]
    fn an_element_is_written_with_its_attributes_and_all_that_is_in_it() {
        let rows = [
            (element("p"), "<p></p>"),
            (element("br"), "<br>"),
            (element("meta").attribute("charset", "utf-8"), "<meta charset=\"utf-8\">"),
            (element("p").class("a b").text(1_u16).text(" "), "<p class=\"a b\">1 </p>"),
            (element("line").attributes([("x", 1_u64), ("y", 2)]), "<line x=\"1\" y=\"2\"></line>"),
            (element("details").flag("open", true), "<details open></details>"),
            (element("details").flag("open", false), "<details></details>"),
            (element("p").text("a ").child(element("b").text("c")).text("."), "<p>a <b>c</b>.</p>"),
            (element("p").child(None), "<p></p>"),
            (element("ul").children([element("li"), element("li")]), "<ul><li></li><li></li></ul>"),
        ];
        for (element, written) in rows {
            assert_eq!(element.to_string(), written);
        }
        assert_eq!(document(&element("html")), "<!DOCTYPE html><html></html>");
    }

    #[test]
    fn the_style_does_not_end_its_element() {
        assert_eq!(style().to_string().matches("</").count(), 1);
    }
}
