//! What cannot tell an error from others.

use super::PLAIN;

/// A contract's envelopes, its scenario, and the begin of the faults that this is. The second of two scenarios is unprovoked.
pub(super) const FAULTS: &[(&str, &[&str], &[&str])] = &[
    (
        "[envelope]\nschema = \"any.json\"\nmessage = \"/message\"\n",
        &["code = \"bad\"\nstatus = 400"],
        &["a code, and no place for one"],
    ),
    (
        "[envelope]\nschema = \"any.json\"\ncode = \"/code\"\n",
        &["name = \"bad\"\nstatus = 400\nmessage = { is = \"x\" }"],
        &["a message, and no place for one"],
    ),
    (
        PLAIN,
        &["name = \"bad\"\nstatus = 400\nmessage = { is = \"(\" }"],
        &["not a regular expression"],
    ),
    (
        PLAIN,
        &["name = \"bad\"\nstatus = 400", "name = \"other\"\nstatus = 400"],
        &["nothing tells `bad` from `other` in scenarios/1.toml"],
    ),
    (
        PLAIN,
        &[
            "name = \"bad\"\ncode = \"x\"\nstatus = [400, 401]",
            "name = \"other\"\ncode = \"x\"\nstatus = [401, 402]",
        ],
        &["nothing tells `bad` from `other`"],
    ),
    (
        "[envelope]\nschema = \"any.json\"\n[envelopes.one]\nform = \"xml\"\n[envelopes.two]\nform = \"xml\"\n",
        &[
            "name = \"bad\"\nstatus = 400\nenvelope = \"one\"",
            "name = \"other\"\nstatus = 400\nenvelope = \"two\"",
        ],
        &["nothing tells `bad` from `other`"],
    ),
    (PLAIN, &["status = 400"], &["missing key `code`"]),
    (PLAIN, &["code = \"bad\"\nstatus = \"6xx\""], &["wrong value for `status`"]),
    (PLAIN, &["code = \"bad\"\nstatus = true"], &["wrong value for `status`"]),
    (PLAIN, &["code = 1.5\nstatus = 400"], &["wrong value for `code`"]),
    (PLAIN, &["code = \"bad\"\nstatus = [400, 302]"], &["not the status of an error"]),
    (PLAIN, &["name = \"baad\"\nstatus = 400"], &["unknown name `baad`"]),
    (
        "[envelope]\nschema = \"any.json\"\nsuccess-statuses = true\ncode = \"/code\"\n",
        &["name = \"bad\"\nstatus = [200, 400]"],
        &["nothing tells this error from a success"],
    ),
    (
        "[envelope]\nschema = \"any.json\"\ncode = \"/code\"\n[envelopes.router]\nform = \"text\"\n",
        &["code = \"bad\"\nstatus = 400\nenvelope = \"roter\""],
        &["unknown envelope `roter`"],
    ),
    (
        "[envelope]\nschema = \"any.json\"\ncode = \"/errors/*/code\"\nmessage = \"/messages/*\"\n",
        &["code = \"bad\"\nstatus = 400"],
        &["`*` stands for the entries of two lists"],
    ),
    (
        "[envelope]\nschema = \"any.json\"\ncode = \"body\"\nmessage = \"/a/*/b/*\"\n",
        &["code = \"bad\"\nstatus = 400"],
        &["not a place in such a body", "not a place in a response"],
    ),
    (
        "[envelope]\nform = \"text\"\nschema = \"any.json\"\ncode = \"/code\"\n",
        &["code = \"bad\"\nstatus = 400"],
        &["a schema of what is not JSON", "not a place in such a body"],
    ),
    (
        "[envelope]\ncode = \"/code\"\n",
        &["code = \"bad\"\nstatus = 400"],
        &["an envelope without a schema"],
    ),
    (
        PLAIN,
        &["code = \"bad\"\nstatus = 400\ndocs = \"https://example.com/\""],
        &["a docs link without a place"],
    ),
    (
        PLAIN,
        &["code = \"bad\"\nstatus = 400\nheaders = { \"a b\" = \"x\", Allow = \"(\" }"],
        &["not a regular expression", "not a header's name"],
    ),
    (
        PLAIN,
        &["code = \"bad\"\nstatus = 400\nunprovoked = \"why\""],
        &["`cases` in a scenario that nobody can provoke"],
    ),
];
