//! `report.json`: the results for programs. Its schema is `schemas/report.schema.json`.

use crate::result::results::Results;

/// The results as JSON.
#[must_use]
pub fn render(results: &Results) -> String {
    let text = serde_json::to_string_pretty(results);
    text.expect("names and plain values can be written as JSON") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::example;

    #[test]
    fn programs_get_all_that_is_known_of_a_run() {
        insta::assert_snapshot!(render(&example::results()));
    }

    #[test]
    fn whatever_a_run_comes_to_keeps_the_published_schema() {
        let schema = include_str!("../../schemas/report.schema.json");
        let schema = serde_json::from_str(schema).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let report = serde_json::from_str(&render(&example::results())).expect("JSON");
        let errors: Vec<_> =
            validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}
