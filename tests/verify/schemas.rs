//! Every file of the contract names its schema. That the schemas are those of the types is held by
//! `examples/schemas.rs`.

use std::fs;

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
