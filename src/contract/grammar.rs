//! `[grammar]`: texts that are not JSON, one of each kind of thing that RFC 8259 refuses, and beside each the nearest text
//! that it allows.

use super::seeded::Seeded;

/// A text that is not JSON, and one next to it that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotJson {
    /// What is wrong, or which of the sample it is. It never changes.
    pub id: String,
    /// The text.
    pub broken: String,
    /// The same without the fault, or with something rare in its place. It is no right input for a tool.
    pub kept: String,
}

/// One of each kind.
///
/// ```
/// use errproof::internals::contract::grammar;
///
/// assert!(grammar::kinds().any(|kind| kind.id == "leading-zero" && kind.broken.contains("03")));
/// ```
pub fn kinds() -> impl Iterator<Item = NotJson> {
    KINDS.iter().chain(ENDS).map(|(id, broken, kept)| NotJson {
        id: (*id).to_owned(),
        broken: (*broken).to_owned(),
        kept: (*kept).to_owned(),
    })
}

/// So many more: kinds drawn by a seed, each somewhere in another text.
#[must_use]
pub fn sample(count: usize, seed: u64) -> Vec<NotJson> {
    let mut drawn = Seeded::new(seed);
    let one = |number: usize| {
        let (kind, broken, kept) = drawn.one_of(KINDS);
        let (before, behind) = around(&mut drawn);
        NotJson {
            id: format!("sample-{}-{kind}", number + 1),
            broken: format!("{before}{broken}{behind}"),
            kept: format!("{before}{kept}{behind}"),
        }
    };
    (0..count).map(one).collect()
}

/// The begin and the end of a text around a place for a value.
fn around(drawn: &mut Seeded) -> (String, String) {
    const BEGINS: [(&str, &str); 6] = [
        ("{\"errproof\":", "}"),
        ("[", "]"),
        ("{\"a\": {\"b\": [1, -2.5e3], \"c\": ", "}}"),
        ("[\n\ttrue,\n\t", ",\n\tnull\n]"),
        ("{\"\\u00fc\":\"\\\"\",\"list\":[", ",false]}"),
        ("[[[", "]]]"),
    ];
    let mut text = (String::new(), String::new());
    for _ in 0..=drawn.below(3) {
        let (before, behind) = drawn.one_of(&BEGINS);
        text.0.push_str(before);
        text.1.insert_str(0, behind);
    }
    text
}

/// The kinds, by what the grammar of RFC 8259 (<https://www.rfc-editor.org/rfc/rfc8259>) is made of: what is wrong, a text
/// with that alone, and the nearest text without it. Of texts on which parsers may differ there is none
/// (<https://github.com/nst/JSONTestSuite> calls those implementation-defined): bytes that are not UTF-8, a byte order mark,
/// half of a surrogate pair, numbers out of range, thousands of levels, a name twice.
const KINDS: &[(&str, &str, &str)] = &[
    // Section 2: the text is one value.
    ("bare-word", "errproof", "\"errproof\""),
    ("two-documents", r#"{"errproof":1}{"errproof":2}"#, r#"[{"errproof":1},{"errproof":2}]"#),
    ("text-behind", r#"{"errproof":1} and more"#, "{\"errproof\":1} \r\n\t "),
    ("comma-behind", r#"{"errproof":1},"#, "\r\n\t {\"errproof\":\",\"}"),
    ("brace-too-many", r#"{"errproof":1}}"#, r#"{"errproof":{}}"#),
    // With those around it in a sample 32 levels: ASP.NET takes no more, and no parser fewer.
    (
        "bracket-too-many",
        r#"{"errproof":[1]]}"#,
        r#"{"errproof":[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]}"#,
    ),
    ("brackets-crossed", r#"{"errproof":[1}"#, r#"{"errproof":[1]}"#),
    ("truncated-in-object", r#"{"errproof":1,"b":2"#, r#"{"errproof":1,"b":2}"#),
    ("truncated-in-array", r#"{"errproof":[1,2"#, r#"{"errproof":[1,2]}"#),
    ("truncated-in-string", r#"{"errproof":"errpr"#, r#"{"errproof":"errpr"}"#),
    ("truncated-in-escape", r#"{"errproof":"\"#, r#"{"errproof":"\\"}"#),
    ("truncated-after-colon", r#"{"errproof":"#, r#"{"errproof":""}"#),
    ("truncated-after-comma", r#"{"errproof":1,"#, r#"{"errproof":[{},[]]}"#),
    ("truncated-in-literal", r#"{"errproof":tru"#, r#"{"errproof":true}"#),
    // White space is a space, a tab, a line feed and a carriage return.
    ("form-feed-between", "{\u{c}\"errproof\":1}", "{ \t\r\n\"errproof\" \t\r\n: \t\r\n1 \t\r\n}"),
    ("vertical-tab-between", "{\u{b}\"errproof\":1}", "{\t\"errproof\":\t1}"),
    ("no-break-space-between", "{\u{a0}\"errproof\":1}", "{\"\u{a0}\":\"\u{a0}\"}"),
    ("line-separator-between", "{\u{2028}\"errproof\":1}", "{\"\u{2028}\":\"\u{2029}\"}"),
    ("mark-inside", "{\u{feff}\"errproof\":1}", "{\"\u{feff}\":1}"),
    ("comment", r#"{"errproof":1/* the name */}"#, r#"{"errproof":"/* the name */"}"#),
    ("hash-comment", r#"{"errproof":1} # a comment"#, r##"{"errproof":"# no comment"}"##),
    ("hash-comment-line", "{\n# the name\n\"errproof\":1}", "{\n\n\"#\":1}"),
    ("slash-comment-line", "{\n// the name\n\"errproof\":1}", "{\n\n\"//\":\"\\/\\/\"}"),
    // Section 3: three literals, in small letters.
    (
        "literals-of-another-language",
        r#"{"errproof":None,"b":True}"#,
        r#"{"errproof":null,"b":true}"#,
    ),
    ("literal-in-capitals", r#"{"errproof":TRUE}"#, r#"{"errproof":"TRUE"}"#),
    ("literal-with-a-capital", r#"{"errproof":Null}"#, r#"{"Null":null,"False":false}"#),
    ("literal-cut", r#"{"errproof":fals}"#, r#"{"errproof":false}"#),
    ("literal-unknown", r#"{"errproof":undefined}"#, r#"{"undefined":"undefined"}"#),
    // Section 4: objects.
    ("trailing-comma-in-object", r#"{"errproof":1,}"#, r#"{"errproof":1,"":2}"#),
    ("leading-comma-in-object", r#"{,"errproof":1}"#, r#"{"":{},"errproof":1}"#),
    ("two-commas-in-object", r#"{"errproof":1,,"b":2}"#, r#"{"errproof":1,",":2}"#),
    ("comma-alone-in-object", "{,}", "{ }"),
    ("missing-comma", r#"{"errproof":"a" "b":"c"}"#, r#"{"errproof":"a","b":"c"}"#),
    ("missing-colon", r#"{"errproof" "a"}"#, r#"{"errproof" : "a"}"#),
    ("two-colons", r#"{"errproof"::1}"#, r#"{"errproof":":"}"#),
    ("equals-sign-for-colon", r#"{"errproof"=1}"#, r#"{"errproof=":1}"#),
    ("semicolon-for-comma", r#"{"errproof":1;"b":2}"#, r#"{"errproof":";"}"#),
    ("name-alone", r#"{"errproof"}"#, r#"["errproof"]"#),
    ("missing-value", r#"{"errproof":}"#, r#"{"errproof":{}}"#),
    ("missing-name", r#"{:"errproof"}"#, r#"{"":"errproof"}"#),
    ("unquoted-name", r#"{errproof:"a"}"#, r#"{"__proto__":"a","constructor":{"prototype":{}}}"#),
    ("name-a-number", r#"{1:"errproof"}"#, r#"{"1":"errproof"}"#),
    ("name-a-literal", r#"{null:"errproof"}"#, r#"{"null":"errproof"}"#),
    ("list-in-braces", r#"{"errproof","b"}"#, r#"["errproof","b"]"#),
    // Section 5: arrays.
    ("trailing-comma-in-array", r#"{"errproof":[1,]}"#, r#"{"errproof":[1,2]}"#),
    ("leading-comma-in-array", r#"{"errproof":[,1]}"#, r#"{"errproof":[[],1]}"#),
    ("two-commas", r#"{"errproof":[1,,2]}"#, r#"{"errproof":[1,null,2]}"#),
    ("comma-alone-in-array", r#"{"errproof":[,]}"#, r#"{"errproof":[ ]}"#),
    ("missing-comma-in-array", r#"{"errproof":[1 2]}"#, r#"{"errproof":[1 , 2]}"#),
    ("colon-in-array", r#"["errproof":1]"#, r#"["errproof:1"]"#),
    ("parentheses-for-brackets", r#"{"errproof":(1,2)}"#, r#"{"errproof":"(1,2)"}"#),
    // Section 6: numbers.
    ("leading-zero", r#"{"errproof":03}"#, r#"{"errproof":0.3}"#),
    ("leading-zero-after-minus", r#"{"errproof":-03}"#, r#"{"errproof":-0}"#),
    ("plus-sign", r#"{"errproof":+3}"#, r#"{"errproof":-3}"#),
    ("minus-alone", r#"{"errproof":-}"#, r#"{"errproof":"-"}"#),
    ("minus-apart", r#"{"errproof":- 3}"#, r#"{"errproof":-3.0}"#),
    ("dot-without-a-fraction", r#"{"errproof":3.}"#, r#"{"errproof":3.0}"#),
    ("dot-without-a-number", r#"{"errproof":.3}"#, r#"{"errproof":0.30}"#),
    ("two-dots", r#"{"errproof":3.1.4}"#, r#"{"errproof":3.14}"#),
    ("exponent-without-a-number", r#"{"errproof":3e}"#, r#"{"errproof":3e0}"#),
    ("exponent-of-a-sign", r#"{"errproof":3e+}"#, r#"{"errproof":3E+2}"#),
    ("exponent-of-a-fraction", r#"{"errproof":3e1.5}"#, r#"{"errproof":31.5e-1}"#),
    ("hexadecimal-number", r#"{"errproof":0x3}"#, r#"{"errproof":"0x3"}"#),
    ("octal-number", r#"{"errproof":0o7}"#, r#"{"errproof":0e7}"#),
    ("number-with-an-underscore", r#"{"errproof":1_000}"#, r#"{"errproof":1000}"#),
    ("number-with-a-letter", r#"{"errproof":3n}"#, r#"{"errproof":9007199254740993}"#),
    ("number-of-another-script", "{\"errproof\":\u{663}}", "{\"errproof\":\"\u{663}\"}"),
    ("nan", r#"{"errproof":NaN}"#, r#"{"NaN":"NaN"}"#),
    ("infinity", r#"{"errproof":-Infinity}"#, r#"{"Infinity":"-Infinity"}"#),
    ("infinity-without-a-sign", r#"{"errproof":Infinity}"#, r#"{"errproof":-1.5e-7}"#),
    // Section 7: strings.
    ("single-quotes", "{'errproof':'a'}", r#"{"errproof":"'a'"}"#),
    ("single-quotes-around-a-value", r#"{"errproof":'a'}"#, r#"{"'errproof'":"a"}"#),
    ("backquotes", r#"{"errproof":`a`}"#, r#"{"errproof":"`a`"}"#),
    ("curly-quotes", "{\u{201c}errproof\u{201d}:1}", "{\"\u{201c}errproof\u{201d}\":1}"),
    ("control-character", "{\"errproof\":\"a\u{1}b\"}", "{\"errproof\":\"a\\u0001b\u{7f}\"}"),
    ("nul-in-string", "{\"errproof\":\"a\0b\"}", "{\"errproof\":\"\u{80}\u{fffd}\u{1f4a5}\"}"),
    ("tab-in-string", "{\"errproof\":\"a\tb\"}", r#"{"errproof":"a\tb"}"#),
    ("line-break-in-string", "{\"errproof\":\"a\nb\"}", r#"{"errproof":"a\nb\r\f\b"}"#),
    ("bad-escape", r#"{"errproof":"a\qb"}"#, r#"{"errproof":"a\\qb"}"#),
    ("escaped-single-quote", r#"{"errproof":"a\'b"}"#, r#"{"errproof":"a\"b"}"#),
    ("hexadecimal-escape", r#"{"errproof":"\x41"}"#, r#"{"errproof":"\u0041"}"#),
    ("half-unicode-escape", r#"{"errproof":"\u00g1"}"#, r#"{"errproof":"\u00e9\uABCD"}"#),
    ("short-unicode-escape", r#"{"errproof":"\u00"}"#, r#"{"errproof":"\ud83d\udca5"}"#),
    ("unicode-escape-in-braces", r#"{"errproof":"\u{41}"}"#, r#"{"errproof":"\/\u002f"}"#),
    ("strings-joined", r#"{"errproof":"a"+"b"}"#, r#"{"errproof":"a+b"}"#),
];

/// White space of other grammars at an end of the text, where a server may trim it before it parses. Inside another text
/// they would be something else, so they are in no sample.
const ENDS: &[(&str, &str, &str)] = &[
    ("no-break-space-before", "\u{a0}{\"errproof\":1}", "\t\r\n {\"errproof\":\"\u{a0}\"}"),
    ("ideographic-space-behind", "{\"errproof\":1}\u{3000}", "{\"errproof\":\"\u{3000}\"}\t\r\n "),
    ("form-feed-before", "\u{c}{\"errproof\":1}", "\n\n{\"errproof\":\"\\f\"}"),
    ("vertical-tab-behind", "{\"errproof\":1}\u{b}", "{\"errproof\":\"\\u000b\"}\t\t"),
    ("file-separator-behind", "{\"errproof\":1}\u{1c}", "{\"errproof\":\"\\u001c\"}\r\r"),
    ("nul-behind", "{\"errproof\":1}\0", "{\"errproof\":\"\\u0000\"}"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_not_json_is_refused_by_a_strict_parser_and_what_is_next_to_it_is_taken() {
        let sampled: Vec<_> = (0..20).flat_map(|seed| sample(50, seed)).collect();
        for NotJson { id, broken, kept } in kinds().chain(sampled) {
            let parsed = |text: &str| serde_json::from_str::<Value>(text);
            assert!(parsed(&broken).is_err(), "{id}: {broken}");
            assert!(parsed(&kept).is_ok(), "{id}: {kept}");
            // One that is taken by a lenient server is no input for which it would do something.
            assert!(!kept.contains("product"), "{id}");
        }
    }

    #[test]
    fn kinds_have_ids_of_their_own_and_a_sample_is_always_the_same() {
        let ids: BTreeSet<_> = kinds().map(|kind| kind.id).collect();
        assert_eq!(ids.len(), KINDS.len() + ENDS.len());
        assert_eq!(sample(9, 1), sample(12, 1)[..9]);
        assert_ne!(sample(9, 1)[0].broken, sample(9, 2)[0].broken);
    }
}
