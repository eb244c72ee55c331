//! Which bodies a schema gives.

use serde_json::json;

use super::*;

/// What is made of a schema, a line for each case.
fn lines(schema: &Value, body: &Value) -> String {
    let InputCases { cases, left_out } = of_schema(schema, body);
    let mut lines = String::new();
    for InputCase { id, fields, broken, kept } in cases {
        let sent = made(body, &broken).expect("it was made before");
        let kept = kept.map(|kept| made(body, &kept).expect("it was made before").to_string());
        let kept = kept.map(|kept| format!(", right: {kept}")).unwrap_or_default();
        let _ = writeln!(lines, "{id} [{}] {sent}{kept}", fields.names().join(" "));
    }
    for LeftOut { id, why } in left_out {
        let _ = writeln!(lines, "left out {id}: {why}");
    }
    lines
}

#[test]
fn each_constraint_is_broken_alone_and_what_lies_on_a_bound_is_right() {
    let schema = json!({
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "name": { "type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]*$" },
            "age": { "type": "integer", "minimum": 0, "exclusiveMaximum": 9 },
            "tags": {
                "type": "array", "minItems": 1, "maxItems": 2,
                "items": { "enum": ["a", "b"] }
            },
            "at": { "$ref": "#/$defs/place" },
        },
        "$defs": { "place": { "type": "object", "required": ["zip"], "properties": {
            "zip": { "type": "string", "format": "ipv4" }, "step": { "multipleOf": 0.5 } } } },
    });
    let body = json!({
        "name": "abc", "age": 7, "tags": ["a"], "at": { "zip": "10.0.0.1", "step": 1.5 },
    });
    insta::assert_snapshot!(lines(&schema, &body), @r#"
    body:type-text [] "errproof"
    body:type-number [] 123456789
    body:type-boolean [] true
    body:type-null [] null
    body:type-list [] [{"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}]
    /name:required [name] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"tags":["a"]}
    /age:type-text [age] {"age":"7","at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}, right: {"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}
    /age:type-fraction [age] {"age":2.5,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}
    /age:type-boolean [age] {"age":true,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}
    /age:type-null [age] {"age":null,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}
    /age:type-list [age] {"age":[7],"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}
    /age:type-object [age] {"age":{},"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}
    /age:minimum [age] {"age":-1,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}, right: {"age":0,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}
    /age:exclusiveMaximum [age] {"age":9,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}, right: {"age":8,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}
    /at:type-text [at] {"age":7,"at":"errproof","name":"abc","tags":["a"]}, right: {"age":7,"name":"abc","tags":["a"]}
    /at:type-number [at] {"age":7,"at":123456789,"name":"abc","tags":["a"]}
    /at:type-boolean [at] {"age":7,"at":true,"name":"abc","tags":["a"]}
    /at:type-null [at] {"age":7,"at":null,"name":"abc","tags":["a"]}
    /at:type-list [at] {"age":7,"at":[{"step":1.5,"zip":"10.0.0.1"}],"name":"abc","tags":["a"]}
    /at/zip:required [zip at] {"age":7,"at":{"step":1.5},"name":"abc","tags":["a"]}
    /at/step:multipleOf [step at] {"age":7,"at":{"step":1.75,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}
    /at/zip:type-number [zip at] {"age":7,"at":{"step":1.5,"zip":123456789},"name":"abc","tags":["a"]}
    /at/zip:type-boolean [zip at] {"age":7,"at":{"step":1.5,"zip":true},"name":"abc","tags":["a"]}
    /at/zip:type-null [zip at] {"age":7,"at":{"step":1.5,"zip":null},"name":"abc","tags":["a"]}
    /at/zip:type-list [zip at] {"age":7,"at":{"step":1.5,"zip":["10.0.0.1"]},"name":"abc","tags":["a"]}
    /at/zip:type-object [zip at] {"age":7,"at":{"step":1.5,"zip":{}},"name":"abc","tags":["a"]}
    /at/zip:format [zip at] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1!"},"name":"abc","tags":["a"]}
    /name:type-number [name] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":123456789,"tags":["a"]}
    /name:type-boolean [name] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":true,"tags":["a"]}
    /name:type-null [name] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":null,"tags":["a"]}
    /name:type-list [name] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":["abc"],"tags":["a"]}
    /name:type-object [name] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":{},"tags":["a"]}
    /name:minLength [name] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"a","tags":["a"]}, right: {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"ab","tags":["a"]}
    /name:minLength-letters [name] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"é","tags":["a"]}
    /name:minLength-signs [name] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"&","tags":["a"]}
    /name:maxLength [name] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abcab","tags":["a"]}, right: {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abca","tags":["a"]}
    /name:maxLength-letters [name] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"ééééé","tags":["a"]}
    /name:maxLength-signs [name] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"&&&&&","tags":["a"]}
    /name:pattern [name] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc!","tags":["a"]}
    /tags:type-text [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":"errproof"}, right: {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc"}
    /tags:type-number [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":123456789}
    /tags:type-boolean [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":true}
    /tags:type-null [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":null}
    /tags:type-object [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":{}}
    /tags:minItems [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":[]}, right: {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a"]}
    /tags:maxItems [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a","a","a"]}, right: {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["a","a"]}
    /tags/0:enum-another [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["errproof"]}, right: {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["b"]}
    /tags/0:enum-case [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["A"]}
    /tags/0:enum-longer [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["as"]}
    /tags/0:enum-inherited [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["constructor"]}
    /tags/0:enum-long [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":["x💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥"]}
    /tags/0:enum-number [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":[7]}
    /tags/0:enum-boolean [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":[true]}
    /tags/0:enum-null [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":[null]}
    /tags/0:enum-list [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":[["a"]]}
    /tags/0:enum-object [tags] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"name":"abc","tags":[{}]}
    body:additionalProperties [errproof_unknown] {"age":7,"at":{"step":1.5,"zip":"10.0.0.1"},"errproof_unknown":true,"name":"abc","tags":["a"]}
    body:type-all [age at name tags] {"age":"7","at":"errproof","name":123456789,"tags":"errproof"}
    "#);
}

#[test]
fn what_cannot_be_broken_alone_is_left_out_with_the_reason() {
    let schema = json!({
        "type": "object",
        "properties": {
            "either": { "oneOf": [{ "type": "string" }, { "type": "number" }] },
            "tree": { "$ref": "#/$defs/tree" },
            "any": { "pattern": "" },
            "none": { "items": { "type": "string" }, "minItems": 0, "maxItems": 3 },
            "long": { "maxLength": 9_000_000 },
            "a/b c": { "type": "string" },
        },
        "$defs": { "tree": { "type": "object", "properties": { "left": { "$ref": "#/$defs/tree" } } } },
    });
    let body = json!({
        "either": 1, "tree": { "left": {} }, "any": "x", "none": [], "long": "x", "a/b c": "d",
    });
    let lines = lines(&schema, &body);
    let left_out = |line: &&str| line.starts_with("left out") || line.contains("%20");
    let lines: Vec<_> = lines.lines().filter(left_out).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    /a~1b%20c:type-number [a/b c] {"a/b c":123456789,"any":"x","either":1,"long":"x","none":[],"tree":{"left":{}}}, right: {"any":"x","either":1,"long":"x","none":[],"tree":{"left":{}}}
    /a~1b%20c:type-boolean [a/b c] {"a/b c":true,"any":"x","either":1,"long":"x","none":[],"tree":{"left":{}}}
    /a~1b%20c:type-null [a/b c] {"a/b c":null,"any":"x","either":1,"long":"x","none":[],"tree":{"left":{}}}
    /a~1b%20c:type-list [a/b c] {"a/b c":["d"],"any":"x","either":1,"long":"x","none":[],"tree":{"left":{}}}
    /a~1b%20c:type-object [a/b c] {"a/b c":{},"any":"x","either":1,"long":"x","none":[],"tree":{"left":{}}}
    left out /any:pattern: the schema accepts what was to break it
    left out /either:oneOf: it can be broken in more than one way
    left out /long:maxLength: it is more than 100000
    left out /none:maxItems: the request's body has no entry there
    left out /none:items: the request's body has no entry there
    left out /tree/left:$ref: it leads back to itself
    "#);
}

#[test]
fn an_id_stays_when_another_place_changes() {
    let schema = |other: Value| json!({ "properties": { "a": other, "name": { "type": "string", "maxLength": 3 } } });
    let body = json!({ "a": "x", "name": "abc" });
    let ids = |other| {
        let cases = of_schema(&schema(other), &body).cases;
        let ids = cases.into_iter().map(|case| case.id);
        ids.filter(|id| id.starts_with("/name")).collect::<Vec<_>>()
    };
    let before = ids(json!({ "type": "string" }));
    assert_eq!(before, ids(json!({ "enum": ["x", "y"], "minLength": 1 })));
    assert_eq!(before.len(), 8, "{before:?}");
}
