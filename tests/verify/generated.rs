//! Cases that no file writes out: what they need, what is left out, and that a sample says it is one.

use crate::support::{Contract, command, errproof};

/// What `errproof lint` says of a contract.
fn lint(contract: &Contract) -> (i32, String) {
    let ended = command("lint", &["--contract", contract.folder()], &[]);
    (ended.code, ended.stdout + &ended.stderr)
}

#[test]
fn what_generated_cases_and_orders_lack_is_a_fault_with_its_place() {
    let contract = Contract::copy();
    contract
        .change("contract.toml", "input = \"schemas/tagline.input.schema.json\"\n", "")
        .change("scenarios/400-invalid_input.toml", "\"regen-capped\"]", "\"regen-caped\"]")
        .change(
            "contract.toml",
            "[order]\n",
            "[order]\npromised = [[\"invalid_json\", \"missing_api_key\"], [\"missing_api_key\", \"invalid_json\"], [\"plan_gate\"], [\"plan_gat\", \"regen_limit\"]]\n",
        );
    let (code, said) = lint(&contract);
    assert_eq!(code, 2, "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn a_sample_has_a_bound_and_a_seed_and_says_that_it_is_one() {
    let contract = Contract::copy();
    let of = |more: &str| {
        let copy = Contract::copy();
        copy.change(
            "scenarios/400-invalid_input.toml",
            "generate = true",
            &format!("generate = true\n{more}"),
        );
        let flags = ["--contract", copy.folder(), "--list", "invalid_input::"];
        let ended = errproof(&flags, &[]);
        let names =
            ended.stdout.lines().filter(|line| line.contains("invalid_input::")).map(str::to_owned);
        names.collect::<Vec<_>>()
    };
    let all = of("");
    let (some, again, others) =
        (of("max-cases = 9"), of("max-cases = 9"), of("max-cases = 9\nseed = 7"));
    assert_eq!(some, again);
    assert_ne!(some, others);
    assert_eq!(some.len(), others.len());
    assert!(some.iter().all(|name| all.contains(name)), "{some:?}");
    contract.change(
        "scenarios/400-invalid_input.toml",
        "generate = true",
        "generate = true\nmax-cases = 9",
    );
    let ended = errproof(&["--contract", contract.folder(), "invalid_input::"], &[]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let made = all.len() - (some.len() - 9);
    let said = format!(
        "invalid_input was proven on a sample: 9 of the {made} cases that the input schemas give (`max-cases`)"
    );
    assert!(ended.stdout.contains(&said), "{said}: {}", ended.stdout);
}

#[test]
fn lint_says_what_no_body_breaks_alone_and_why() {
    let contract = Contract::copy();
    let tone = "\"tone\": { \"enum\": [\"plain\", \"playful\", \"bold\", \"formal\"] }";
    let either =
        "\"tone\": { \"oneOf\": [{ \"enum\": [\"plain\", \"playful\", \"bold\", \"formal\"] }] }";
    contract.change("schemas/tagline.input.schema.json", tone, either);
    let (code, said) = lint(&contract);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("no case breaks `/tone:oneOf` of `tagline`"), "{said}");
    assert!(said.contains("it can be broken in more than one way"), "{said}");
}

#[test]
fn of_a_schema_of_a_thousand_constraints_there_is_a_sample() {
    let contract = Contract::copy();
    let fields: Vec<String> = (0..1_000)
        .map(|at| format!("\"field{at}\": {{ \"type\": \"string\", \"maxLength\": {} }}", at + 10))
        .collect();
    let schema = format!(
        "{{ \"type\": \"object\", \"required\": [\"product\"], \"properties\": {{ \"product\": {{ \"type\": \"string\" }}, {} }} }}",
        fields.join(", ")
    );
    std::fs::write(contract.path("schemas/roadmap.input.schema.json"), schema).expect("written");
    let made = || {
        let flags = ["--contract", contract.folder(), "--list", "invalid_input::"];
        let ended = errproof(&flags, &[]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stdout.lines().filter(|line| line.contains("invalid_input::")).count()
    };
    let all = made();
    let most = "generate = true\nmax-cases = 40";
    contract.change("scenarios/400-invalid_input.toml", "generate = true", most);
    assert_eq!(all - made(), 500 - 40);
}
