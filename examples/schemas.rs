//! Holds the JSON Schemas in `schemas/` to the types that they are made from; with `--write` it makes
//! them anew. Run it whenever a format changes:
//!
//! ```sh
//! cargo run --features schemas --example schemas -- --write
//! ```

use std::{fs, path::Path};

use errproof::internals::command::format::Format;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let write = std::env::args().any(|flag| flag == "--write");
    for (name, format) in [
        ("contract", Format::Contract),
        ("scenario", Format::Scenario),
        ("any-error", Format::AnyError),
        ("target", Format::Target),
        ("report", Format::Report),
    ] {
        let path = folder.join(format!("{name}.schema.json"));
        let made = format.made();
        if write {
            fs::write(&path, made).expect("the schema can be written");
        } else {
            let committed = fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == made, "{name} has changed: run this with --write");
        }
    }
}
