//! The schemas in `schemas/` are those that errproof makes from its types.

use std::fs;

use errproof::internals::command::format::Format;

#[test]
fn the_committed_schemas_are_those_of_the_formats() {
    let rows = [
        ("contract", Format::Contract),
        ("scenario", Format::Scenario),
        ("target", Format::Target),
        ("report", Format::Report),
    ];
    for (name, format) in rows {
        let path = format!("schemas/{name}.schema.json");
        let committed = fs::read_to_string(&path).unwrap_or_default();
        let made = format.schema();
        assert!(committed == made, "run `cargo run -- schema {name} > {path}`");
    }
}

#[test]
fn every_file_of_the_contract_names_its_schema_for_editors() {
    let mut files = vec![("contract.toml".into(), "schemas/contract.schema.json")];
    for (folder, schema) in [
        ("scenarios", "../schemas/scenario.schema.json"),
        ("targets", "../schemas/target.schema.json"),
    ] {
        let entries = fs::read_dir(folder).expect("a folder of the contract");
        files.extend(entries.map(|entry| (entry.expect("an entry").path(), schema)));
    }
    for (path, schema) in files {
        let text = fs::read_to_string(&path).expect("a file of the contract");
        assert_eq!(text.lines().next(), Some(&*format!("#:schema {schema}")), "{}", path.display());
    }
}
