//! XML read as a value, so that places in it are written as places in JSON are.

use roxmltree::{Document, Node};
use serde_json::{Map, Value};

/// An XML document as a value: an object with its root's name. An element with neither attributes nor children is its text;
/// any other an object with each attribute as `@name`, each child by its name, several of one name as a list, and its text as
/// `#text`. Namespaces are left out, since places name what people read.
///
/// # Errors
/// Why it is no XML, as a sentence.
pub(super) fn read(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("not UTF-8: {error}"))?;
    // A byte order mark may stand before XML (section 4.3.3 of the standard), and is no part of it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if attributes(text) > MOST_ATTRIBUTES {
        let most = MOST_ATTRIBUTES;
        return Err(format!("more than {most} attributes in one element; errproof reads no more"));
    }
    let document = Document::parse(text).map_err(|error| format!("not valid XML: {error}"))?;
    let root = document.root_element();
    let name = root.tag_name().name().to_owned();
    Ok(Value::Object(Map::from_iter([(name, value(root, DEEPEST))])))
}

/// The parser compares each attribute of an element with each other one: 80,000 of them take half a minute.
const MOST_ATTRIBUTES: usize = 1_000;

/// How many attributes the element has that has most of them; in what is no XML any number that is not less.
fn attributes(text: &str) -> usize {
    let (mut most, mut rest) = (0, text);
    while let Some((_, from)) = rest.split_once('<') {
        let special = [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>")];
        if let Some((_, end)) = special.iter().find(|(begin, _)| from.starts_with(begin)) {
            rest = from.split_once(end).map_or("", |(_, behind)| behind);
            continue;
        }
        let (mut quote, mut count) = (None, 0);
        let end = from.find(|c| {
            match (quote, c) {
                (Some(begun), c) if c == begun => quote = None,
                (None, '"' | '\'') => quote = Some(c),
                (None, '=') => count += 1,
                _ => {}
            }
            quote.is_none() && c == '>'
        });
        most = most.max(count);
        rest = end.map_or("", |end| &from[end..]);
    }
    most
}

/// So many levels are read, as many as of JSON. What is nested deeper is null.
const DEEPEST: usize = super::json::DEEPEST;

fn value(element: Node<'_, '_>, left: usize) -> Value {
    let Some(left) = left.checked_sub(1) else { return Value::Null };
    let text: String =
        element.children().filter_map(|child| child.text().filter(|_| child.is_text())).collect();
    let mut fields = Map::new();
    for attribute in element.attributes() {
        fields.insert(format!("@{}", attribute.name()), attribute.value().into());
    }
    for child in element.children().filter(Node::is_element) {
        let new = value(child, left);
        match fields.entry(child.tag_name().name()) {
            serde_json::map::Entry::Vacant(entry) => {
                entry.insert(new);
            }
            serde_json::map::Entry::Occupied(mut entry) => match entry.get_mut() {
                Value::Array(list) => list.push(new),
                first => *first = Value::Array(vec![first.take(), new]),
            },
        }
    }
    if fields.is_empty() {
        return text.into();
    }
    if !text.trim().is_empty() {
        fields.insert("#text".to_owned(), text.into());
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn xml_is_read_so_that_a_pointer_leads_into_it() {
        let rows = [
            (
                "<Error><Code>NoSuchKey</Code><Message/></Error>",
                json!({"Error": {"Code": "NoSuchKey", "Message": ""}}),
            ),
            (
                "<?xml version=\"1.0\"?>\n<E xmlns=\"https://example.com/\" id=\"7\">\n <C>a&amp;b</C> <C><![CDATA[<c>]]></C>\n</E>\n",
                json!({"E": {"@id": "7", "C": ["a&b", "<c>"]}}),
            ),
            ("<a>text</a>", json!({"a": "text"})),
            ("<a b=\"1\">text</a>", json!({"a": {"@b": "1", "#text": "text"}})),
        ];
        for (text, expected) in rows {
            assert_eq!(read(text.as_bytes()), Ok(expected), "{text}");
        }
        for text in
            ["", "<a>", "<a></b>", "{}", "<a/><b/>", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"]
        {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        // A text is no attribute, and each element has its own.
        let many = |text: &str, times: usize| text.repeat(times);
        let rows = [
            (
                format!(
                    "<a {}/>",
                    (0..1_001).map(|at| format!("b{at} = ''")).collect::<Vec<_>>().join(" ")
                ),
                false,
            ),
            (
                format!(
                    "<a><![CDATA[{}]]>{}</a>",
                    many("a=\"b\"", 2_000),
                    many("<b c=''/>", 2_000)
                ),
                true,
            ),
        ];
        for (text, is_read) in rows {
            assert_eq!(read(text.as_bytes()).is_ok(), is_read);
        }
        let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        assert!(read(deep(500).as_bytes()).is_ok());
    }
}
