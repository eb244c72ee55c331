//! The further parts of a slot's credentials: from the variables that the contract names, or a target's file.

use std::collections::BTreeMap;

use reqwest::header::HeaderValue;

use super::{load::Loader, target::Lack, target_file::SlotSource};
use crate::{
    contract::{
        carrier::{BasicPart, PartSource, Parts},
        contract_file::SlotFormat,
        names::PartName,
    },
    shown::secret::Secret,
    source::{document::Way, reader::keys},
};

/// The parts that are set, the variable of each, and those that are not set.
type Found = (Parts, BTreeMap<PartName, String>, Vec<Lack>);

impl Loader<'_> {
    /// The parts beside one key of a slot; none if a variable's name cannot be one.
    pub(super) fn parts(
        &mut self,
        way: Way<'_>,
        source: &SlotSource,
        format: &SlotFormat,
    ) -> Option<Found> {
        let way = [way, &["parts"]].concat();
        for name in source.parts.keys() {
            self.reader.known_entry(&way, "part", name.as_str(), keys(&format.parts));
        }
        let (mut parts, mut lacking) = (Parts::new(), Vec::new());
        let mut variables = format.parts.clone();
        variables.extend(source.parts.clone());
        for (name, env) in &variables {
            let way = [&way[..], &[name.as_str()]].concat();
            if !self.names_variable(&way, env) {
                return None;
            }
            match (self.environment)(env) {
                None => lacking.push(Lack { part: Some(name.clone()), env: env.clone() }),
                Some(value) => {
                    self.check_part(&way, name, env, &value);
                    parts.insert(name.clone(), Secret::new(value));
                }
            }
        }
        Some((parts, variables, lacking))
    }

    fn check_part(&mut self, way: Way<'_>, name: &PartName, env: &str, value: &str) {
        let is_sent = !value.is_empty() && HeaderValue::from_str(value).is_ok();
        if !is_sent || value.trim() != value {
            let label = "expected some text, with no line break in it and no space around it";
            self.reader.add(way, format!("${env} cannot be sent as `{name}`"), label);
        }
        let carriers = &self.contract.key.carriers;
        let mut users = carriers.iter().filter(|it| it.basic == Some(BasicPart::Password));
        let is_one = |other: &Option<PartSource>| matches!(other, Some(PartSource::Part(part)) if part == name);
        // The first colon ends the user (RFC 7617, section 2).
        if value.contains(':') && users.any(|carrier| is_one(&carrier.other)) {
            let title = format!("${env} cannot be the user of HTTP Basic credentials");
            self.reader.add(way, title, "expected no colon in it");
        }
    }
}
