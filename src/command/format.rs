//! The formats of files that people write or read, and their schemas.

use clap::ValueEnum;

#[cfg(feature = "schemas")]
use crate::source::format::schema_of;
use crate::{
    contract::{
        any_error_file::AnyErrorFile, contract_file::ContractFile, scenario_file::ScenarioFile,
    },
    source::format::FileFormat as _,
    targets::target_file::TargetFile,
};

/// A format that has a JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// contract.toml
    Contract,
    /// A file in scenarios/
    Scenario,
    /// any-error.toml
    AnyError,
    /// A file in targets/
    Target,
    /// report.json
    Report,
}

impl Format {
    /// The schema, as it is committed in `schemas/`.
    #[must_use]
    pub fn schema(self) -> &'static str {
        match self {
            Self::Contract => ContractFile::SCHEMA,
            Self::Scenario => ScenarioFile::SCHEMA,
            Self::AnyError => AnyErrorFile::SCHEMA,
            Self::Target => TargetFile::SCHEMA,
            Self::Report => include_str!("../../schemas/report.schema.json"),
        }
    }

    /// The schema, as the types say today.
    #[cfg(feature = "schemas")]
    #[must_use]
    pub fn made(self) -> String {
        let schema = match self {
            Self::Contract => schema_of::<ContractFile>(),
            Self::Scenario => schema_of::<ScenarioFile>(),
            Self::AnyError => schema_of::<AnyErrorFile>(),
            Self::Target => schema_of::<TargetFile>(),
            Self::Report => schema_of::<crate::result::results::Results>(),
        };
        serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n"
    }
}
