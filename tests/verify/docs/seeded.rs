//! What is wrong with a page, how that is seeded into each of its forms, and which trials see it.

/// What is put in the place of what. The first that a form has is used.
pub(super) type Edits = &'static [(&'static str, &'static str)];

/// What is wrong, how it is seeded, and the trials that see it. The edits are those of HTML,
/// Markdown and text; where there are none the form cannot have it.
pub(super) const SEEDED: [(&str, [Edits; 3], &[&str]); 28] = [
    (
        "a code is missing",
        [
            &[(
                "<tr><td><code>revoked_api_key</code></td><td>The key is gone, and stays so.</td></tr>",
                "",
            )],
            &[("| `revoked_api_key` | The key is gone, and stays so. |\n", "")],
            &[("revoked_api_key | The key is gone, and stays so. |\n", "")],
        ],
        &["docs::revoked_api_key"],
    ),
    (
        "a status in a row is another",
        [&[("<td>502</td>", "<td>503</td>")], &[("| 502 |", "| 503 |")], &[("| 502 |", "| 503 |")]],
        &["docs::generation_failed"],
    ),
    (
        "a status in a heading is another",
        [
            &[("Not found (404)", "Not found (410)")],
            &[("Not found (404)", "Not found (410)")],
            &[("Not found (404)", "Not found (410)")],
        ],
        &["docs::workspace_not_found"],
    ),
    (
        "a code that the contract lacks",
        [
            &[(
                "</table>\n<h2>Input",
                "<tr><td>expired_api_key</td><td>Too old.</td></tr></table>\n<h2>Input",
            )],
            &[("stays so. |\n", "stays so. |\n| `expired_api_key` | Too old. |\n")],
            &[("stays so. |\n", "stays so. |\nexpired_api_key | Too old. |\n")],
        ],
        &["docs::no_unknown_codes"],
    ),
    (
        "another limit",
        [
            &[("<b>60</b> requests/min", "<b>100</b> requests/min")],
            &[("60 requests per minute", "100 requests per minute")],
            &[("60 req/min", "100 req/min")],
        ],
        &["docs::limits"],
    ),
    (
        "another window",
        [&[("requests/min", "requests/h")], &[("per minute", "per hour")], &[("req/min", "req/h")]],
        &["docs::limits"],
    ),
    (
        "no limit",
        [
            &[("<b>60</b> requests/min", "so many requests")],
            &[("60 requests per minute", "so many requests")],
            &[("60 req/min", "so many requests")],
        ],
        &["docs::limits"],
    ),
    (
        "two limits",
        [
            &[("<p>An error", "<p>A key has 100 requests a minute.<p>An error")],
            &[("An error is", "A key has 100 requests a minute.\n\nAn error is")],
            &[("An error is", "A key has 100 requests a minute.\nAn error is")],
        ],
        &["docs::limits"],
    ),
    (
        "another range of time",
        [
            &[("90s&ndash;5min", "30s&ndash;5min")],
            &[("90 s to 5 min", "90 s to 10 min")],
            &[("90s-5min", "90s-5h")],
        ],
        &["docs::limits"],
    ),
    (
        "no range of time",
        [
            &[("90s&ndash;5min", "a while")],
            &[("90 s to 5 min", "a while")],
            &[("90s-5min", "a while")],
        ],
        &["docs::limits"],
    ),
    (
        "an example without a request id",
        [
            &[(",\n    \"requestId\": \"5f0c77&hellip;\"", "")],
            &[(",\n    \"requestId\": \"5f0c77…\"", "")],
            &[(",\n\"requestId\": \"5f0c77…\"", "")],
        ],
        &["docs::envelope"],
    ),
    (
        "an example with another link",
        [
            &[("planmysaas.com/docs/api/errors", "planmysaas.com/docs/errors")],
            &[("planmysaas.com/docs/api/errors", "planmysaas.com/docs/errors")],
            &[("planmysaas.com/docs/api/errors", "planmysaas.com/docs/errors")],
        ],
        &["docs::envelope"],
    ),
    (
        "an example that is no JSON",
        [
            &[("\"insufficient_credits\",", "\"insufficient_credits\"")],
            &[("\"insufficient_credits\",", "\"insufficient_credits\"")],
            &[("\"insufficient_credits\",", "\"insufficient_credits\"")],
        ],
        &["docs::envelope"],
    ),
    (
        "an example with a text that does not end",
        [
            &[("\"insufficient_credits\",", "\"insufficient_credits,")],
            &[("\"insufficient_credits\",", "\"insufficient_credits,")],
            &[("\"insufficient_credits\",", "\"insufficient_credits,")],
        ],
        &["docs::envelope"],
    ),
    (
        "an example that does not end",
        [&[("  }\n}</code>", "  }</code>")], &[("  }\n}\n```", "  }\n```")], &[("} }\n", "}\n")]],
        &["docs::envelope"],
    ),
    (
        "an example with another code",
        [
            &[("\"code\": \"insufficient_credits\"", "\"code\": \"no_credits\"")],
            &[("\"code\": \"insufficient_credits\"", "\"code\": \"no_credits\"")],
            &[("\"code\": \"insufficient_credits\"", "\"code\": \"no_credits\"")],
        ],
        &["docs::envelope"],
    ),
    (
        "an example whose message has not the numbers",
        [
            &[("costs 150 credits, and the workspace has 40", "costs too much")],
            &[("costs 150 credits, and the workspace has 40", "costs too much")],
            &[("costs 150 credits, and the workspace has 40", "costs too much")],
        ],
        &["docs::envelope"],
    ),
    (
        "no example",
        [
            &[("{\n  <span class=\"k\">\"error\"</span>: {", "HTTP/1.1 402: {")],
            &[("{\n  \"error\": {", "HTTP/1.1 402: {")],
            &[("{ \"error\": {\n\"code\"", "\"code\"")],
        ],
        &["docs::envelope"],
    ),
    (
        "a code in two rows",
        [
            &[(
                "<tr><td><code>invalid_json</code>",
                "<tr><td>invalid_json<td>Twice.<tr><td><code>invalid_json</code>",
            )],
            &[("| `invalid_json` |", "| `invalid_json` | Twice. |\n| `invalid_json` |")],
            &[("invalid_json |", "invalid_json | Twice. |\ninvalid_json |")],
        ],
        &["docs::invalid_json"],
    ),
    (
        "a code in another case",
        [
            &[("<code>invalid_input</code>", "<code>INVALID_INPUT</code>")],
            &[("`invalid_input`", "`INVALID_INPUT`")],
            &[("invalid_input |", "INVALID_INPUT |")],
        ],
        &["docs::invalid_input", "docs::no_unknown_codes"],
    ),
    (
        "a code with a character that nobody sees",
        [
            &[("<code>invalid_input</code>", "<code>invalid_&#8203;input</code>")],
            &[("`invalid_input`", "`invalid_\u{200b}input`")],
            &[("invalid_input |", "invalid_\u{200b}input |")],
        ],
        &["docs::invalid_input", "docs::no_unknown_codes"],
    ),
    (
        "no status anywhere",
        [
            &[("Rate limits (429)", "Rate limits")],
            &[("Rate limits (429)", "Rate limits")],
            &[("Rate limits (429)", "Rate limits")],
        ],
        &["docs::rate_limited"],
    ),
    (
        "two statuses in the heading and none in the row",
        [&[("<td>504</td>", "<td></td>")], &[("| 504 |", "| |")], &[("| 504 |", "| |")]],
        &["docs::generation_timeout"],
    ),
    (
        "two statuses in the row",
        [
            &[("<td>402</td>", "<td>402 or 403</td>")],
            &[("| 402 |", "| 402 or 403 |")],
            &[("| 402 |", "| 402 or 403 |")],
        ],
        &["docs::insufficient_credits"],
    ),
    (
        "a code under a heading with another status",
        [
            &[
                (
                    "<tr><th>Code<th>Meaning\n",
                    "<tr><th>Code<th>Meaning\n<tr><td>revoked_api_key<td>Gone.\n",
                ),
                (
                    "<tr><td><code>revoked_api_key</code></td><td>The key is gone, and stays so.</td></tr>",
                    "",
                ),
            ],
            &[
                ("| `invalid_json` |", "| `revoked_api_key` | Gone. |\n| `invalid_json` |"),
                ("| `revoked_api_key` | The key is gone, and stays so. |\n", ""),
            ],
            &[
                ("invalid_json |", "revoked_api_key | Gone. |\ninvalid_json |"),
                ("revoked_api_key | The key is gone, and stays so. |\n", ""),
            ],
        ],
        &["docs::revoked_api_key"],
    ),
    (
        "a code under a wrong heading, with its status",
        [
            &[
                ("<td>502</td><td>The", "<td>502</td><td>The"),
                (
                    "<tr><td><code>plan_gate</code></td><td rowspan=\"2\">403</td><td>Another plan has this tool.</td></tr>\n  <tr><td><code>regen_limit</code></td><td>This",
                    "<tr><td><code>regen_limit</code></td><td>403</td><td>This",
                ),
                (
                    "<tr><td><code>generation_failed",
                    "<tr><td>plan_gate</td><td>403</td><td>Moved.</td></tr>\n<tr><td><code>generation_failed",
                ),
            ],
            &[
                ("| `plan_gate` | 403 | Another plan has this tool. |\n", ""),
                (
                    "| `generation_failed` |",
                    "| `plan_gate` | 403 | Moved. |\n| `generation_failed` |",
                ),
            ],
            &[
                ("plan_gate | 403 | Another plan has this tool. |\n", ""),
                ("generation_failed |", "plan_gate | 403 | Moved. |\ngeneration_failed |"),
            ],
        ],
        &["docs::plan_gate"],
    ),
    (
        "a code only in a sentence",
        [
            &[(
                "<tr><td><code>preflight_failed</code></td><td>The balance could not be looked up.</td></tr>\n</table>",
                "</table><p>There is also <code>preflight_failed</code>, with 500.",
            )],
            &[(
                "| `preflight_failed` | The balance could not be looked up. |\n",
                "\nThere is also `preflight_failed`, with 500.\n",
            )],
            &[(
                "preflight_failed | The balance could not be looked up. |\n",
                "There is also preflight_failed, with 500.\n",
            )],
        ],
        &["docs::preflight_failed"],
    ),
    (
        "a table without its header",
        [
            &[("<tr><th>Code<th>Meaning\n", "")],
            &[(
                "## Input validation (400)\n\n| Code | Meaning |",
                "## Input validation (400)\n\n| | |",
            )],
            &[("Input validation (400)\n| Code | Meaning |\n|---|\n", "Input validation (400)\n")],
        ],
        &["docs::invalid_input", "docs::invalid_json"],
    ),
];
